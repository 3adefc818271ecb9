"""Each answer of a valve to a command, and what no sequence of commands can do to it."""

import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import KeySet, OctKey, OKPKey

from simulators.valve_logic import Memory, ValveLogic, Verdict

NOW_MS = 1_800_000_000_000
KEY = OKPKey.generate_key("Ed25519", {"kid": "k1"})
SECOND = OKPKey.generate_key("Ed25519", {"kid": "k2"})
STRANGER = OKPKey.generate_key("Ed25519", {"kid": "k1"})
KEYS = KeySet.import_key_set({"keys": [key.as_dict(private=False) for key in (KEY, SECOND)]})
HEADER = {"alg": "Ed25519", "typ": "gas-cmd+jwt", "kid": "k1"}


def command(*, key: Any = KEY, header: dict[str, str] | None = None, without: str = "", **claims: Any) -> str:
    body = {
        "command_id": "c1",
        "valve_id": "v1",
        "action": "close",
        "seq": NOW_MS,
        "issued_at_ms": NOW_MS,
        "expires_at_ms": NOW_MS + 30_000,
        "alert_id": None,
        "actors": ["rule:G02"],
    } | claims
    body.pop(without, None)
    head = HEADER | (header or {})
    return jws.serialize_compact(head, msgspec.json.encode(body), key, algorithms=[head["alg"]])


def valve(**more: Any) -> ValveLogic:
    return ValveLogic("v1", KEYS, **more).learn_time(NOW_MS, 1_000)


def answer(verdict: Verdict) -> dict[str, Any]:
    return verdict.data()


def test_a_good_command_is_accepted_and_remembered_before_it_moves() -> None:
    verdict = valve().judge(command(), 1_500)
    assert answer(verdict) == {"command_id": "c1", "result": "accepted"}
    assert verdict.moves
    assert verdict.memory == Memory(NOW_MS, "c1")


def test_the_second_valid_key_is_trusted_too() -> None:
    assert valve().judge(command(key=SECOND, header={"kid": "k2"}), 1_500).moves


def test_the_same_id_is_done_without_moving_even_when_it_has_expired() -> None:
    logic = valve(memory=Memory(NOW_MS, "c1"))
    for monotonic_ms in (1_500, 10**9):
        verdict = logic.judge(command(), monotonic_ms)
        assert answer(verdict) == {"command_id": "c1", "result": "done"}
        assert not verdict.moves


TAMPERED = command()[:-4] + "AAAA"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b.c",
        "é",
        TAMPERED,
        command(key=STRANGER),
        command(header={"kid": "unknown"}),
        command(header={"typ": "JWT"}),
        command(without="seq"),
        command(without="command_id"),
        command(seq="1"),
        jws.serialize_compact(
            {"alg": "HS256", "typ": "gas-cmd+jwt", "kid": "k1"}, b"{}", OctKey.import_key("x" * 32), ["HS256"]
        ),
        "eyJhbGciOiJub25lIn0.e30.",
    ],
)
def test_what_cannot_be_verified_is_refused_without_an_id(text: str) -> None:
    verdict = valve().judge(text, 1_500)
    assert answer(verdict) == {"command_id": None, "result": "refused", "reason": "bad_signature"}
    assert not verdict.moves


@pytest.mark.parametrize(
    ("logic", "text", "monotonic_ms", "reason"),
    [
        (valve(), command(valve_id="v2"), 1_500, "wrong_valve"),
        (valve(), command(action="open"), 1_500, "unknown_action"),
        (valve(), command(action="toggle"), 1_500, "unknown_action"),
        (replace(valve(), offset_ms=None), command(), 1_500, "clock_unset"),
        (valve(), command(), 31_000, "expired"),
        (valve(), command(expires_at_ms=NOW_MS + 30_001), 1_500, "expired"),
        (valve(memory=Memory(NOW_MS, "c0")), command(), 1_500, "replayed"),
        (valve(memory=Memory(NOW_MS + 1, "c0")), command(), 1_500, "replayed"),
        # The first check that fails names the reason.
        (valve(), command(valve_id="v2", action="open"), 1_500, "wrong_valve"),
        (valve(memory=Memory(NOW_MS, "c0")), command(), 10**9, "expired"),
    ],
)
def test_each_refusal_has_its_reason(logic: ValveLogic, text: str, monotonic_ms: int, reason: str) -> None:
    verdict = logic.judge(text, monotonic_ms)
    assert answer(verdict) == {"command_id": "c1", "result": "refused", "reason": reason}
    assert not verdict.moves
    assert verdict.memory == logic.memory


def test_a_millisecond_before_it_expires_it_is_taken() -> None:
    assert valve().judge(command(), 30_999).moves


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_no_command_moves_a_valve_twice_late_or_out_of_order(seed: int) -> None:
    """Ten commands, shuffled, repeated, delayed, with losses of power between them."""
    chance = random.Random(seed)
    made = [
        command(
            command_id=f"c{n}",
            seq=NOW_MS + n,
            issued_at_ms=NOW_MS + n * 900,
            expires_at_ms=NOW_MS + n * 900 + 3_000,
        )
        for n in range(10)
    ]
    logic, monotonic_ms, moved = valve(), 1_000, []
    for _ in range(40):
        monotonic_ms += chance.choice((0, 10, 500, 2_000))
        number = chance.randrange(10)
        verdict = logic.judge(made[number], monotonic_ms)
        logic = replace(logic, memory=verdict.memory)
        if chance.random() < 0.1:
            logic = ValveLogic("v1", KEYS, logic.memory).learn_time(
                NOW_MS + monotonic_ms - 1_000, monotonic_ms
            )
        if verdict.moves:
            assert NOW_MS + monotonic_ms - 1_000 < NOW_MS + number * 900 + 3_000
            moved.append(number)
    assert moved == sorted(set(moved))
