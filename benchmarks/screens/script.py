"""What measures inside the page."""

from pathlib import Path


def script(name: str) -> str:
    """Return the script `name`.js of this folder."""
    return (Path(__file__).parent / f"{name}.js").read_text()
