"""What alerting notices of the platform itself: late marks, unreadable items (rule S02)."""

from collections.abc import Callable, Iterable

from services.alerting.domain.marks import LATE_MS
from services.alerting.domain.platform import platform_signal
from services.alerting.domain.poison import Poison, Verdict
from services.alerting.domain.signals import AnySignal, Sign
from services.alerting.domain.site import PLATFORM_SITE
from services.alerting.entrypoints.decoding import Bad
from services.alerting.entrypoints.owned import Owned
from services.alerting.ports import Registry
from shared.chassis.clock import Clock


class Watch:
    """One alert about missing marks, one per quarantined device, one when everything is unreadable."""

    def __init__(self, registry: Registry, clock: Clock, instance: str) -> None:
        self._registry = registry
        self._clock = clock
        self._instance = instance
        self._late: bool | None = None
        self.poison = Poison()

    def remember(self, device_ids: Iterable[str]) -> None:
        """Go on with the quarantines that an earlier process began."""
        self.poison.quarantined |= dict.fromkeys(device_ids, self._clock.now_ms())

    def look(self, owned: Iterable[Owned], caught_up: Callable[[int], bool]) -> list[AnySignal]:
        """Say when the marks of a partition became late or came back; only a clock can tell that."""
        signals = [self._released(device_id) for device_id in self.poison.released(self._clock.now_ms())]
        partitions = list(owned)
        late = [p.claim.partition for p in partitions if self._is_late(p) and caught_up(p.claim.partition)]
        if late and not self._late:
            self._late = True
            reason = f"no_marks:{','.join(map(str, late))}"
            signals.append(self._about(Sign.RAISED, f"marks:{self._instance}", reason))
        elif self._late is not False and partitions and all(self._is_fresh(p) for p in partitions):
            # Also once after a start: what an earlier process raised ends here.
            self._late = False
            signals.append(self._about(Sign.CLEARED, f"marks:{self._instance}", "marks_are_back"))
            signals.append(self._about(Sign.CLEARED, f"poison:{self._instance}", "started_again"))
        return signals

    def unreadable(self, bad: Bad) -> tuple[bool, list[AnySignal]]:
        """Count an unreadable item; return whether to halt, and what to say."""
        finding = self.poison.bad(bad.device_id, self._clock.now_ms())
        signals: list[AnySignal] = []
        if b"alarm" in bad.value:
            site_id = self._registry.site_of(bad.device_id)
            # It begins and ends with that one message, and stays listed until somebody has seen it.
            subject = f"unreadable:{bad.device_id}"
            both = (Sign.RAISED, Sign.CLEARED)
            whose = (bad.device_id,) if bad.device_id else ()
            signals += [
                self._about(sign, subject, "unreadable_alarm", site_id, device_ids=whose) for sign in both
            ]
        if finding.verdict == Verdict.HALT:
            signals.append(self._about(Sign.RAISED, f"poison:{self._instance}", "halted"))
        elif finding.verdict == Verdict.QUARANTINE:
            site_id = self._registry.site_of(finding.device_id)
            subject = f"quarantine:{finding.device_id}"
            devices = (finding.device_id,)
            signals.append(self._about(Sign.RAISED, subject, "quarantined", site_id, "P3", devices))
        return finding.verdict == Verdict.HALT, signals

    def _is_fresh(self, owned: Owned) -> bool:
        return self._clock.now_ms() - owned.state.mark_ms <= LATE_MS

    def _is_late(self, owned: Owned) -> bool:
        since_s = self._clock.monotonic() - owned.claimed_at
        return since_s * 1000 >= LATE_MS and not self._is_fresh(owned)

    def _released(self, device_id: str) -> AnySignal:
        return self._about(
            Sign.CLEARED, f"quarantine:{device_id}", "readable_again", self._registry.site_of(device_id)
        )

    def _about(
        self,
        sign: Sign,
        subject: str,
        reason: str,
        site_id: str = PLATFORM_SITE,
        priority: str | None = None,
        device_ids: tuple[str, ...] = (),
    ) -> AnySignal:
        return platform_signal(
            sign,
            subject,
            self._registry.points["S02"],
            self._clock.now_ms(),
            reason,
            site_id=site_id,
            priority=priority,
            device_ids=device_ids,
        )
