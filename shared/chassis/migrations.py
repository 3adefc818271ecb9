"""Plain SQL migrations, applied by dbmate as one job before a service starts."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

LIMIT_S = 120


class MigrationError(Exception):
    """A migration failed; nothing of it was applied."""


def migrate(owner_dsn: str, directory: Path, schema: str) -> None:
    """Bring `schema` up to date with the files in `directory`; running it again changes nothing."""
    parts = urlsplit(owner_dsn)
    query = dict(parse_qsl(parts.query)) | {"sslmode": "disable", "search_path": f"{schema},gw,public"}
    command = [
        str(Path(sys.prefix) / "bin" / "dbmate"),
        "--migrations-dir",
        str(directory),
        "--migrations-table",
        f"{schema}.schema_migrations",
        "--no-dump-schema",
        "migrate",
    ]
    done = subprocess.run(  # noqa: S603 - a fixed command
        command,
        env={"DATABASE_URL": urlunsplit(parts._replace(scheme="postgres", query=urlencode(query)))},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode:
        raise MigrationError(f"{schema}: {(done.stderr or done.stdout).strip()}")
