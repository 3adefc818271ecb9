"""What to do: pure decisions about the orders of one site, taken while that site is locked."""

from dataclasses import replace

from services.dispatch.domain.lifecycle import ITEM_OF, Action, move
from services.dispatch.domain.model import Crew, Decision, Item, Limits, Order, Outcome, Place, Situation
from services.dispatch.domain.policy import Cause, joined_text, sends, text_of
from services.dispatch.domain.recommend import Recommendation, in_words, recommend
from services.dispatch.domain.steps import Step

TIMER = "timer"


def on_cause(situation: Situation, cause: Cause, place: Place, new_id: str, limits: Limits) -> Decision:
    """Open the order that an alert or finding needs, or let it join the site's open one."""
    wanted = sends(cause)
    if isinstance(wanted, Outcome):
        return Decision(outcome=wanted)
    order = situation.open_order(wanted.kind)
    if order is not None:
        return _join(situation, order, cause, wanted.skill, place, limits)
    if cause.cause_id in situation.served and cause.trigger != "escalated" and not cause.again:
        return Decision(outcome=Outcome.ALREADY_SERVED)
    order = Order(
        order_id=new_id,
        site_id=place.site_id,
        operator_id=place.operator_id,
        area_code=place.area_code,
        kind=wanted.kind,
        priority=cause.priority,
        text=text_of(cause, place.name),
        opened_at_ms=situation.now_ms,
        updated_at_ms=situation.now_ms,
        alert_ids=(cause.cause_id,),
        skills=(wanted.skill,),
    )
    return open_order(situation, order, place, limits, actor=f"rule:{cause.rule}")


def _join(
    situation: Situation, order: Order, cause: Cause, skill: str, place: Place, limits: Limits
) -> Decision:
    """Let an alert join: what is graver raises the order and leads its text, what is as grave follows."""
    raises = cause.priority < order.priority
    if cause.cause_id in order.alert_ids and not raises:
        return Decision(outcome=Outcome.ALREADY_SERVED)
    now = situation.now_ms
    order = replace(
        order,
        alert_ids=tuple(dict.fromkeys((*order.alert_ids, cause.cause_id))),
        skills=tuple(dict.fromkeys((*order.skills, skill))),
        priority=min(order.priority, cause.priority),
        text=joined_text(order.text, text_of(cause, place.name), cause.priority, order.priority),
        updated_at_ms=now,
        revision=order.revision + 1,
    )
    joined = Item(
        order_id=order.order_id,
        at_ms=now,
        kind="alert_joined",
        actor=f"rule:{cause.rule}",
        alert_id=cause.cause_id,
        reason=f"priority {order.priority}" if raises else None,
    )
    outcome = Outcome.RAISED if raises else Outcome.JOINED
    if raises and order.priority == "P1" and order.state == "open":
        sent, items = _send_somebody(situation, order, place, limits)
        sent = replace(sent, revision=order.revision)
        return Decision(outcome=outcome, orders=(sent,), items=(joined, *items))
    return Decision(outcome=outcome, orders=(order,), items=(joined,))


def open_order(situation: Situation, order: Order, place: Place, limits: Limits, *, actor: str) -> Decision:
    """Open an order; P1 is assigned at once, for others the best crew is recommended to a person."""
    other = situation.open_order("response")
    if order.kind == "response" and other is not None:
        return Decision(outcome=Outcome.SITE_HAS_OPEN_ORDER, other_id=other.order_id)
    now = situation.now_ms
    arrive_ms = limits.arrive_ms(order.area_code) if order.kind == "response" else None
    order = replace(
        order,
        opened_at_ms=now,
        updated_at_ms=now,
        arrive_by_ms=None if arrive_ms is None else now + arrive_ms,
    )
    first = order.alert_ids[0] if order.alert_ids else None
    opened = Item(order_id=order.order_id, at_ms=now, kind="opened", actor=actor, alert_id=first)
    if order.priority == "P1" and order.kind == "response":
        order, items = _send_somebody(situation, order, place, limits)
        return Decision(outcome=Outcome.OPENED, orders=(replace(order, revision=1),), items=(opened, *items))
    best = _best(situation, order, place)
    if best is None:
        return Decision(outcome=Outcome.OPENED, orders=(order,), items=(opened,))
    advice = _item(order, now, "recommended", TIMER, in_words(best), best.crew.crew_id)
    return Decision(outcome=Outcome.OPENED, orders=(order,), items=(opened, advice))


