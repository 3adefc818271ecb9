"""Where webhooks may go."""

import pytest

from services.notification.domain.targets import RefusedError, check, choose_address, origin_of

ALLOWED = [
    origin_of(url) for url in ("https://hooks.example.cn", "http://127.0.0.1:8123", "http://[::1]:8123")
]


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.cn/a?b=c",
        "https://HOOKS.example.cn:443/",
        "http://127.0.0.1:8123/x",
        "http://[::1]:8123/x",
    ],
)
def test_what_the_list_names_may_be_called(url: str) -> None:
    check(url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.cn/",
        "https://hooks.example.cn:8443/",
        "https://hooks.example.cn.evil.example/",
        "https://evil.example/hooks.example.cn",
        "https://hooks.example.cn@evil.example/",
        "https://u:p@hooks.example.cn/",
        "http://127.0.0.1:8124/",
        "http://127.0.0.1/",
        "http://2130706433:8123/",
        "http://0x7f.1:8123/",
        "http://127.1:8123/",
        "http://localhost:8123/",
        "http://[::ffff:127.0.0.1]:8123/",
        "http://[::1]:8124/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "gopher://127.0.0.1:8123/",
        "//127.0.0.1:8123/",
        "https://hooks.example.cn\\@evil.example/",
        "https://hooks.example.cn\r\nX: y/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        check(url, ALLOWED)


NAME = origin_of("https://hooks.example.cn")


@pytest.mark.parametrize(
    "resolved",
    [
        ["127.0.0.1"],
        ["10.0.0.8"],
        ["192.168.1.1"],
        ["172.16.0.1"],
        ["169.254.169.254"],
        ["100.64.0.1"],
        ["0.0.0.0"],
        ["::1"],
        ["fe80::1"],
        ["fd00::1"],
        ["::ffff:127.0.0.1"],
        ["224.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        [],
    ],
)
def test_a_name_that_leads_into_a_private_network_is_refused(resolved: list[str]) -> None:
    with pytest.raises(RefusedError):
        choose_address(NAME, resolved)


def test_one_address_is_chosen_and_no_name_is_looked_up_again() -> None:
    assert choose_address(NAME, ["93.184.215.14", "93.184.215.15"]) == "93.184.215.14"
    assert choose_address(origin_of("http://127.0.0.1:8123"), []) == "127.0.0.1"


def test_localhost_must_be_this_machine() -> None:
    local = origin_of("http://localhost:8123")
    assert choose_address(local, ["127.0.0.1"]) == "127.0.0.1"
    with pytest.raises(RefusedError):
        choose_address(local, ["93.184.215.14"])
