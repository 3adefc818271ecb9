import pytest

from deploy.native import mosquitto, provision
from deploy.native.pki import CLIENT_ID, PLATFORM, PLATFORM_CLIENTS


@pytest.mark.parametrize(
    ("said", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("no such thing", 0),
    ],
)
def test_java_says_its_major_version(said, major):
    assert provision.java_major(said) == major


def test_only_the_listener_of_the_broker_changes():
    text = "a true\nlistener 8883\nb false\n"
    assert mosquitto.listening_on(text, 20123) == "a true\nlistener 20123 127.0.0.1\nb false\n"


def test_a_configuration_without_the_listener_is_refused():
    with pytest.raises(ValueError, match="listener 8883"):
        mosquitto.listening_on("listener 1883\n", 20123)


def test_no_device_can_bear_the_name_of_a_platform_client():
    assert not any(CLIENT_ID.fullmatch(PLATFORM + name) for name in PLATFORM_CLIENTS)