def _item(
    order: Order,
    now_ms: int,
    kind: str,
    actor: str,
    reason: str,
    crew_id: str | None,
    former: str | None = None,
) -> Item:
    """Return a timeline item about a crew; `former` had the order until then."""
    return Item(
        order_id=order.order_id,
        at_ms=now_ms,
        kind=kind,  # type: ignore[arg-type]
        actor=actor,
        reason=reason or None,
        crew_id=crew_id,
        former_crew_id=former if former != crew_id else None,
    )


def _assign(order: Order, crew: Crew, now_ms: int, limits: Limits) -> Order | None:
    """Return the order in the hands of `crew`, or None when its state does not allow it."""
    moved = move(order, "assign", now_ms)
    if moved is None:
        return None
    before = order.crews_before if order.crew_id is None else (*order.crews_before, order.crew_id)
    deadline = now_ms + limits.accept_s * 1000 if order.kind == "response" else None
    return replace(
        moved,
        crew_id=crew.crew_id,
        lead=crew.lead,
        members=crew.members,
        crews_before=tuple(dict.fromkeys(before)),
        accept_by_ms=deadline,
        retry_at_ms=None,
        accepted_at_ms=None,
        departed_at_ms=None,
        waiting=False,
    )


def _best(situation: Situation, order: Order, place: Place) -> Recommendation | None:
    """Return the best crew that may be sent without asking a person."""
    return next((one for one in recommend(order, place, situation.crews) if one.available), None)


def _send_somebody(
    situation: Situation, order: Order, place: Place, limits: Limits, reason: str = ""
) -> tuple[Order, tuple[Item, ...]]:
    """Assign the best crew to an order without one, or look again in `retry_s`; said once, not each time."""
    now = situation.now_ms
    best = _best(situation, order, place)
    assigned = _assign(order, best.crew, now, limits) if best else None
    if best is not None and assigned is not None:
        kind = "reassigned" if order.crew_id else "assigned"
        words = " ".join(part for part in (reason, in_words(best)) if part)
        said = _item(assigned, now, kind, TIMER, words, best.crew.crew_id, former=order.crew_id)
        return assigned, (said,)
    again = replace(order, retry_at_ms=now + limits.retry_s * 1000, waiting=True, tried=())
    if order.waiting:
        return again, ()
    return again, (_item(again, now, "escalated", TIMER, reason or Outcome.NO_CREW, order.crew_id),)


def on_time(situation: Situation, place: Place, limits: Limits) -> Decision:
    """Act on every deadline of the site's orders that has passed by the database's clock."""
    orders: list[Order] = []
    items: list[Item] = []
    for order in situation.orders:
        if order.due_ms is None or order.due_ms > situation.now_ms:
            continue
        changed, said = _ring(situation, order, place, limits)
        orders.append(changed)
        items.extend(said)
    outcome = Outcome.DONE if orders else Outcome.NOTHING_DUE
    return Decision(outcome=outcome, orders=tuple(orders), items=tuple(items))


def _ring(situation: Situation, order: Order, place: Place, limits: Limits) -> tuple[Order, tuple[Item, ...]]:
    """Act on one order's deadlines."""
    now = situation.now_ms
    revision = order.revision
    items: tuple[Item, ...] = ()
    if order.state == "assigned" and order.accept_by_ms is not None and order.accept_by_ms <= now:
        order, items = _lapse(situation, order, place, limits)
    elif order.state == "open" and order.retry_at_ms is not None and order.retry_at_ms <= now:
        order, items = _send_somebody(situation, order, place, limits)
    if order.arrival_missed(now):
        late = _item(order, now, "escalated", TIMER, "arrival_late", order.crew_id)
        order, items = replace(order, late_said=True), (*items, late)
    if items:
        order = replace(order, revision=revision + 1, updated_at_ms=now)
    return order, items


