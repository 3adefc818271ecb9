import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain import licences
from services.registry.domain.licensing import Activity, Licence, findings, judge

DAY = dt.date(2026, 6, 1)
GOOD = Licence("l", "n", "pipeline", ("530602",), dt.date(2025, 1, 1), dt.date(2026, 12, 31), "valid")
SHOP = Activity("530602", "restaurant", "CH4", ("s",))


def test_a_valid_licence_of_class_and_area_covers() -> None:
    assert judge([GOOD], SHOP, DAY) is None


@pytest.mark.parametrize(
    ("licence", "reason"),
    [
        (None, "never_licensed"),
        (replace(GOOD, state="applied"), "never_licensed"),
        (replace(GOOD, valid_from=dt.date(2026, 6, 2)), "never_licensed"),
        (replace(GOOD, valid_to=dt.date(2026, 5, 31)), "expired"),
        (replace(GOOD, licence_class="bottled"), "out_of_class"),
        (replace(GOOD, area_codes=("530621", "5303")), "out_of_area"),
        (replace(GOOD, borrowed_from="other"), "borrowed"),
        (replace(GOOD, state="withdrawn"), "withdrawn"),
        (replace(GOOD, state="annulled"), "annulled"),
        (replace(GOOD, state="revoked"), "revoked"),
        (replace(GOOD, state="suspended"), "suspended"),
        (replace(GOOD, state="deregistered"), "deregistered"),
    ],
)
def test_every_reason(licence: Licence | None, reason: str) -> None:
    found = findings([licence] if licence else [], [SHOP], DAY)
    assert [(finding.reason, finding.site_ids) for finding in found] == [(reason, ("s",))]


def test_since_when_is_told_where_the_register_knows_it() -> None:
    ended, gone = dt.date(2026, 5, 31), dt.date(2026, 3, 1)
    told = {
        "expired": (replace(GOOD, valid_to=ended), dt.date(2026, 6, 1)),
        "revoked": (replace(GOOD, state="revoked", state_since=gone), gone),
        "out_of_area": (replace(GOOD, area_codes=("530621",), state_since=gone), None),
        "never_licensed": (replace(GOOD, state="applied"), None),
    }
    for reason, (licence, since) in told.items():
        (found,) = findings([licence], [SHOP], DAY)
        assert (found.reason, found.since) == (reason, since)


@pytest.mark.parametrize("area", ["53", "5306", "530600", "530000", "530602"])
def test_an_area_of_a_licence_covers_what_lies_below(area: str) -> None:
    assert judge([replace(GOOD, area_codes=(area,))], SHOP, DAY) is None


def test_the_last_day_still_counts() -> None:
    assert judge([replace(GOOD, valid_to=DAY)], SHOP, DAY) is None
    assert judge([replace(GOOD, valid_to=DAY)], SHOP, DAY + dt.timedelta(days=1)) == "expired"


def test_one_good_licence_is_enough_and_the_nearest_gives_the_reason() -> None:
    revoked = replace(GOOD, state="revoked")
    assert judge([revoked, GOOD], SHOP, DAY) is None
    assert judge([revoked, replace(GOOD, area_codes=("530621",))], SHOP, DAY) == "out_of_area"


def test_a_renewal_filed_in_time_is_deemed_granted() -> None:
    """Administrative Licensing Law, article 50."""
    end = dt.date(2026, 5, 31)
    for filed, expected in (
        (end - dt.timedelta(days=30), None),
        (end - dt.timedelta(days=29), "expired"),
        (end + dt.timedelta(days=1), "expired"),
    ):
        licence = replace(GOOD, valid_to=end, state="renewal_pending", renewal_filed_on=filed)
        assert judge([licence], SHOP, DAY) == expected
        assert judge([licence], SHOP, end) is None


def test_a_station_needs_planning_approval_beside_its_licence() -> None:
    gate = Activity("530602", "gate_station", "CH4", ("g",), ("g",))
    assert [finding.reason for finding in findings([GOOD], [gate], DAY)] == ["no_planning_approval"]
    assert findings([GOOD], [replace(gate, unapproved_site_ids=())], DAY) == []
    both = findings([], [gate], DAY)
    assert [finding.reason for finding in both] == ["never_licensed", "no_planning_approval"]


def test_a_seat_whose_sites_lie_elsewhere_asks_for_any_licence() -> None:
    seat = Activity("530602", "seat", elsewhere=True)
    elsewhere = replace(GOOD, area_codes=("530621",))
    assert judge([elsewhere], seat, DAY) is None
    assert judge([elsewhere], replace(seat, elsewhere=False), DAY) == "out_of_area"
    assert judge([], seat, DAY) == "never_licensed"


def test_classes_by_gas_and_kind() -> None:
    bottled = replace(GOOD, licence_class="bottled")
    assert judge([bottled], Activity("530602", "lpg_station", "LPG"), DAY) is None
    assert judge([GOOD], Activity("530602", "lpg_station", "LPG"), DAY) == "out_of_class"
    assert judge([bottled], Activity("530602", "restaurant", "LPG"), DAY) is None
    assert judge([bottled], Activity("530602", "restaurant", None), DAY) is None
    assert judge([replace(GOOD, licence_class="other")], SHOP, DAY) is None


states = st.sampled_from(["applied", "valid", "renewal_pending", "suspended", "revoked", "annulled"])
days = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))


@given(states, days, days, st.none() | days, days)
def test_a_licence_in_force_lies_within_its_dates_or_was_filed_in_time(
    state: licences.State, start: dt.date, end: dt.date, filed: dt.date | None, day: dt.date
) -> None:
    found = licences.state_on(state, start, end, filed, day)
    if found in {"valid", "suspended"}:
        assert start <= day <= end
    if found == "renewal_pending" and day > end:
        assert filed is not None
        assert filed <= end - dt.timedelta(days=30)


def test_ended_licences_stay_ended() -> None:
    for ended in ("withdrawn", "annulled", "revoked"):
        allowed = {verb for verb in licences.VERBS if licences.after(verb, ended)}
        assert allowed == {"deregister"}
    assert not any(licences.after(verb, "deregistered") for verb in licences.VERBS)
