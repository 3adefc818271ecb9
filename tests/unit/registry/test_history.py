import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.areas import Area, covers, fault, prefix
from services.registry.domain.gases import mismatch
from services.registry.domain.history import Version, amend, correct

FIRST, SECOND = dt.date(2026, 1, 1), dt.date(2026, 3, 1)


def test_a_change_splits_the_version_that_holds() -> None:
    found = amend([Version(None, None, {"a": 1, "b": 1})], {"a": 2}, FIRST)
    assert found == [Version(None, FIRST, {"a": 1, "b": 1}), Version(FIRST, None, {"a": 2, "b": 1})]


def test_a_correction_of_the_past_leaves_later_facts_alone() -> None:
    old = amend([Version(None, None, {"a": 1, "b": 1})], {"b": 2}, SECOND)
    found = amend(old, {"a": 9}, FIRST)
    assert found == [
        Version(None, FIRST, {"a": 1, "b": 1}),
        Version(FIRST, SECOND, {"a": 9, "b": 1}),
        Version(SECOND, None, {"a": 9, "b": 2}),
    ]


def test_what_lies_before_stays_the_same_object() -> None:
    old = amend([Version(None, None, {"a": 1})], {"a": 2}, FIRST)
    assert amend(old, {"a": 3}, SECOND)[0] is old[0]


def test_a_correction_reaches_back_as_far_as_the_value_was_held() -> None:
    terms = amend([Version(None, None, {"end": 1, "state": 1})], {"end": 2}, FIRST)
    terms = amend(terms, {"state": 2}, SECOND)
    assert correct(terms, {"end": 3}, {"revision": 9}) == [
        Version(None, FIRST, {"end": 1, "state": 1}),
        Version(FIRST, SECOND, {"end": 3, "state": 1, "revision": 9}),
        Version(SECOND, None, {"end": 3, "state": 2, "revision": 9}),
    ]


days = st.dates(dt.date(2026, 1, 1), dt.date(2026, 2, 1))


@given(st.lists(st.tuples(st.none() | days, st.integers(0, 9)), max_size=8))
def test_versions_never_overlap_nor_leave_a_gap(changes: list[tuple[dt.date | None, int]]) -> None:
    versions = [Version(None, None, {"a": -1})]
    model = dict.fromkeys([dt.date(2025, 12, 31), *(FIRST + dt.timedelta(n) for n in range(32))], -1)
    for since, value in changes:
        versions = amend(versions, {"a": value}, since)
        for day in model:
            if since is None or day >= since:
                model[day] = value
    for day, value in model.items():
        assert [version.fields["a"] for version in versions if version.holds_on(day)] == [value]
    assert versions[0].since is None
    assert versions[-1].until is None
    assert all(a.until == b.since for a, b in itertools.pairwise(versions))


def test_areas() -> None:
    assert [prefix(code) for code in ("53", "530000", "5306", "530600", "530602")] == [
        "53",
        "53",
        "5306",
        "5306",
        "530602",
    ]
    assert covers("530600", "530602")
    assert not covers("530300", "530602")
    assert not covers("530602", "530600")


def test_area_codes_that_cannot_be_used() -> None:
    table = {
        "530600": Area("530600", "昭通市"),
        "530630": Area("530630", "水富县", None, dt.date(2018, 7, 2), "530681"),
    }
    assert fault(table, "530600", FIRST) is None
    assert fault(table, "5306", FIRST, short=True) is None
    for code in ("5306", "999999", "53060", "abcdef", "530630", "٥٣٠٦٠٠"):
        assert fault(table, code, FIRST) is not None
    assert "530681" in str(fault(table, "530630", FIRST))
    assert fault(table, "530630", dt.date(2018, 1, 1)) is None


def test_gases() -> None:
    assert mismatch("detector", "CH4", "LPG")
    assert mismatch("detector", "C3H8", "CH4")
    for kind, device, site in (
        ("detector", "CH4", "CH4"),
        ("detector", "C3H8", "LPG"),
        ("detector", "CO", "CH4"),
        ("detector", None, "CH4"),
        ("detector", "CH4", None),
        ("valve", "LPG", "CH4"),
    ):
        assert mismatch(kind, device, site) is None
