"""PostgreSQL 17 with TimescaleDB, on loopback, for its own user."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.native import ports
from deploy.native.daemon import Daemon
from deploy.native.errors import SetupError
from deploy.native.pki import write_private
from deploy.native.places import DEPLOY
from deploy.native.provision import Programs
from deploy.native.rooted import rooted

USER = "postgres"
DATABASE = "gaswatch"
BIN = "/usr/lib/postgresql/17/bin"
READY_LIMIT_S = 120.0
STOP_SIGNAL = signal.SIGINT  # fast: SIGTERM would wait for every client to leave
INITDB_OPTIONS = ("--pwfile=/mnt/password", "--auth=scram-sha-256", "--encoding=UTF8",
                  "--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums")  # fmt: skip
FILES = {"config_file": "/mnt/postgresql.conf", "hba_file": "/mnt/data/pg_hba.conf",
         "ident_file": "/mnt/data/pg_ident.conf"}  # fmt: skip
CONFIG = DEPLOY / "timescaledb" / "postgresql.conf"


@dataclass(frozen=True)
class Postgres:
    """One database server; its superuser is `postgres` with a random password in a private file."""

    programs: Programs
    folder: Path
    password_file: Path
    port: int
    log_file: Path
    ports_file: Path

    @property
    def daemon(self) -> Daemon:
        """Return the postmaster."""
        return Daemon("PostgreSQL", self.folder / "postgres.pid", self.log_file, STOP_SIGNAL)

    @property
    def dsn(self) -> str:
        """Return the superuser's address of the database `gaswatch`, password included."""
        return self.dsn_of(DATABASE)

    def dsn_of(self, database: str) -> str:
        """Return the superuser's address of a database, password included."""
        return dsn_of(self.password_file, self.port, database)

    def prepare(self) -> None:
        """Create the data folder (whole or not at all) and write the configuration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        if not (self.folder / "data").exists():
            self._initdb()
        text = CONFIG.read_text() + (
            f"\nlisten_addresses = '{ports.HOST}'\nport = {self.port}\nunix_socket_directories = ''\n"
        )
        (self.folder / "postgresql.conf").write_text(text)

    def _initdb(self) -> None:
        uid = self.programs.uid(USER)
        ensure_password(self.password_file)
        part, password = self.folder / "data.new", self.folder / "password"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        os.chown(part, uid, -1)
        write_private(password, self.password_file.read_bytes())
        os.chown(password, uid, -1)
        argv = [f"{BIN}/initdb", "-D", "/mnt/data.new", "-U", USER, *INITDB_OPTIONS]
        # In a session of its own: Ctrl-C is for us, who then end it.
        done = subprocess.run(
            rooted(self.programs.root, self.folder, USER, argv),
            capture_output=True, text=True, check=False, start_new_session=True,
        )  # fmt: skip
        password.unlink()
        if done.returncode != 0:
            raise SetupError(f"PostgreSQL's data folder cannot be created: {_reason(done.stderr)}.")
        part.rename(self.folder / "data")

    def start(self) -> None:
        """Start the server on its port and wait until TimescaleDB answers; SetupError when it does not."""
        if self.daemon.pid() is None:
            self.prepare()
            ports.demand(self.port, "PostgreSQL", self.ports_file)
        end = time.monotonic() + READY_LIMIT_S
        while True:
            # After a kill, what is left of the old server may hold its memory for a moment: try again.
            self._spawn()
            trouble = trouble_with(self.password_file, self.port)
            if not trouble:
                return
            if time.monotonic() > end:
                raise SetupError(f"PostgreSQL does not answer: {trouble} ({self.daemon.last_words()}).")
            time.sleep(0.1)

    def _spawn(self) -> None:
        argv = [f"{BIN}/postgres", "-D", "/mnt/data", *(f"--{name}={path}" for name, path in FILES.items())]
        env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}
        self.daemon.spawn(rooted(self.programs.root, self.folder, USER, argv), env)

    def stop(self) -> None:
        """Stop the server at once but cleanly (a fast shutdown)."""
        self.daemon.stop()


def _reason(said: str) -> str:
    """Return the line that says why, without the statement it is about: that may hold the password."""
    lines = [line for line in said.splitlines() if "STATEMENT" not in line and "PASSWORD" not in line]
    found = next((line for line in reversed(lines) if "error" in line or "FATAL" in line), "")
    return (found or (lines[-1] if lines else "it does not say why")).strip().rstrip(".")


def ensure_password(file: Path) -> None:
    """Write a random password for the superuser unless there is one."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, (secrets.token_urlsafe(24) + "\n").encode())


def dsn_of(password_file: Path, port: int, database: str = DATABASE) -> str:
    """Return the superuser's address of a database, password included."""
    return f"postgresql://{USER}:{password_file.read_text().strip()}@{ports.HOST}:{port}/{database}"


def trouble_with(password_file: Path, port: int) -> str:
    """Return why TimescaleDB cannot be used in the database `gaswatch`, which is made if need be; else ""."""
    # In a thread of its own, so that a caller inside an event loop may start engines too.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _use(password_file, port)).result()


async def _use(password_file: Path, port: int) -> str:
    try:
        await _ensure_database(dsn_of(password_file, port, "postgres"))
        connection = await asyncpg.connect(dsn_of(password_file, port), timeout=10)
        try:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        finally:
            await connection.close(timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return str(error) or type(error).__name__
    return ""


async def _ensure_database(admin_dsn: str) -> None:
    connection = await asyncpg.connect(admin_dsn, timeout=10)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close(timeout=5)
