"""What the command line can do; a command takes the rest of the line and returns the exit code."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.native import docker, session
from deploy.native.daemon import Daemon
from deploy.native.engines import EngineAddresses
from deploy.native.errors import SetupError, Terminated
from deploy.native.places import PROJECT, state_dir

CHILD_LIMIT_S = 60.0
PORT_NAMES = {"mosquitto": "mqtt", "postgres": "postgres", "kafka": "kafka"}


def engines(_: list[str]) -> int:
    """Start the engines and leave them running."""
    _tell(docker.engines_of(state_dir(), print).start())
    return 0


def stop(_: list[str]) -> int:
    """Stop whatever runs from this state folder and say what: programs first, then engines, sessions too."""
    state = state_dir()
    stopped = []
    for folder in session.sessions(state):
        owner = Daemon("owner", folder / "owner.pid", state / "logs")
        if owner.pid():
            stopped.append(f"{folder.name} with its engines and services")
        owner.stop(limit_s=CHILD_LIMIT_S)
    session.sweep(state)
    for daemon in session.daemons(state):
        if daemon.pid():
            stopped.append(daemon.name)
        daemon.stop()
    docker.stop(state)
    (state / "engines.json").unlink(missing_ok=True)
    print(f"Stopped: {', '.join(stopped)}." if stopped else f"Nothing was running from {state}.")
    return 0


def status(_: list[str]) -> int:
    """Say what runs where; a folder from which nothing runs is not listed."""
    state = state_dir()
    running = False
    for folder in (state, *session.sessions(state)):
        daemons = session.daemons(folder)
        if not any(daemon.pid() for daemon in daemons):
            continue
        running = True
        print(folder)
        places = _places(folder, state / "run.json")
        for daemon in daemons:
            pid, where = daemon.pid(), places.get(daemon.name, "")
            print(f"  {daemon.name:<12} {f'pid {pid}' if pid else 'down':<12} {where}".rstrip())
    if not running:
        print(f"Nothing runs from {state}.")
    return 0


def _places(folder: Path, run_file: Path) -> dict[str, str]:
    """Return where engines and services of a folder listen; the portal as a person opens it."""
    engines, services = session.ports_of(folder), session.ports_of(folder, "services.json")
    found = {name: f"127.0.0.1:{engines[key]}" for name, key in PORT_NAMES.items() if key in engines}
    found |= {name: f"127.0.0.1:{port}" for name, port in services.items()}
    if "portal" in services:
        # Another address than this machine's own stands in the file of the demo alone.
        said = json.loads(run_file.read_text())["portal"] if run_file.exists() else ""
        own = f":{services['portal']}"
        found["portal"] = said if said.endswith(own) else f"http://127.0.0.1{own}"
    return found


def run(rest: list[str]) -> int:
    """Run a program with engines: those that run, else a set of its own that ends with it."""
    argv = rest[1:] if rest[:1] == ["--"] else rest
    if not argv:
        raise SetupError("`run` wants a program: python -m deploy.native run -- PROGRAM.")
    with session.borrowed_or_own() as found:
        child = subprocess.Popen(argv, env={**os.environ, "GASWATCH_STATE": found.state})
        try:
            return child.wait()
        except Terminated:
            child.send_signal(signal.SIGINT)
            raise
        finally:
            with session.undisturbed():
                _wait(child)


def _wait(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(CHILD_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _tell(found: EngineAddresses) -> None:
    print(f"Mosquitto   {found.mqtt.host}:{found.mqtt.port_tls} (TLS)  pid {found.mqtt.pid}")
    print(f"PostgreSQL  {found.postgres.host}:{found.postgres.port}  pid {found.postgres.pid}")
    print(f"Kafka       {found.kafka.bootstrap}  pid {found.kafka.pid}")
    print(f"addresses   {found.state}/engines.json")


def demo(rest: list[str]) -> int:
    """Show the whole product."""
    from deploy.native import demo as play  # late: the engines' commands need none of its modules

    return play.main(rest)


def otp(_: list[str]) -> int:
    """Show the present one-time code of each of the running demo's accounts that has one."""
    file = state_dir() / "run.json"
    if not file.exists():
        raise SetupError(f"No demo runs from {state_dir()}: start one with `make demo`.")
    import pyotp  # late: the engines' commands need none of the product's packages

    left = 30 - int(time.time()) % 30
    print(f"{'role':<20} {'user name':<22} code     (works once; the next in {left} s)")
    for one in json.loads(file.read_text())["accounts"]:
        code = pyotp.TOTP(one["totp_secret"]).now() if one["totp_secret"] else "none needed"
        print(f"{one['role']:<20} {one['username']:<22} {code}")
    return 0


def audit_verify(_: list[str]) -> int:
    """Check the audit chain of whatever product runs from this state folder."""
    from deploy.native.engines import running
    from deploy.native.stack import Stack

    state = state_dir()
    for folder in (state, *session.sessions(state)):
        if Daemon("supervisord", folder / "run" / "supervisord.pid", folder / "logs").pid():
            stack = Stack(running(folder), folder)
            stack.prepare()
            argv = [sys.executable, "-m", "services.portal", "audit-verify"]
            environment = {**os.environ, **stack.environment("portal")}
            return subprocess.run(argv, env=environment, cwd=PROJECT, check=False).returncode
    raise SetupError(f"No services run from {state}: start them with `make demo`.")


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "audit-verify": audit_verify,
    "demo": demo,
    "engines": engines,
    "otp": otp,
    "run": run,
    "status": status,
    "stop": stop,
}
