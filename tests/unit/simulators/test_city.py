"""The scenario has what DESIGN section 5 asks for, the same each time, and its stories can be played."""

from collections import Counter

from stdnum.cn import uscc

from shared.contracts.telemetry import TELEMETRY_PARTITIONS, partition_of
from simulators import stories
from simulators.city import build, load


def test_the_same_file_gives_the_same_city():
    assert build(load()) == build(load())


def test_eleven_counties_and_four_of_seventeen_operators_licensed():
    scenario = load()
    assert len(scenario["counties"]) == 11
    states = Counter(operator["licence"] for operator in scenario["operators"])
    assert (states["valid"], sum(states.values())) == (4, 17)
    assert {"never", "expired", "out_of_area", "revoked", "withdrawn"} <= set(states)


def test_credit_codes_are_well_formed_and_ids_unique():
    city = build(load())
    assert all(uscc.is_valid(row["credit_code"]) for row in city.operators)
    for rows, name in ((city.sites, "site_id"), (city.devices, "device_id"), (city.operators, "operator_id")):
        assert len({row[name] for row in rows}) == len(rows)


def test_a_few_hundred_obliged_users_part_without_alarm_or_valve():
    city = build(load())
    obliged = {row["site_id"] for row in city.sites if row["obliged"] == "true"}
    alarmed = {row["site_id"] for row in city.devices if row["kind"] == "detector"}
    cut_off = {row["site_id"] for row in city.devices if row["kind"] == "valve"}
    assert len(obliged) > 250
    assert obliged - alarmed
    assert (obliged & alarmed) - cut_off


def test_all_kinds_of_stations_and_devices_are_there():
    city = build(load())
    kinds = {row["kind"] for row in city.sites}
    assert {"gate_station", "lng_station", "lpg_station", "regulating_station", "market"} <= kinds
    assert {row["kind"] for row in city.devices} == {
        "detector", "valve", "regulator", "tank", "vaporizer", "flow_meter", "odorizer", "controller",
    }  # fmt: skip


def test_one_canary_for_each_partition():
    city = build(load())
    reserved = [row["site_id"] for row in city.sites if row.get("reserved") == "true"]
    assert {partition_of(site) for site in reserved} == set(range(TELEMETRY_PARTITIONS))
    assert len(reserved) == TELEMETRY_PARTITIONS


def test_every_story_plays_on_sites_that_exist():
    city = build(load())
    sites = {row["site_id"] for row in city.sites} | {
        f"operator:{row['operator_id']}" for row in city.operators
    }
    assert len(stories.names()) >= 8
    for name in stories.names():
        story = stories.load(name)
        named = {one.site for one in story.actions} | {one.site for one in (*story.expect, *story.never)}
        assert named <= sites
        known = {"start"} | {one.name for one in story.actions if one.name}
        for wanted in story.expect:
            assert wanted.after in known, f"{name}: {wanted.after} comes later"
            known.add(wanted.name)
