"""What the portal is told at start."""

from pathlib import Path

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """The portal's settings; `upstreams` is JSON such as {"registry": "http://127.0.0.1:9001"}."""

    upstreams: dict[str, str]
    public_origin: str
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    audit_key_file: Path
    audit_heads_file: Path
    ui_folder: Path
    tile_url: str = ""
    tiles_gcj02: bool = False
