"""What goes out, for how long, and what does not."""

from hypothesis import given
from hypothesis import strategies as st

from services.actuation.domain.outgoing import Dropped, Outgoing, judge

NOW_MS = 1_800_000_000_000


def command(*, client_id: str = "valve-1", left_ms: int = 30_000) -> Outgoing:
    return Outgoing("id", 1, client_id, "jws", expires_ms=NOW_MS + left_ms, issued_ms=NOW_MS)


@given(st.integers(-100_000, 10_000_000))
def test_the_broker_never_holds_it_longer_than_it_lives(left_ms: int) -> None:
    verdict = judge(command(left_ms=left_ms), NOW_MS)
    if left_ms < 1000:
        assert verdict is Dropped.EXPIRED
    else:
        assert isinstance(verdict, int)
        assert 1 <= verdict <= 30
        assert verdict * 1000 <= left_ms


@given(st.text(max_size=70).filter(lambda text: not text.isascii() or not text.replace("-", "").isalnum()))
def test_an_id_that_could_name_another_topic_is_refused(client_id: str) -> None:
    if all(c.isascii() and (c.isalnum() or c in "-_") for c in client_id) and 1 <= len(client_id) <= 64:
        return
    assert judge(command(client_id=client_id), NOW_MS) is Dropped.BAD_CLIENT


def test_wildcards_and_levels_are_refused() -> None:
    for client_id in ("+", "#", "a/b", "", "a\n", "x" * 65, "../a"):
        assert judge(command(client_id=client_id), NOW_MS) is Dropped.BAD_CLIENT
