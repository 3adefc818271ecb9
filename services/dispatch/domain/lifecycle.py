"""The life of an order as a table: every transition there is stands here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from services.dispatch.domain.model import ItemKind, Order, State

Action = Literal["assign", "lapse", "accept", "depart", "arrive", "close", "cancel"]

# A crew on site is neither sent away nor cancelled: it closes, so that nobody's valve closes over its work.
TRANSITIONS: Mapping[tuple[State, Action], State] = {
    ("open", "assign"): "assigned",
    ("open", "cancel"): "cancelled",
    ("assigned", "assign"): "assigned",
    ("assigned", "lapse"): "open",
    ("assigned", "accept"): "accepted",
    ("assigned", "cancel"): "cancelled",
    ("accepted", "assign"): "assigned",
    ("accepted", "depart"): "en_route",
    ("accepted", "cancel"): "cancelled",
    ("en_route", "assign"): "assigned",
    ("en_route", "arrive"): "on_site",
    ("en_route", "cancel"): "cancelled",
    ("on_site", "close"): "closed",
}

ITEM_OF: Mapping[Action, ItemKind] = {
    "accept": "accepted",
    "depart": "departed",
    "arrive": "arrived",
    "close": "closed",
    "cancel": "cancelled",
}


def move(order: Order, action: Action, now_ms: int) -> Order | None:
    """Return the order after `action`, or None when its state does not allow it."""
    state = TRANSITIONS.get((order.state, action))
    if state is None:
        return None
    order = replace(order, state=state, updated_at_ms=now_ms, revision=order.revision + 1)
    if action == "accept":
        return replace(order, accepted_at_ms=now_ms, accept_by_ms=None, tried=(), waiting=False)
    if action == "depart":
        return replace(order, departed_at_ms=now_ms)
    if action == "arrive":
        return replace(order, arrived_at_ms=now_ms, holds_site=True)
    if action in {"close", "cancel"}:
        return replace(order, closed_at_ms=now_ms, holds_site=False, accept_by_ms=None, retry_at_ms=None)
    if action == "lapse":
        return replace(order, crew_id=None, lead=None, members=(), accept_by_ms=None)
    return order
