"""Ports that stay an engine's own, also while it is down."""

import json
import random
import socket
from pathlib import Path

from deploy.native.errors import SetupError

# Below the kernel's ephemeral range, from which an outgoing connection could take the port of an
# engine that is down for a moment.
FIRST, LAST = 15_000, 32_000
HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Return whether a server could listen on the loopback port now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True


def pick(taken: frozenset[int] = frozenset()) -> int:
    """Return a free port that is not in `taken`."""
    chance = random.SystemRandom()
    for _ in range(1000):
        port = chance.randrange(FIRST, LAST)
        if port not in taken and is_free(port):
            return port
    raise SetupError(f"No port of {FIRST} to {LAST} is free on {HOST}: stop some servers of this machine.")


def remembered(file: Path, names: tuple[str, ...]) -> dict[str, int]:
    """Return a port per name, picked once and kept in `file`, so that a restart uses the same ones."""
    kept = json.loads(file.read_text()) if file.exists() else {}
    ports: dict[str, int] = {name: int(port) for name, port in kept.items()}
    missing = [name for name in names if name not in ports]
    for name in missing:
        ports[name] = pick(frozenset(ports.values()))
    if missing:
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_text(json.dumps(ports, indent=2) + "\n")
        new.replace(file)
    return ports


def demand(port: int, engine: str, file: Path) -> None:
    """Raise SetupError when another program listens on the engine's port."""
    if not is_free(port):
        raise SetupError(
            f"Port {port} of {engine} is taken by another program: stop that program,"
            f" or delete {file} to have new ports picked."
        )
