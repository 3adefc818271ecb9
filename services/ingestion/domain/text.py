"""Reading JSON text strictly (WIRE.md section 1): depth, finite numbers, and each element's own bytes."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*("|\\?\Z)', re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF: Final = re.compile("[\ud800-\udfff]")
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_DIGITS_MAX: Final = 400
"""An integer with more digits is far out of every range; reading it exactly would cost time only."""
_HUGE: Final = 10**_DIGITS_MAX


def readable(raw: bytes, value: Any) -> Any:
    """Return `value`, whose text is `raw`, with U+FFFD for half surrogates.

    JSON may escape them; but one, even in a field that nobody reads, makes a whole record unreadable.
    """
    return _replaced(value) if _ESCAPED.search(raw) else value


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_replaced(each) for each in value]
    if isinstance(value, dict):
        return {_replaced(name): _replaced(each) for name, each in value.items()}
    return value


class NotJson(ValueError):  # noqa: N818 - named as its reason code
    """The text is not JSON as the wire wants it."""


@dataclass(frozen=True, slots=True)
class Element:
    """One message of a payload: its bytes as they stood, its value, and whether all numbers are finite."""

    raw: bytes
    value: Any
    finite: bool


def depth(text: bytes) -> int:
    """Return how deep `{` and `[` nest outside strings; the outermost is 1. Needs no valid JSON."""
    deepest = level = 0
    for byte in _STRING.sub(b"", text):
        if byte in b"{[":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"}]":
            level = max(level - 1, 0)
    return deepest


def nests_deeper(text: bytes, limit: int) -> bool:
    """Return whether `text` nests deeper than `limit`; with few brackets no look at its strings is needed."""
    return text.count(b"{") + text.count(b"[") > limit and depth(text) > limit


class _Reader:
    """Reads values one by one and remembers whether a number was beyond a double."""

    def __init__(self) -> None:
        self.finite = True
        self._decoder = json.JSONDecoder(
            parse_float=self._float, parse_int=self._int, parse_constant=self._constant
        )

    def value(self, text: str, at: int) -> tuple[Any, int]:
        self.finite = True
        try:
            return self._decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise NotJson(str(error)) from error

    def _float(self, text: str) -> float:
        value = float(text)
        if value in {float("inf"), float("-inf")}:
            self.finite = False
        return value

    def _int(self, text: str) -> int:
        if len(text) <= _DIGITS_MAX:
            return int(text)
        return -_HUGE if text.startswith("-") else _HUGE

    def _constant(self, name: str) -> float:
        raise NotJson(f"{name} is not a number of JSON")


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def read(payload: bytes) -> tuple[list[Element], bool]:
    """Return the messages of a payload and whether they stood in an array; NotJson when unreadable."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson(str(error)) from error
    reader = _Reader()
    start = _space(text, 0)
    is_list = text.startswith("[", start)
    if is_list:
        elements, end = _elements(reader, text, start + 1)
    else:
        value, end = reader.value(text, start)
        elements = [Element(payload, value, reader.finite)]
    if _space(text, end) != len(text):
        raise NotJson(f"something follows at {end}")
    return elements, is_list


def _elements(reader: _Reader, text: str, at: int) -> tuple[list[Element], int]:
    elements: list[Element] = []
    at = _space(text, at)
    if text.startswith("]", at):
        return elements, at + 1
    while True:
        value, end = reader.value(text, at)
        elements.append(Element(text[at:end].encode(), value, reader.finite))
        at = _space(text, end)
        if text.startswith("]", at):
            return elements, at + 1
        if not text.startswith(",", at):
            raise NotJson(f"neither comma nor bracket at {at}")
        at = _space(text, at + 1)
