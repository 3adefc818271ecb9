"""Mosquitto under the project's configuration; several may run at once, each in a folder of its own."""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.native import pki, ports
from deploy.native.daemon import Daemon
from deploy.native.errors import SetupError
from deploy.native.places import DEPLOY
from deploy.native.provision import Programs
from deploy.native.rooted import rooted

USER = "mosquitto"
READY_LIMIT_S = 30.0
CONFIG = DEPLOY / "mosquitto"
LISTENER = "listener 8883"
# MQTT 3.1.1 CONNECT, clean session, keepalive 10 s, client id of no bytes (the broker takes the CN).
CONNECT = bytes((0x10, 12, 0, 4)) + b"MQTT" + bytes((4, 2, 0, 10, 0, 0))
DISCONNECT = bytes((0xE0, 0))
CONNACK_ACCEPTED = bytes((0x20, 2, 0, 0))


@dataclass(frozen=True)
class Mosquitto:
    """One broker: its folder holds configuration, certificates and stored sessions."""

    programs: Programs
    folder: Path
    authority: pki.Authority
    port: int
    log_file: Path
    ports_file: Path

    @property
    def daemon(self) -> Daemon:
        """Return the broker's process."""
        return Daemon("Mosquitto", self.folder / "mosquitto.pid", self.log_file)

    @property
    def ca_file(self) -> Path:
        """Return the certificate that clients trust."""
        return self.authority.certificate_file

    @property
    def crl_file(self) -> Path:
        """Return the revocation list; after writing it, `reload`."""
        return self.folder / "tls" / "crl.pem"

    def prepare(self) -> None:
        """Write configuration, certificates and the revocation list."""
        write_folder(self.folder, self.authority, self.programs.uid(USER))
        text = (CONFIG / "mosquitto.conf").read_text()
        (self.folder / "mosquitto.conf").write_text(listening_on(text, self.port))

    def start(self) -> None:
        """Start the broker on its port and wait until it accepts a client; SetupError when it does not."""
        if self.daemon.pid() is None:
            self.prepare()
            ports.demand(self.port, "Mosquitto", self.ports_file)
            argv = ["/usr/sbin/mosquitto", "-c", "/mnt/mosquitto.conf"]
            self.daemon.spawn(rooted(self.programs.root, self.folder, USER, argv))
        end = time.monotonic() + READY_LIMIT_S
        while not accepts(self.authority, self.port):
            if self.daemon.pid() is None or time.monotonic() > end:
                raise SetupError(f"Mosquitto does not accept clients ({self.daemon.last_words()}).")
            time.sleep(0.05)

    def reload(self) -> None:
        """Have the broker read its revocation list and ACL again; open connections stay."""
        self.daemon.send(signal.SIGHUP)

    def stop(self) -> None:
        """Stop the broker; it stores its sessions first."""
        self.daemon.stop()


def listening_on(text: str, port: int) -> str:
    """Return the configuration with its one listener on a loopback port; ValueError when it is not there."""
    lines = text.splitlines()
    lines[lines.index(LISTENER)] = f"listener {port} {ports.HOST}"
    return "\n".join(lines) + "\n"


def write_folder(folder: Path, authority: pki.Authority, uid: int) -> None:
    """Write what the broker reads and give it a place to store sessions; `uid` is its user's number."""
    data, acl = folder / "data", folder / "acl"
    data.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    shutil.copyfile(CONFIG / "acl", acl)
    acl.chmod(0o600)
    pki.write_server(authority, folder / "tls", uid)
    for owned in (data, acl):
        os.chown(owned, uid, -1)


def accepts(authority: pki.Authority, port: int) -> bool:
    """Return whether a client with a platform certificate is let in over TLS."""
    certificate, key = pki.write_client(authority, "ready", authority.folder / "clients")
    context = ssl.create_default_context(cafile=str(authority.certificate_file))
    context.load_cert_chain(certificate, key)
    try:
        with (
            socket.create_connection((ports.HOST, port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=ports.HOST) as connection,
        ):
            connection.sendall(CONNECT)
            accepted = connection.recv(4) == CONNACK_ACCEPTED
            with contextlib.suppress(OSError):  # the broker may hang up first
                connection.sendall(DISCONNECT)
                connection.unwrap()
    except OSError:
        return False
    return accepted
