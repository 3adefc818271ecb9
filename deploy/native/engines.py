"""The three engines of one state folder: start, stop, and where others find them."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.native import pki, ports
from deploy.native.errors import SetupError
from deploy.native.kafka import Kafka
from deploy.native.mosquitto import Mosquitto
from deploy.native.places import locked, state_dir
from deploy.native.postgres import USER, Postgres
from deploy.native.provision import Programs, provision

PORTS = ("kafka", "kafka_controller", "postgres", "mqtt")


@dataclass(frozen=True)
class KafkaAddress:
    """Plaintext on loopback."""

    bootstrap: str
    pid: int | None
    pid_file: str


@dataclass(frozen=True)
class PostgresAddress:
    """The superuser's way in; services get roles of their own."""

    host: str
    port: int
    user: str
    password_file: str
    dsn: str
    pid: int | None
    pid_file: str


@dataclass(frozen=True)
class MqttAddress:
    """TLS with client certificates; `certs_dir` holds `{client}.crt` and `{client}.key`."""

    host: str
    port_tls: int
    ca_file: str
    ca_key_file: str
    crl_file: str
    certs_dir: str
    pid: int | None
    pid_file: str


@dataclass(frozen=True)
class EngineAddresses:
    """Where everything is, as `engines.json` says it; all paths are absolute."""

    kafka: KafkaAddress
    postgres: PostgresAddress
    mqtt: MqttAddress
    state: str


@dataclass(frozen=True)
class Engines:
    """The engines of one state folder; several folders live side by side."""

    state: Path
    mosquitto: Mosquitto
    postgres: Postgres
    kafka: Kafka

    @classmethod
    def of(cls, state: Path, programs: Programs) -> "Engines":
        """Wire the engines of a state folder; the ports are picked at the first time."""
        state.mkdir(parents=True, exist_ok=True)
        ports_file = state / "ports.json"
        port = ports.remembered(ports_file, PORTS)
        logs = state / "logs"
        return cls(
            state,
            Mosquitto(programs, state / "mosquitto", pki.Authority(state / "pki"), port["mqtt"],
                      logs / "mosquitto.log", ports_file),
            Postgres(programs, state / "postgres", state / "postgres.password", port["postgres"],
                     logs / "postgres.log", ports_file),
            Kafka(programs, state / "kafka", port["kafka"], port["kafka_controller"],
                  logs / "kafka.log", ports_file),
        )  # fmt: skip

    @classmethod
    def provisioned(cls, state: Path | None = None, say: Callable[[str], None] = print) -> "Engines":
        """Fetch what the cache lacks and wire the engines of the state folder (default: the project's)."""
        return cls.of(state or state_dir(), provision(say))

    def start(self) -> EngineAddresses:
        """Start what does not run, wait until each is really usable, and write `engines.json`.

        On any failure, an interruption included, what this call started is stopped again.
        """
        with locked(self.state / "lock"):
            idle = [engine for engine in self._all() if engine.daemon.pid() is None]
            try:
                self.mosquitto.authority.create()
                for client in pki.PLATFORM_CLIENTS:
                    pki.write_client(self.mosquitto.authority, client, self._certs)
                self._start_all()
            except BaseException:
                for engine in idle:
                    engine.stop()
                raise
            return self.publish()

    def _start_all(self) -> None:
        # Kafka's machine warms up while the others start.
        self.kafka.launch()
        self.mosquitto.start()
        self.postgres.start()
        self.kafka.start()

    def stop(self) -> None:
        """Stop all that run and remove `engines.json`."""
        with locked(self.state / "lock"):
            with ThreadPoolExecutor(3) as threads:
                list(threads.map(lambda engine: engine.stop(), self._all()))
            (self.state / "engines.json").unlink(missing_ok=True)

    def remove(self) -> None:
        """Stop all for good; whoever owns the folder removes it."""
        self.stop()

    def publish(self) -> EngineAddresses:
        """Write `engines.json` (mode 0600) and return its content; do so after starting one engine again."""
        found = self.addresses()
        pki.write_private(self.state / "engines.json", (json.dumps(asdict(found), indent=2) + "\n").encode())
        return found

    def addresses(self) -> EngineAddresses:
        """Return where each engine is and its pid, None for one that is down."""
        mosquitto, postgres, kafka = self.mosquitto, self.postgres, self.kafka
        return EngineAddresses(
            KafkaAddress(kafka.bootstrap, kafka.daemon.pid(), str(kafka.daemon.pid_file)),
            PostgresAddress(ports.HOST, postgres.port, USER, str(postgres.password_file), postgres.dsn,
                            postgres.daemon.pid(), str(postgres.daemon.pid_file)),
            MqttAddress(ports.HOST, mosquitto.port, str(mosquitto.ca_file), str(mosquitto.authority.key_file),
                        str(mosquitto.crl_file), str(self._certs), mosquitto.daemon.pid(),
                        str(mosquitto.daemon.pid_file)),
            str(self.state),
        )  # fmt: skip

    @property
    def _certs(self) -> Path:
        return self.state / "pki" / "clients"

    def _all(self) -> tuple[Mosquitto, Postgres, Kafka]:
        return self.mosquitto, self.postgres, self.kafka


def running(state: Path | None = None) -> EngineAddresses:
    """Return the addresses of engines that run; SetupError when not all of them do."""
    folder = state or state_dir()
    file = folder / "engines.json"
    if not file.exists():
        raise SetupError(f"No engines run in {folder}: start them with `make engines`.")
    content = json.loads(file.read_text())
    found = EngineAddresses(
        KafkaAddress(**content["kafka"]),
        PostgresAddress(**content["postgres"]),
        MqttAddress(**content["mqtt"]),
        content["state"],
    )
    down = [engine for engine, port in _ports(found).items() if ports.is_free(port)]
    if down:
        raise SetupError(f"{' and '.join(down)} of {folder} do not run: start them with `make engines`.")
    return found


def _ports(found: EngineAddresses) -> dict[str, int]:
    return {
        "Mosquitto": found.mqtt.port_tls,
        "PostgreSQL": found.postgres.port,
        "Kafka": int(found.kafka.bootstrap.rpartition(":")[2]),
    }
