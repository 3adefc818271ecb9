"""S01: floods with their hysteresis, chattering, stale alerts."""

from services.alerting.domain.load import Chatter, Figures, judge
from tests.unit.alerting.drive import POINTS, T0


def words(
    raised: int = 0, stale: int = 0, chatter: int = 0, active: tuple[tuple[str, str], ...] = ()
) -> list[str]:
    figures = Figures(
        {"op-1": raised} if raised else {},
        {"op-1": stale} if stale else {},
        (Chatter("s1", "gas", "d1", chatter),) if chatter else (),
        frozenset(active),
    )
    return [f"{s.sign} {s.site_id} {s.subject}" for s in judge(figures, POINTS, T0)]


def test_a_flood_begins_above_ten_and_ends_below_five() -> None:
    flood = (("operator:op-1", "flood"),)
    assert words(raised=10) == []
    assert words(raised=11) == ["continues operator:op-1 flood"]
    assert words(raised=5, active=flood) == ["continues operator:op-1 flood"]
    assert words(raised=4, active=flood) == ["cleared operator:op-1 flood"]
    assert words(active=flood) == ["cleared operator:op-1 flood"]


def test_chattering_is_three_a_minute() -> None:
    assert words(chatter=2) == []
    assert words(chatter=3) == ["continues s1 chattering:d1:gas"]
    assert words(active=(("s1", "chattering:d1:gas"),)) == ["cleared s1 chattering:d1:gas"]


def test_stale_is_over_a_day() -> None:
    assert words(stale=1) == ["continues operator:op-1 stale"]
    assert words(active=(("operator:op-1", "stale"),)) == ["cleared operator:op-1 stale"]
