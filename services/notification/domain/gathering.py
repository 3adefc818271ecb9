"""In a flood of alerts (S01) what is not urgent reaches each person once a minute, in one message."""

from collections.abc import Sequence

from services.notification.domain.model import Language, Notice

WINDOW_S = 60
ONE_BY_ONE_MAX = 10  # what a person is told singly in a window, until S01 has been noticed (ISA-18.2)
LINES_MAX = 30  # so that the message stays one that a phone shows
# P1 never waits; what the platform says of itself does not either, and tests keep their mark.
_GATHERED = frozenset({"P2", "P3", "P4"})
_AT_ONCE = frozenset({"S01", "S02"})


def may_wait(notice: Notice) -> bool:
    """Return whether a notice is gathered while its operator's people are flooded."""
    return (
        notice.topic == "alert"
        and notice.priority in _GATHERED
        and notice.rule not in _AT_ONCE
        and not notice.mark
    )


def compose_gathered(titles: Sequence[str], language: Language) -> tuple[str, str]:
    """Return title and body of a message that gathers several, in the order in which they came."""
    zh = language == "zh-CN"
    count = len(titles)
    title = f"报警洪泛，汇总 {count} 条" if zh else f"Alarm flood, {count} alerts gathered"
    lines = list(titles[:LINES_MAX])
    if count > LINES_MAX:
        more = count - LINES_MAX
        lines.append(f"……另有 {more} 条，请查看系统" if zh else f"… and {more} more, see the console")
    return title, "\n".join(lines)
