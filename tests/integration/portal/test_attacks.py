"""What somebody who wants in, or too much, gets from the portal."""

import asyncio
import secrets
from string import ascii_letters

import orjson
import pyotp
import pytest

from services.portal.adapters.audit import _LOCK
from services.portal.app import show_order
from services.portal.domain.replay import Replay
from services.portal.entrypoints.streams import may_see
from shared.chassis.database import transaction
from shared.chassis.principal import Principal
from tests.integration.portal.rig import SECRET, bearer, next_code, sign_in

# Shorter than a statement may take: whoever waited for the chain would be too late.
SOON_S = 10


async def many_bytes(count, sent):
    for _ in range(count):
        sent.append(1)
        yield b"x" * 65_536


async def test_nobody_fills_the_memory_before_signing_in(portal):
    sent: list[int] = []
    headers = {"Content-Type": "application/json"}
    answer = await portal.post("/api/v1/session", content=many_bytes(800, sent), headers=headers)
    assert answer.status_code == 413
    assert len(sent) < 80


async def test_guessing_at_once_is_guessing(portal):
    answers = await asyncio.gather(*(sign_in(portal, password=f"guess-{n}") for n in range(30)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 25


async def test_how_long_a_wrong_password_takes_does_not_say_whether_the_name_exists(portal):
    """An account's wrong password is written down, which nobody who signs in waits for."""
    async with transaction(portal.chain._adding) as holding:
        await holding.execute(_LOCK)
        async with asyncio.timeout(SOON_S):
            for username in ("member", "nobody"):
                assert (await sign_in(portal, username, password="wrong")).status_code == 401
    await portal.later.ended()
    told = [orjson.loads(link.text) async for link in portal.chain.links()]
    assert [(one["actor"], one["action"], one["status"]) for one in told] == [("member", "POST session", 401)]


async def test_codes_cannot_be_guessed_with_a_stolen_session(portal):
    answer = await sign_in(portal, "watch", pyotp.TOTP(SECRET).now())
    right = next_code()
    wrong = [code for code in ("000001", "000002", "000003", "000004", "000005", "000006") if code != right]
    portal.cookies.clear()
    url = "/api/v1/valves/v1:arm"
    tried = await asyncio.gather(
        *(portal.post(url, json={"reason": "r", "otp": code}, headers=bearer(answer)) for code in wrong[:5])
    )
    assert {one.status_code for one in tried} <= {200, 401}
    assert all(one.status_code == 401 or not one.json()["second_factor"] for one in tried)
    late = await portal.post(url, json={"reason": "r", "otp": right}, headers=bearer(answer))
    assert late.status_code == 401, "after five wrong codes the session has ended"


@pytest.mark.parametrize(
    "body",
    [
        {"username": "a\0b", "password": "x"},
        {"username": "member", "password": "x\0"},
        {"username": "member", "password": "x", "otp": "१२३४५६"},
    ],
)
async def test_odd_texts_are_no_fault_of_ours(portal, body):
    assert (await portal.post("/api/v1/session", json=body)).status_code in {401, 422}


async def test_an_answer_never_repeats_a_password(portal):
    answer = await portal.post("/api/v1/session", json={"password": "hunter2-hunter2", "more": 1})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


def order_seen_by(principal: Principal, crew_id: str | None, former: str | None = None) -> bool:
    import msgspec

    from shared.contracts.events import Order, OrderChanged, OrderItem

    found = Order(
        order_id="o", site_id="s", operator_id="op-a", area_code="530602", kind="response", priority="P1",
        state="assigned", text="t", alert_ids=[], crew_id=crew_id, lead=None, members=[], opened_at_ms=0,
        updated_at_ms=0,
    )  # fmt: skip
    item = OrderItem(0, "reassigned", former_crew_id=former)
    shown = show_order(msgspec.json.encode(OrderChanged(found, item)))
    assert shown is not None
    return may_see(principal, Replay([0]).add(0, 0, 0, *shown))


def test_a_crew_follows_its_own_orders_only():
    member = Principal("m", frozenset({"crew_member"}), operator_id="op-a", crew_id="crew-1")
    assert order_seen_by(member, "crew-1")
    assert order_seen_by(member, "crew-2", former="crew-1"), "it has to hear that the order is gone"
    assert not order_seen_by(member, "crew-2")
    assert not order_seen_by(member, None)
    assert order_seen_by(Principal("d", frozenset({"dispatcher"}), operator_id="op-a"), "crew-2")
    assert not order_seen_by(Principal("m", frozenset({"crew_member"}), operator_id="op-a"), None)


def test_the_administrator_follows_everything():
    assert order_seen_by(Principal("a", frozenset({"administrator"})), "crew-2")


async def test_an_id_of_thousands_of_letters_is_written_down_like_any_other(portal):
    """What stands in no index of the chain would look as if the chain were away."""
    answer = await sign_in(portal, "watch", pyotp.TOTP(SECRET).now())
    portal.cookies.clear()
    named = "".join(secrets.choice(ascii_letters) for _ in range(6_000))
    url = f"/api/v1/alerts/{named}:acknowledge"
    assert (await portal.post(url, json={}, headers=bearer(answer))).status_code == 200
