"""Each engine is killed and started again on the same port and state; whatever happens, nothing is left."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.native import mosquitto, ports
from deploy.native.daemon import Daemon, wait_until
from deploy.native.engines import Engines, running
from deploy.native.errors import SetupError
from deploy.native.kafka import READY_TOPIC
from deploy.native.places import PROJECT, locked
from deploy.native.session import COMING, ENGINES, daemons, sessions, sweep

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    engines = Engines.provisioned(tmp_path_factory.mktemp("engines"))
    try:
        engines.start()
        yield engines
    finally:
        engines.stop()


def native(*arguments: str, state: Path) -> "subprocess.Popen[str]":
    command = ["env", f"GASWATCH_STATE={state}", sys.executable, "-m", "deploy.native", *arguments]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def mounts() -> set[str]:
    return {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}


def test_starting_again_changes_nothing(own):
    before = own.addresses()
    assert own.start() == before == running(own.state)


def test_no_mount_is_seen_outside_the_engines(own):
    root = str(own.kafka.programs.root)
    assert not [mount for mount in mounts() if root != "/" and mount.startswith(root)]
    assert not [mount for mount in mounts() if mount.startswith(str(own.state))]


def test_the_database_does_not_run_as_root_and_listens_on_loopback_only(own):
    status = Path(f"/proc/{own.postgres.daemon.pid()}/status").read_text()
    uid = next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))
    assert int(uid) == own.kafka.programs.uid("postgres") != 0
    listening = [one.laddr for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    for port in (own.postgres.port, own.mosquitto.port, own.kafka.port, own.kafka.controller_port):
        found = [place.ip for place in listening if place and place.port == port]
        assert found in (["127.0.0.1"], ["::ffff:127.0.0.1"])


def test_secrets_are_private(own):
    private = (own.state / "postgres.password", own.state / "engines.json", own.mosquitto.authority.key_file)
    assert [file.stat().st_mode & 0o777 for file in private] == [0o600] * 3


async def test_a_wrong_password_is_refused(own):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(own.postgres.dsn.replace(":", ":x", 2).replace("postgresql:x", "postgresql:"))


async def test_the_database_is_durable_and_has_timescale(own):
    connection = await asyncpg.connect(own.postgres.dsn)
    try:
        settings = ("fsync", "synchronous_commit", "full_page_writes", "timescaledb.telemetry_level")
        found = [await connection.fetchval(f"SHOW {name}") for name in settings]
        assert found == ["on", "on", "on", "off"]
        assert await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
        assert await connection.fetchval("SHOW data_checksums") == "on"
    finally:
        await connection.close()


async def test_committed_rows_survive_a_killed_database(own):
    connection = await asyncpg.connect(own.postgres.dsn)
    await connection.execute("CREATE TABLE kept (n int)")
    await connection.execute("INSERT INTO kept VALUES (42)")
    port, pid = own.postgres.port, own.postgres.daemon.pid()
    await asyncio.to_thread(own.postgres.daemon.kill)
    connection.terminate()
    await asyncio.to_thread(own.postgres.start)
    assert (own.postgres.port, own.postgres.daemon.pid() != pid) == (port, True)
    connection = await asyncpg.connect(own.postgres.dsn)
    try:
        assert await connection.fetchval("SELECT n FROM kept") == 42
    finally:
        await connection.close()


async def test_acknowledged_records_survive_a_killed_kafka(own):
    async with AIOKafkaProducer(bootstrap_servers=own.kafka.bootstrap, acks="all") as producer:
        sent = await producer.send_and_wait(READY_TOPIC, b"kept", partition=0)
    pid = own.kafka.daemon.pid()
    await asyncio.to_thread(own.kafka.daemon.kill)
    await asyncio.to_thread(own.kafka.start)
    assert own.kafka.daemon.pid() != pid
    async with AIOKafkaConsumer(bootstrap_servers=own.kafka.bootstrap) as consumer:
        place = TopicPartition(READY_TOPIC, 0)
        consumer.assign([place])
        consumer.seek(place, sent.offset)
        assert (await asyncio.wait_for(consumer.getone(), 10)).value == b"kept"


def test_a_killed_broker_starts_again_on_its_port(own):
    pid, port = own.mosquitto.daemon.pid(), own.mosquitto.port
    own.mosquitto.daemon.kill()
    assert not mosquitto.accepts(own.mosquitto.authority, port)
    own.mosquitto.start()
    assert own.mosquitto.daemon.pid() != pid
    assert mosquitto.accepts(own.mosquitto.authority, port)


def test_engines_that_are_down_are_not_called_running(own):
    own.mosquitto.daemon.kill()
    try:
        with pytest.raises(SetupError, match=r"Mosquitto of .* do not run"):
            running(own.state)
    finally:
        own.mosquitto.start()
        own.publish()
    assert running(own.state).mqtt.pid == own.mosquitto.daemon.pid()


def test_a_stopped_broker_is_found_by_its_own_pid(own):
    """SIGSTOP by the recorded pid hangs the engine itself: the handshake gets no answer until SIGCONT."""
    answered = threading.Event()

    def ask() -> None:
        if mosquitto.accepts(own.mosquitto.authority, own.mosquitto.port):
            answered.set()

    own.mosquitto.daemon.send(signal.SIGSTOP)
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert not answered.wait(0.5)
    finally:
        own.mosquitto.daemon.send(signal.SIGCONT)
    asking.join(10)
    assert answered.is_set()


@pytest.mark.parametrize("moment_s", [0.3, 0.9, 1.6, 2.4])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_nothing(tmp_path, moment_s, number):
    with native("engines", state=tmp_path / "state") as starting:
        try:
            starting.wait(moment_s)
        except subprocess.TimeoutExpired:
            starting.send_signal(number)
        _, said = starting.communicate(timeout=60)
    left = [daemon.name for daemon in daemons(tmp_path / "state") if daemon.pid()]
    if starting.returncode == 0:  # the machine was quicker than the moment
        assert len(left) == len(ENGINES)
        for daemon in daemons(tmp_path / "state"):
            daemon.stop()
        return
    too_early = -number  # Python itself was still loading
    assert starting.returncode == 130 or (starting.returncode == too_early and moment_s == 0.3)
    assert said == "" or starting.returncode == too_early
    assert left == []
    assert not (tmp_path / "state" / "engines.json").exists()


def test_status_lists_what_runs_and_nothing_of_a_folder_that_sleeps(tmp_path):
    state = tmp_path / "state"
    script = (
        "import subprocess, sys; subprocess.run([sys.executable, '-m', 'deploy.native', 'status'],"
        f" env={{**__import__('os').environ, 'GASWATCH_STATE': {str(state)!r}}}, check=True)"
    )
    with native("run", "--", sys.executable, "-c", script, state=state) as runner:
        said, _ = runner.communicate(timeout=60)
    assert runner.returncode == 0
    assert "own-" in said
    assert "down" not in said


def test_a_run_gives_its_program_engines_and_takes_them_away(tmp_path):
    state = tmp_path / "state"
    script = (
        "from deploy.native.engines import running; print(running().kafka.bootstrap); raise SystemExit(7)"
    )
    with native("run", "--", sys.executable, "-c", script, state=state) as runner:
        said, _ = runner.communicate(timeout=60)
    assert runner.returncode == 7
    assert ports.is_free(int(said.strip().rpartition(":")[2]))
    assert sessions(state) == []
    assert (state / "logs" / "last-own" / "kafka.log").exists()


def test_a_killed_run_is_cleared_up_by_the_next(tmp_path):
    state = tmp_path / "state"
    with native("run", "--", "sleep", "1000", state=state) as runner:
        assert wait_until(lambda: any(state.glob("own-*/engines.json")), 60)
        (folder,) = sessions(state)
        found = running(folder)
        sweep(state)
        assert running(folder) == found, "a living session is left alone"
        children = Path(f"/proc/{runner.pid}/task/{runner.pid}/children").read_text().split()
        runner.kill()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        runner.communicate(timeout=20)
    assert running(folder) == found
    sweep(state)
    assert sessions(state) == []
    assert ports.is_free(found.mqtt.port_tls)


def test_nobody_sweeps_while_another_session_comes(tmp_path):
    """A folder that is not held yet would be taken for one that was left behind."""
    with locked(tmp_path / COMING):
        sweeping = threading.Thread(target=sweep, args=(tmp_path,))
        (tmp_path / "own-1").mkdir()
        sweeping.start()
        sweeping.join(0.3)
        assert sessions(tmp_path)
    sweeping.join(20)
    assert sessions(tmp_path) == []


def test_two_runs_at_once_have_engines_of_their_own(tmp_path):
    state = tmp_path / "state"
    script = "from deploy.native.engines import running; print(running().postgres.port)"
    commands = [native("run", "--", sys.executable, "-c", script, state=state) for _ in range(2)]
    said = [command.communicate(timeout=90) for command in commands]
    assert [command.returncode for command in commands] == [0, 0], said
    assert len({out for out, _ in said}) == 2


def test_stop_ends_all_and_status_says_so(tmp_path):
    state = tmp_path / "state"
    with native("engines", state=state) as starting:
        assert starting.communicate(timeout=60)[1] == ""
    program = Daemon("demo", state / "demo.pid", state / "demo.log")
    program.spawn(["sleep", "1000"])
    with native("status", state=state) as status:
        said, _ = status.communicate(timeout=20)
    assert [line.split()[0] for line in said.splitlines()[1:] if "pid" in line] == ["demo", *ENGINES]
    with native("stop", state=state) as stopping:
        assert stopping.communicate(timeout=60) == ("Stopped: demo, mosquitto, postgres, kafka.\n", "")
    for command in ("status", "stop"):
        with native(command, state=state) as asked:
            said, _ = asked.communicate(timeout=20)
        was = {"status": "runs", "stop": "was running"}[command]
        assert said == f"Nothing {was} from {state}.\n"
    assert [daemon.name for daemon in daemons(state) if daemon.pid()] == []
