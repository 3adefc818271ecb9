"""Alarms of devices that nobody registered (D08), and of messages that had to be rejected (S02)."""

from services.alerting.domain.context import Context
from services.alerting.domain.items import Item
from services.alerting.domain.platform import stranger_signal
from services.alerting.domain.signals import Sign
from services.alerting.domain.spec import Spec
from services.alerting.domain.track import Track

# So many behind one client are told of one by one, further ones as one alert together: a client that makes up
# ids would bury its site, and every transaction about it, under open alerts.
STRANGERS_MAX = 20


class Strangers:
    """Who is in alarm and has no spec: subject → until when, and the device that speaks for its client."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.open: dict[str, tuple[int, str]] = {}

    def heard(self, known: Spec, client: str, item: Item) -> None:
        """Take a stranger's alarm; `known` is a device at the client's site."""
        now, spokesman = self._ctx.now_ms, known.facts.device_id
        subject = f"rejected:{client}" if item.type == "alarm_rejected" else item.device_id
        if subject not in self.open and self._crowded(spokesman):
            subject = f"strangers:{client}"
        over_ms = now + known.points["D08"].off_ms
        sign = Sign.CONTINUES
        if subject not in self.open:
            sign = Sign.RAISED
            self._ctx.later(over_ms, subject, "stranger")
        self.open[subject] = (over_ms, spokesman)
        self._ctx.signals.append(stranger_signal(known, subject, item, self._ctx.record_ms, sign))

    def _crowded(self, spokesman: str) -> bool:
        return sum(other == spokesman for _, other in self.open.values()) >= STRANGERS_MAX

    def fire(self, subject: str, at_ms: int, cells: dict[str, tuple[Spec, Track]]) -> None:
        """End what was not heard any more; each subject has one timer, however often it is heard."""
        over_ms, spokesman = self.open.get(subject, (0, ""))
        if over_ms > at_ms:
            self._ctx.later(over_ms, subject, "stranger")
            return
        self.open.pop(subject, None)
        cell = cells.get(spokesman)
        if cell is not None:
            self._ctx.signals.append(
                stranger_signal(cell[0], subject, None, self._ctx.record_ms, Sign.CLEARED)
            )