def _lapse(
    situation: Situation, order: Order, place: Place, limits: Limits
) -> tuple[Order, tuple[Item, ...]]:
    """Send the next crew, because this one has not accepted in time."""
    now = situation.now_ms
    order = replace(order, tried=(*order.tried, order.crew_id or ""))
    if _best(situation, order, place) is not None:
        return _send_somebody(situation, order, place, limits, "not_accepted")
    opened = move(order, "lapse", now)
    if opened is None:
        return order, ()
    opened = replace(opened, crews_before=tuple(dict.fromkeys((*order.crews_before, order.crew_id or ""))))
    return _send_somebody(situation, opened, place, limits, "not_accepted")


def act(
    situation: Situation,
    order_id: str,
    action: Action,
    actor: str,
    *,
    crew_id: str | None = None,
    reason: str | None = None,
    device_time_ms: int | None = None,
) -> Decision:
    """Move an order on a person's word: accept, depart, arrive, close, cancel.

    With `crew_id` it is that crew's word, which counts only while the crew holds the order. While an alert
    lasts that needs somebody on site, the order is not cancelled, and closed only with a reason.
    """
    order = situation.order(order_id)
    if order is None:
        return Decision(outcome=Outcome.NO_SUCH_ORDER)
    if crew_id is not None and crew_id != order.crew_id:
        return Decision(outcome=Outcome.ANOTHER_CREW)
    moved = move(order, action, situation.now_ms)
    if moved is None:
        return Decision(outcome=Outcome.STATE_FORBIDS, orders=())
    left = situation.binding if order.kind == "response" else frozenset()
    if left and (action == "cancel" or (action == "close" and not reason)):
        return Decision(outcome=Outcome.ALERTS_ACTIVE, alert_ids=tuple(sorted(left)))
    item = Item(
        order_id=order_id,
        at_ms=situation.now_ms,
        kind=ITEM_OF[action],
        actor=actor,
        reason=reason,
        crew_id=moved.crew_id,
        device_time_ms=device_time_ms,
    )
    return Decision(outcome=Outcome.DONE, orders=(moved,), items=(item,))


def reassign(
    situation: Situation,
    order_id: str,
    crew_id: str | None,
    actor: str,
    place: Place,
    limits: Limits,
    *,
    reason: str = "",
) -> Decision:
    """Give an order to another crew; without `crew_id` to the best that is available.

    A person may send a busy or off-duty crew, but never a response crew of one.
    """
    order = situation.order(order_id)
    if order is None:
        return Decision(outcome=Outcome.NO_SUCH_ORDER)
    advice = recommend(order, place, situation.crews)
    if crew_id is None:
        chosen = next((one for one in advice if one.available), None)
    else:
        chosen = next((one for one in advice if one.crew.crew_id == crew_id), None)
        if chosen and any(found.code == "too_few_people" for found in chosen.reasons):
            chosen = None
    if chosen is None:
        return Decision(outcome=Outcome.NO_CREW)
    now = situation.now_ms
    assigned = _assign(order, chosen.crew, now, limits)
    if assigned is None:
        return Decision(outcome=Outcome.STATE_FORBIDS)
    kind = "reassigned" if order.crew_id else "assigned"
    words = reason or in_words(chosen)
    item = _item(assigned, now, kind, actor, words, chosen.crew.crew_id, former=order.crew_id)
    return Decision(outcome=Outcome.DONE, orders=(replace(assigned, tried=()),), items=(item,))


def report(situation: Situation, step: Step) -> Decision:
    """Take in a step, in any state of the order: a phone that was offline must not lose one."""
    order = situation.order(step.order_id)
    if order is None:
        return Decision(outcome=Outcome.NO_SUCH_ORDER)
    now = situation.now_ms
    changed = replace(order, updated_at_ms=now, revision=order.revision + 1)
    item = Item(
        order_id=order.order_id,
        at_ms=now,
        kind="step",
        actor=step.person,
        crew_id=step.crew_id,
        step=step.step,
        device_time_ms=step.device_time_ms,
    )
    late = not order.is_open or step.crew_id != order.crew_id
    return Decision(outcome=Outcome.LATE_STEP if late else Outcome.DONE, orders=(changed,), items=(item,))
