"""Who is let into the broker, and what they may say and hear there: each guard meets somebody hostile."""

import datetime as dt
import socket
import ssl
import threading
import uuid
from contextlib import ExitStack, contextmanager

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deploy.native import pki
from deploy.native.daemon import wait_until
from services.ingestion.entrypoints.mqtt import SESSION_EXPIRY_S

pytestmark = pytest.mark.engines

LIMIT_S = 10
NOT_AUTHORIZED = 0x87


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    from tests.conftest import Broker

    found = Broker(tmp_path_factory.mktemp("broker"))
    found.process.start()
    try:
        yield found
    finally:
        found.process.stop()


def files(broker, common_name, authority=None):
    """Return certificate and key of any name at all, as a careless authority would sign it."""
    certificate, key = (authority or broker.authority).sign_leaf(common_name, server=False)
    stem = broker.folder / uuid.uuid4().hex
    stem.with_suffix(".crt").write_bytes(certificate)
    stem.with_suffix(".key").write_bytes(key)
    return stem.with_suffix(".crt"), stem.with_suffix(".key")


class Client:
    """A client that collects what it hears."""

    def __init__(self, broker, common_name=None, pair=None, client_id="chosen-by-itself"):
        self.mqtt = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        context = ssl.create_default_context(cafile=str(broker.ca_file))
        if pair or common_name is not None:
            context.load_cert_chain(*(pair or files(broker, common_name)))
        self.mqtt.tls_set_context(context)
        self.heard: list[tuple[str, bytes]] = []
        self.codes: dict[int, int] = {}
        self.connected, self.gone, self.arrived = threading.Event(), threading.Event(), threading.Condition()
        self.mqtt.on_connect = lambda *_: self.connected.set()
        self.mqtt.on_disconnect = lambda *_: self.gone.set()
        self.mqtt.on_message = self._message
        self.mqtt.on_publish = self._published
        self.mqtt.on_subscribe = lambda *_: self._notify()
        self.subscribed = 0
        self.broker = broker

    def _message(self, _client, _data, message):
        with self.arrived:
            self.heard.append((message.topic, message.payload))
            self.arrived.notify_all()

    def _published(self, _client, _data, mid, code, _properties):
        with self.arrived:
            self.codes[mid] = code.value
            self.arrived.notify_all()

    def _notify(self):
        with self.arrived:
            self.subscribed += 1
            self.arrived.notify_all()

    @contextmanager
    def online(self, session_expiry_s=0):
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = session_expiry_s
        try:
            self.mqtt.connect(
                self.broker.host,
                self.broker.port,
                keepalive=30,
                clean_start=not session_expiry_s,
                properties=properties,
            )
            self.mqtt.loop_start()
            assert self.connected.wait(LIMIT_S)
            yield self
        finally:
            self.mqtt.disconnect()
            self.mqtt.loop_stop()

    def publish(self, topic, payload=b"x"):
        """Return the broker's reason code."""
        sent = self.mqtt.publish(topic, payload, qos=1)
        with self.arrived:
            assert self.arrived.wait_for(lambda: sent.mid in self.codes, LIMIT_S)
        return self.codes[sent.mid]

    def subscribe(self, topic):
        count = self.subscribed
        self.mqtt.subscribe(topic, qos=1)
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.subscribed > count, LIMIT_S)

    def wait_for(self, message):
        with self.arrived:
            assert self.arrived.wait_for(lambda: message in self.heard, LIMIT_S)


def test_a_device_speaks_under_its_own_name_only(broker):
    with Client(broker, "dev-1").online() as device:
        for leaf in ("reading", "event", "state"):
            assert device.publish(f"gas/v1/dev-1/up/{leaf}") < 0x80
        forbidden = ("gas/v1/dev-2/up/event", "gas/v1/dev-1/up/other", "gas/v1/dev-1/down/receipt",
                     "gas/v1/dev-1/down/command", "gas/v1/dev-1/up/event/x", "other")  # fmt: skip
        assert {topic: device.publish(topic) for topic in forbidden} == dict.fromkeys(
            forbidden, NOT_AUTHORIZED
        )


def test_a_device_hears_only_what_is_meant_for_it(broker):
    with (
        Client(broker, "dev-3").online() as device,
        Client(broker, "dev-4").online() as curious,
        Client(broker, "platform.actuation").online() as actuation,
    ):
        device.subscribe("gas/v1/dev-3/down/+")
        for topic in ("gas/v1/dev-3/down/+", "gas/v1/+/down/#", "#", "$SYS/#"):
            curious.subscribe(topic)
        assert actuation.publish("gas/v1/dev-3/down/command", b"to 3") < 0x80
        assert actuation.publish("gas/v1/dev-4/down/command", b"to 4") < 0x80
        device.wait_for(("gas/v1/dev-3/down/command", b"to 3"))
        curious.wait_for(("gas/v1/dev-4/down/command", b"to 4"))
        assert {payload for _, payload in curious.heard} == {b"to 4"}
        assert {payload for _, payload in device.heard} == {b"to 3"}


