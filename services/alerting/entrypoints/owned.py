"""One partition while this process owns it: its claim, its folded state, and how far it is."""

import msgspec

from services.alerting.domain.fold import PartitionState
from services.alerting.domain.items import Item
from services.alerting.domain.signals import AnySignal
from services.alerting.domain.spec import Spec
from services.alerting.entrypoints.decoding import Bad, decode, raw_item
from services.alerting.ports import Advance, Claim

SNAPSHOT_EVERY_S = 30.0


class Owned:
    """`next` is the offset to be folded next, `committed` what the partition's row says."""

    def __init__(self, claim: Claim, specs: list[Spec], monotonic: float) -> None:
        self.claim = claim
        self.state = PartitionState()
        self.next = claim.snapshot_offset
        self.committed = claim.offset
        self.claimed_at = monotonic
        # Partitions take turns, so that their snapshots do not fall together.
        self.snapshot_at = monotonic + SNAPSHOT_EVERY_S * (0.5 + claim.partition % 12 / 12)
        self.unreadable = ""
        if claim.snapshot is not None:
            try:
                self.state.restore(claim.snapshot, specs)
            except msgspec.MsgspecError as error:
                self.unreadable, self.state = str(error), PartitionState()
        if claim.snapshot is None or self.unreadable:
            for spec in specs:
                self.state.put(spec)

    @property
    def replaying(self) -> bool:
        """What is folded now was decided before: it only brings the tracks up to date."""
        return self.next < self.committed

    def fold(
        self, offset: int, record_ms: int, key: bytes | None, value: bytes
    ) -> tuple[list[AnySignal], list[Bad], int]:
        """Fold one record; return what is to be decided, what could not be read, and how many could."""
        items, bad = decode(value)
        mark = key.decode(errors="replace") if key and not items and not bad else None
        signals = self.state.fold(record_ms, items, mark)
        bad += self._unfolded(value, items)
        known = offset < self.committed
        self.next = offset + 1
        return ([], [], 0) if known else (signals, bad, len(items))

    def _unfolded(self, value: bytes, items: list[Item]) -> list[Bad]:
        if not self.state.poison:
            return []
        poison, self.state.poison = self.state.poison, []
        places = {id(item): place for place, item in enumerate(items)}
        return [Bad(raw_item(value, places[id(i)]), why, i.device_id) for i, why in poison]

    def take_unknown(self) -> int:
        """Return how many items of unknown devices came since the last call."""
        count, self.state.unknown = self.state.unknown, 0
        return count

    def advance(self) -> Advance | None:
        """Return the step to commit, or None when nothing new was folded."""
        if self.next <= self.committed:
            return None
        return Advance(self.claim.partition, self.claim.owner_epoch, self.committed, self.next)
