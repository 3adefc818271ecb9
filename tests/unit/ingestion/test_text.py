"""Reading text: depth without a parser, elements with their own bytes, finite numbers."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.domain.text import NotJson, depth, nests_deeper, read

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def nesting(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(nesting, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(nesting, value), default=0)
    return 0


@given(values, st.sampled_from([None, 1, "\t"]))
def test_depth_counts_brackets_outside_strings(value: object, indent: int | str | None) -> None:
    assert depth(json.dumps(value, indent=indent).encode()) == nesting(value)
    assert depth(
        json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass")
    ) == nesting(value)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        (b'{"a":"[[[[[["}', 1),
        (b"[[[[[", 5),
        (b"]]]][", 1),
        (b'["\\\\",[', 2),
    ],
)
def test_depth_of_broken_text(text: bytes, levels: int) -> None:
    assert depth(text) == levels
    assert nests_deeper(text, levels - 1)
    assert not nests_deeper(text, levels)


@pytest.mark.parametrize("text", [b"[" * 16_000, b'"\\' * 8_000, b'\\"' * 8_000, b'"\\"' * 5_000 + b"\\"])
def test_bombs_cost_little(text: bytes) -> None:
    began = time.process_time()
    depth(text)
    with pytest.raises(NotJson):
        read(text)
    assert time.process_time() - began < 0.2


@given(st.lists(values, max_size=5), st.sampled_from(["", " ", "\r\n\t "]))
def test_elements_keep_their_bytes(items: list[object], space: str) -> None:
    texts = [json.dumps(item) for item in items]
    payload = (space + "[" + space + (space + "," + space).join(texts) + space + "]" + space).encode()
    elements, is_list = read(payload)
    assert is_list
    assert [element.raw.decode() for element in elements] == texts
    assert [element.value for element in elements] == items


@pytest.mark.parametrize(
    "text",
    [b"", b" ", b"{", b"[1,]", b"[1 2]", b"1 2", b"NaN", b"-Infinity", b"\xef\xbb\xbf1", b'"\xff"',
     b"{'a':1}", b"01", b"\x0b1", b'"a\nb"', b"[1", b"\xc3\x28", b'{"a":1}}'],
)  # fmt: skip
def test_not_json(text: bytes) -> None:
    with pytest.raises(NotJson):
        read(text)


def test_numbers_beyond_a_double_are_told_by_element() -> None:
    elements, _ = read(b'[1e308, {"a": [1e999]}, -1e999, 2]')
    assert [element.finite for element in elements] == [True, False, False, True]


def test_a_long_integer_is_read_as_a_large_one() -> None:
    (positive,), _ = read(b"9" * 9_000)
    (negative,), _ = read(b"-" + b"9" * 9_000)
    assert positive.value > 2**53
    assert negative.value < 0
