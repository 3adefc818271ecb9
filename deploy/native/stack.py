"""All services on one machine, each kept alive by supervisord: settings, ports, pids, readiness."""

import asyncio
import json
import os
import ssl
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from deploy.kafka import topics
from deploy.native import ports
from deploy.native.daemon import LAUNCH, Daemon
from deploy.native.engines import EngineAddresses
from deploy.native.errors import SetupError
from deploy.native.pki import Authority, write_private
from deploy.native.places import PROJECT
from deploy.native.ui import ui_folder
from deploy.timescaledb.provision import Database, provision
from shared.chassis.kafka import create_topics
from shared.chassis.principal import PrincipalKey

# In the order in which they start; the portal last, because it shows all others.
SERVICES = (
    "registry",
    "ingestion",
    "actuation",
    "alerting",
    "history",
    "dispatch",
    "notification",
    "portal",
    "watchdog",
)
# When the processors are not enough, an alarm's way goes first: what these do may come a moment later.
NICE = {"history": 3, "dispatch": 3, "notification": 3, "registry": 3}
MQTT_CLIENTS = ("ingestion", "actuation", "watchdog")
READY_LIMIT_S = 60.0


@dataclass
class Stack:
    """The services of one state folder."""

    engines: EngineAddresses
    folder: Path
    host: str = "127.0.0.1"
    lan: str | None = None
    pages: Path = field(default_factory=ui_folder)
    extra: dict[str, dict[str, str]] = field(default_factory=dict)
    names: tuple[str, ...] = SERVICES

    def __post_init__(self) -> None:
        """Pick ports, once per folder."""
        self.run = self.folder / "run"
        self.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.ports = ports.remembered(self.folder / "services.json", (*self.names, "webhook"))
        self.supervisor = Daemon(
            "supervisord", self.run / "supervisord.pid", self.folder / "logs" / "supervisord.log"
        )
        self.database: Database | None = None

    # --- preparing ---

    def prepare(self) -> None:
        """Make topics, schemas, roles and keys; running it again changes nothing."""
        asyncio.run(create_topics(self.engines.kafka.bootstrap, topics.specs()))
        self.database = provision(self.engines.postgres.dsn, self.folder / "secrets" / "roles.json")
        key = self.folder / "secrets" / "principal.key"
        if not key.exists():
            PrincipalKey.create(key)
        (self.folder / "secrets" / "command-keys").mkdir(exist_ok=True, mode=0o700)
        # The watchdog speaks as a device would, so it has a device's certificate.
        secrets = self.folder / "secrets"
        if not (secrets / "watchdog.key").exists():
            certificate, private = Authority(Path(self.engines.mqtt.ca_file).parent).issue_client("watchdog")
            (secrets / "watchdog.crt").write_bytes(certificate)
            write_private(secrets / "watchdog.key", private)
        if self.lan:
            certificate, private = Authority(Path(self.engines.mqtt.ca_file).parent).issue_server(self.lan)
            (secrets / "portal.crt").write_bytes(certificate)
            write_private(secrets / "portal.key", private)

    def url(self, name: str) -> str:
        """Return where a service listens; on the address `lan` only the portal does, with TLS."""
        if name == "portal" and self.lan:
            return f"https://{self.lan}:{self.ports[name]}"
        return f"http://{self.host}:{self.ports[name]}"

    def environment(self, name: str) -> dict[str, str]:
        """Return a service's settings."""
        if self.database is None:
            raise RuntimeError("prepare first")
        secrets, mqtt = self.folder / "secrets", self.engines.mqtt
        certificates = secrets if name == "watchdog" else Path(mqtt.certs_dir)
        found = {
            "GW_KAFKA_BOOTSTRAP": self.engines.kafka.bootstrap,
            "GW_HTTP_HOST": self.host,
            "GW_HTTP_PORT": str(self.ports[name]),
            "GW_PRINCIPAL_KEY_FILE": str(secrets / "principal.key"),
        }
        if name in self.database.services:
            found["GW_DATABASE_API_DSN"] = self.database.services[name].api
            found["GW_DATABASE_WORKER_DSN"] = self.database.services[name].worker
        if name in MQTT_CLIENTS:
            found |= {
                "GW_MQTT_HOST": mqtt.host,
                "GW_MQTT_PORT": str(mqtt.port_tls),
                "GW_MQTT_CA_FILE": mqtt.ca_file,
                "GW_MQTT_CERT_FILE": str(certificates / f"{name}.crt"),
                "GW_MQTT_KEY_FILE": str(certificates / f"{name}.key"),
            }
        found |= self._own_settings(name, secrets)
        return found | self.extra.get(name, {})

    def _own_settings(self, name: str, secrets: Path) -> dict[str, str]:
        mqtt = self.engines.mqtt
        jwks = str(secrets / "command-keys" / "jwks.json")
        own = {
            "registry": {
                "GW_CA_FILE": mqtt.ca_file,
                "GW_CA_KEY_FILE": mqtt.ca_key_file,
                "GW_CRL_FILE": mqtt.crl_file,
                "GW_BROKER_PID_FILE": mqtt.pid_file,
                "GW_MQTT_HOST": mqtt.host,
                "GW_MQTT_PORT": str(mqtt.port_tls),
                "GW_COMMAND_KEYS_FILE": jwks,
            },
            "alerting": {"GW_COMMAND_KEYS_DIR": str(secrets / "command-keys")},
            "watchdog": {"GW_ALARM_FILE": str(self.folder / "logs" / "watchdog-alarms.log")},
            "notification": {
                "GW_CHANNELS": json.dumps(
                    {way: f"webhook:http://127.0.0.1:{self.ports['webhook']}/{way}" for way in ("app", "sms")}
                ),
                "GW_PUSH_KEY_FILE": str(secrets / "push.key"),
                "GW_WEBHOOK_ALLOW": json.dumps([f"http://127.0.0.1:{self.ports['webhook']}"]),
            },
            "portal": {
                "GW_UPSTREAMS": json.dumps(
                    {other: self.url(other) for other in self.names if other not in {"portal", "ingestion"}}
                ),
                "GW_PUBLIC_ORIGIN": self.url("portal") if "portal" in self.ports else "",
                "GW_UI_FOLDER": str(self.pages),
                "GW_AUDIT_KEY_FILE": str(secrets / "audit.key"),
                "GW_AUDIT_HEADS_FILE": str(self.folder / "logs" / "audit-heads.log"),
            },
        }
        if name == "portal" and self.lan:
            own["portal"] |= {
                "GW_HTTP_HOST": self.lan,
                "GW_TLS_CERTIFICATE": str(secrets / "portal.crt"),
                "GW_TLS_KEY": str(secrets / "portal.key"),
            }
        return own.get(name, {})

    def trusting(self) -> ssl.SSLContext:
        """Return what trusts the project's certificate authority, and with it the portal."""
        return ssl.create_default_context(cafile=self.engines.mqtt.ca_file)

    # --- running ---

    def start(self) -> None:
        """Start all under the supervisor and wait until each is ready; SetupError names one that is not."""
        write_private(self.run / "supervisord.conf", self._configuration().encode())
        for name in self.names:
            (self.run / f"{name}.pid.want").touch()  # launch.sh starts nothing that nobody wants
        self.supervisor.spawn(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self.run / "supervisord.conf")]
        )
        end = time.monotonic() + READY_LIMIT_S
        waiting = list(self.names)
        while waiting and time.monotonic() < end:
            waiting = [name for name in waiting if not self.ready(name)]
            time.sleep(0.05)
        if waiting:
            name = waiting[0]
            raise SetupError(
                f"The service {name} is not ready after {READY_LIMIT_S:.0f} s: see {self.log(name)}."
            )

    def ready(self, name: str) -> bool:
        """Return whether a service says it is ready."""
        try:
            url, context = self.url(name), self.trusting()
            with urllib.request.urlopen(f"{url}/readyz", timeout=2, context=context) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def log(self, name: str) -> Path:
        """Return a service's log file."""
        return self.folder / "logs" / f"{name}.log"

    def pid(self, name: str) -> int | None:
        """Return a service's pid while it runs."""
        return Daemon(name, self.run / f"{name}.pid", self.log(name)).pid()

    def stop(self) -> None:
        """Stop the supervisor, and with it all services."""
        self.supervisor.stop()
        for name in self.names:
            Daemon(name, self.run / f"{name}.pid", self.log(name)).stop()

    def _configuration(self) -> str:
        parts = [
            "[supervisord]",
            "nodaemon=true",
            f"logfile={self.folder}/logs/supervisord.out.log",
            "logfile_maxbytes=10MB",
            f"pidfile={self.run}/supervisord.own",
            f"directory={PROJECT}",
            f"[unix_http_server]\nfile={self.run}/supervisor.sock\nchmod=0700",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
            f"[supervisorctl]\nserverurl=unix://{self.run}/supervisor.sock",
        ]
        return "\n".join(parts + [self._program(name) for name in self.names]) + "\n"

    def _program(self, name: str) -> str:
        path = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
        environment = ",".join(
            f"{key}={_quoted(value)}" for key, value in (path | self.environment(name)).items()
        )
        pid_file = self.run / f"{name}.pid"
        nice = f"nice -n {NICE[name]} " if name in NICE else ""
        return "\n".join(
            [
                f"[program:{name}]",
                f'command=/bin/sh "{LAUNCH}" "{pid_file}" {nice}"{sys.executable}" -m services.{name}',
                f"environment={environment}",
                # Dead within two seconds of its start is a failed start: tried again with growing delay.
                "startsecs=2",
                "startretries=1000000",
                "autorestart=true",
                "stopwaitsecs=11",
                "stopsignal=TERM",
                "killasgroup=true",
                "redirect_stderr=true",
                f"stdout_logfile={self.log(name)}",
                "stdout_logfile_maxbytes=20MB",
                "stdout_logfile_backups=2",
            ]
        )


def _quoted(value: str) -> str:
    """Return a value as supervisord reads it: between single quotes, which it must not hold."""
    if "'" in value:
        raise SetupError(f"A setting must not hold a single quote: {value[:40]}")
    return "'" + value.replace("%", "%%") + "'"
