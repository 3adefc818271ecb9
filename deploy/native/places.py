"""Where things lie: the project, its state and the user's cache."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"


def state_dir() -> Path:
    """Return the folder of all state: GASWATCH_STATE, else `.gaswatch` in the project."""
    chosen = os.environ.get("GASWATCH_STATE")
    return Path(chosen).resolve() if chosen else PROJECT / ".gaswatch"


def cache_dir() -> Path:
    """Return the folder that clones of this user share: XDG_CACHE_HOME, else ~/.cache, then gaswatch."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gaswatch"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's lock, waiting for whoever holds it; the kernel frees it when its holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
