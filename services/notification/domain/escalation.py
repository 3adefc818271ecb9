"""Escalation of P1 alerts that nobody acknowledges (DOMAIN 9): supervisor, then duty manager."""

from collections.abc import Mapping, Sequence

from services.notification.domain.model import Notice

# Who is told at which level stands in the routes; how late, here and per area.
DEFAULT_AFTER_S: tuple[int, ...] = (60, 180)
ANSWERS = frozenset({"acknowledged", "confirmed", "reset"})
STARTS = frozenset({"raised", "escalated", "unshelved"})


def ladder(
    notice: Notice, *, acknowledged: bool, areas: Mapping[str, Sequence[int]] | None = None
) -> dict[int, int]:
    """Return the levels to escalate to and after how many seconds; empty when this is not to be escalated."""
    wanted = (
        notice.topic == "alert"
        and notice.priority == "P1"
        and notice.what in STARTS
        and not notice.mark
        and not acknowledged
    )
    if not wanted:
        return {}
    fitting = [prefix for prefix in areas or {} if notice.area_code.startswith(prefix)]
    after_s = (areas or {})[max(fitting, key=len)] if fitting else DEFAULT_AFTER_S
    return {level: seconds for level, seconds in enumerate(after_s, 1) if seconds > 0}
