"""Whatever is done to a chain is found, and where."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.domain.audit import (
    DEPTH_MAX,
    Entry,
    Fault,
    Finding,
    Head,
    Link,
    chained,
    following,
    shortened,
    verify,
)

COUNT = st.integers(2, 30)


def entry(number: int) -> Entry:
    return Entry(
        at_ms=1_000 + number, kind="intent", actor="watch", role="watch", action="POST alerts/{}:acknowledge",
        object=f"alerts/{number}:acknowledge", reason="看过", after={"note": f"第{number}条"},
    )  # fmt: skip


def chain(count: int) -> list[Link]:
    links: list[Link] = []
    last: Head | None = None
    for number in range(count):
        link = following(last, entry(number))
        links.append(link)
        last = Head(link.seq, link.hash)
    return links


def test_a_whole_chain_is_whole():
    links = chain(5)
    assert verify(links, [Head(3, links[2].hash), Head(5, links[4].hash)]) == 5
    assert verify([], []) == 0


@given(COUNT, st.data())
def test_an_edit_is_found_where_it_is(count, data):
    links = chain(count)
    at = data.draw(st.integers(0, count - 1))
    links[at] = replace(links[at], text=links[at].text.replace("watch", "nobody"))
    assert verify(links, []) == Finding(Fault.EDITED, at + 1)


@given(COUNT, st.data())
def test_an_edit_with_a_hash_that_fits_is_found_at_the_next_entry_or_by_a_head(count, data):
    links = chain(count)
    head = Head(count, links[-1].hash)
    at = data.draw(st.integers(0, count - 1))
    previous = links[at - 1].hash if at else bytes(32)
    text = links[at].text.replace("watch", "nobody")
    links[at] = Link(at + 1, chained(previous, text), text)
    if at + 1 < count:
        assert verify(links, [head]) == Finding(Fault.EDITED, at + 2)
    else:
        assert verify(links, [head]) == Finding(Fault.REWRITTEN, count)


@given(COUNT, st.data())
def test_a_chain_computed_anew_from_an_entry_on_is_found_by_a_head(count, data):
    links = chain(count)
    head = Head(count, links[-1].hash)
    at = data.draw(st.integers(0, count - 1))
    last = Head(at, links[at - 1].hash) if at else None
    for number in range(at, count):
        links[number] = following(last, replace(entry(number), actor="nobody"))
        last = Head(links[number].seq, links[number].hash)
    assert verify(links, []) == count
    assert verify(links, [head]) == Finding(Fault.REWRITTEN, count)


@given(COUNT, st.data())
def test_a_deletion_is_found(count, data):
    links = chain(count)
    at = data.draw(st.integers(0, count - 2))
    del links[at]
    assert verify(links, []) == Finding(Fault.DELETED, at + 1)


@given(COUNT, st.data())
def test_two_that_changed_places_are_found(count, data):
    links = chain(count)
    one = data.draw(st.integers(0, count - 2))
    two = data.draw(st.integers(one + 1, count - 1))
    links[one], links[two] = replace(links[two], seq=one + 1), replace(links[one], seq=two + 1)
    assert verify(links, []) == Finding(Fault.REORDERED, one + 1)


@given(COUNT, st.data())
def test_an_end_cut_off_is_found_by_a_head(count, data):
    links = chain(count)
    head = Head(count, links[-1].hash)
    left = data.draw(st.integers(0, count - 1))
    assert verify(links[:left], [head]) == Finding(Fault.TRUNCATED, left + 1)


def test_secrets_and_long_bodies_do_not_get_into_the_chain():
    kept = shortened({"password": "x", "nested": [{"otp": "123456", "reason": "r"}]})
    assert kept == {"password": "…", "nested": [{"otp": "…", "reason": "r"}]}
    assert set(shortened({"rows": ["x" * 100] * 1_000})) == {"bytes", "sha256"}


def test_what_no_database_holds_is_shown_by_its_symbol():
    text = following(None, replace(entry(1), object="rules/\x00", after={"a\x00": ["b\x00"]})).text
    assert "\\u0000" not in text
    assert json.loads(text)["after"] == {"a␀": ["b␀"]}


@pytest.mark.parametrize("depth", [DEPTH_MAX - 1, DEPTH_MAX, 1_000])
def test_a_body_that_is_nested_without_end_is_kept_as_that(depth):
    body: object = "x"
    for _ in range(depth):
        body = [body]
    assert shortened(body) == (body if depth < DEPTH_MAX else {"deeper_than": DEPTH_MAX})
    assert following(None, replace(entry(1), after=shortened(body)))
