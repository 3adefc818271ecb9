"""What a person types to find something: parts of ids and names, and pinyin, whole or by its initials."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pypinyin import Style, lazy_pinyin

WORDS_MAX = 5
# Enough to tell names apart; a name of 200 characters would else be stored a hundred times.
SPELT_MAX = 48
BEGIN = "|"
# In pinyin ' parts syllables (xi'an), and ü is written v where there is no key for it.
_KEYS = str.maketrans({"'": None, "’": None, "ü": "v"})


@dataclass(frozen=True, slots=True)
class Searched:
    """What is searched of an object.

    `text` holds ids, names and the initials of the name, a line each; `pinyin` the spelt name from each of
    its syllables on, each after a `BEGIN`, so that 燃气 finds 昭通燃气 by `ranqi` but nothing by `nra`.
    """

    text: str
    pinyin: str


def words(said: str) -> tuple[str, ...]:
    """Return what is looked for: all of these must be found."""
    return tuple(dict.fromkeys(_plain(said).split()))[:WORDS_MAX]


def searched(fields: Mapping[str, Any], plain: Iterable[str], named: str | None) -> Searched:
    """Return what is searched of an object: its fields `plain` as they are, the field `named` spelt too."""
    syllables = _syllables(str(fields[named])) if named else ()
    lines = [_plain(str(fields[name])) for name in plain if fields.get(name)]
    initials = "".join(syllable[0] for syllable in syllables)
    return Searched("\n".join([*lines, initials] if initials else lines), _spelt(syllables))


def found(wanted: Iterable[str], text: str | None, pinyin: str | None) -> bool:
    """Return whether all words are found, as the database finds them."""
    return all(word in (text or "") or BEGIN + word in (pinyin or "") for word in wanted)


def _plain(text: str) -> str:
    """Return a text as it is compared: full-width forms and capitals make no difference."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_KEYS)


@lru_cache(maxsize=4096)
def _syllables(name: str) -> tuple[str, ...]:
    """Return a name's syllables in pinyin; letters and digits stand for themselves, all else is left out."""
    parts = lazy_pinyin(_plain(name), style=Style.NORMAL, errors=list)  # type: ignore[arg-type]
    return tuple(part for part in parts if part.isalnum())


def _spelt(syllables: Sequence[str]) -> str:
    spelt = "".join(syllables)
    begin, parts = 0, [BEGIN + spelt]
    for syllable in syllables[:-1]:
        begin += len(syllable)
        parts.append(BEGIN + spelt[begin : begin + SPELT_MAX])
    return "".join(parts) if spelt else ""
