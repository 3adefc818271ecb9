"""What the command line can do; a command takes the rest of the line and returns the exit code."""

import signal
from collections.abc import Callable

from deploy.native.daemon import Daemon
from deploy.native.engines import Engines
from deploy.native.places import state_dir
from deploy.native.postgres import STOP_SIGNAL

SIGNALS = {"mosquitto": signal.SIGTERM, "postgres": STOP_SIGNAL, "kafka": signal.SIGTERM}


def engines(_: list[str]) -> int:
    """Start the engines and leave them running."""
    found = Engines.provisioned().start()
    print(f"Mosquitto   {found.mqtt.host}:{found.mqtt.port_tls} (TLS)  pid {found.mqtt.pid}")
    print(f"PostgreSQL  {found.postgres.host}:{found.postgres.port}  pid {found.postgres.pid}")
    print(f"Kafka       {found.kafka.bootstrap}  pid {found.kafka.pid}")
    print(f"addresses   {found.state}/engines.json")
    return 0


def _daemons() -> list[Daemon]:
    state = state_dir()
    return [
        Daemon(name, state / name / f"{name}.pid", state / "logs" / f"{name}.log", number)
        for name, number in SIGNALS.items()
    ]


def stop(_: list[str]) -> int:
    """Stop the engines of the state folder."""
    for daemon in _daemons():
        daemon.stop()
    (state_dir() / "engines.json").unlink(missing_ok=True)
    return 0


def status(_: list[str]) -> int:
    """Say what runs."""
    for daemon in _daemons():
        pid = daemon.pid()
        print(f"{daemon.name:<11} {'down' if pid is None else f'pid {pid}'}")
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {"engines": engines, "stop": stop, "status": status}