def test_platform_clients_have_their_own_rights_and_no_more(broker):
    with (
        Client(broker, "platform.ingestion").online() as ingestion,
        Client(broker, "platform.actuation").online() as actuation,
        Client(broker, "dev-5").online() as device,
    ):
        ingestion.subscribe("gas/v1/+/up/#")
        device.publish("gas/v1/dev-5/up/event", b"hello")
        ingestion.wait_for(("gas/v1/dev-5/up/event", b"hello"))
        assert ingestion.publish("gas/v1/dev-5/down/receipt") < 0x80
        assert ingestion.publish("gas/v1/dev-5/down/command") == NOT_AUTHORIZED
        assert ingestion.publish("gas/v1/dev-5/up/event") == NOT_AUTHORIZED
        assert actuation.publish("gas/v1/dev-5/down/command") < 0x80
        assert actuation.publish("gas/v1/dev-5/down/receipt") == NOT_AUTHORIZED


@pytest.mark.parametrize("name", ["+", "#", "a/b", "dev-9/up", "+/up/event", "ingestion", "platform"])
def test_a_certificate_with_a_hostile_name_can_do_no_harm(broker, name):
    with (
        Client(broker, "dev-6").online() as device,
        Client(broker, "platform.actuation").online() as actuation,
    ):
        device.subscribe("gas/v1/dev-6/down/#")
        with Client(broker, name).online() as hostile:
            for topic in ("gas/v1/+/down/#", "gas/v1/#", "gas/v1/dev-6/down/#"):
                hostile.subscribe(topic)
            for leaf in ("up/event", "up/reading", "down/command", "down/receipt"):
                assert hostile.publish(f"gas/v1/dev-6/{leaf}") == NOT_AUTHORIZED
            actuation.publish("gas/v1/dev-6/down/command", b"secret")
            device.wait_for(("gas/v1/dev-6/down/command", b"secret"))
            assert hostile.publish("gas/v1/dev-6/up/event") == NOT_AUTHORIZED  # by now it would have heard
            assert hostile.heard == []


def test_the_certificate_names_the_client_so_nobody_is_thrown_off(broker):
    with Client(broker, "dev-7", client_id="dev-7").online() as device:
        with Client(broker, "dev-8", client_id="dev-7").online() as other:
            assert other.publish("gas/v1/dev-8/up/event") < 0x80
        assert not device.gone.is_set()
        assert device.publish("gas/v1/dev-7/up/event") < 0x80


def refused(broker, pair):
    """Return whether a client with this certificate is not let in (with TLS 1.3 it learns so late)."""
    client = Client(broker, pair=pair)
    try:
        with client.online():
            return False
    except (OSError, AssertionError):
        return True


def test_without_a_certificate_nobody_is_let_in(broker, monkeypatch):
    monkeypatch.setattr("tests.integration.deploy.test_broker_rights.LIMIT_S", 1)
    assert refused(broker, None)


def test_a_certificate_of_another_authority_is_refused(broker, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.integration.deploy.test_broker_rights.LIMIT_S", 1)
    stranger = pki.Authority(tmp_path / "pki")
    stranger.create()
    assert refused(broker, files(broker, "dev-10", stranger))


def revoke(broker, certificate_file):
    """Put a certificate on the revocation list, as the registry does."""
    authority, file = broker.authority, broker.process.crl_file
    old = x509.load_pem_x509_crl(file.read_bytes())
    _, key = authority._load()
    now = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateRevocationListBuilder(old.issuer, now, old.next_update_utc)
    serial = x509.load_pem_x509_certificate(certificate_file.read_bytes()).serial_number
    entry = x509.RevokedCertificateBuilder(serial, now).build()
    for revoked in (*old, entry):
        builder = builder.add_revoked_certificate(revoked)
    new = file.with_suffix(".new")
    new.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    new.rename(file)


def test_a_revoked_client_is_refused_after_a_reload_and_others_stay(broker, monkeypatch):
    pair = files(broker, "dev-11")
    with Client(broker, pair=pair).online():
        pass
    with Client(broker, "dev-12").online() as bystander:
        revoke(broker, pair[0])
        broker.process.reload()
        monkeypatch.setattr("tests.integration.deploy.test_broker_rights.LIMIT_S", 1)
        assert wait_until(lambda: refused(broker, pair), 10)
        assert not bystander.gone.is_set()
    with Client(broker, "dev-13").online():
        pass
    broker.process.stop()
    broker.process.start()
    assert refused(broker, pair), "the list survives a restart of the broker"


def test_a_reload_while_ingestion_is_away_costs_nobody_the_connection(broker):
    """Mosquitto 2.0.21 puts a session twice on its list of those that end, and then ends living ones."""

    def log():
        return broker.process.log_file.read_text()

    def more(words, count):
        return wait_until(lambda: log().count(words) > count, 10)

    for _ in range(2):
        gone = log().count("Client platform.ingestion closed")
        with Client(broker, "platform.ingestion").online(SESSION_EXPIRY_S) as ingestion:
            ingestion.mqtt.socket().shutdown(socket.SHUT_RDWR)
            assert more("Client platform.ingestion closed", gone)
        told = log().count("Client platform.ingestion disconnected")
        broker.process.reload()
        # A reload ends the session of one who is away once more.
        assert more("Client platform.ingestion disconnected", told)
    with ExitStack() as together:
        together.enter_context(Client(broker, "platform.ingestion").online(SESSION_EXPIRY_S))
        devices = [together.enter_context(Client(broker, f"dev-2{n}").online()) for n in range(12)]
        assert not wait_until(lambda: any(one.gone.is_set() for one in devices), 3.0), log()[-2000:]
    assert "Expiring" not in log()
