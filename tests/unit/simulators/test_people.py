"""The demo's programs and its people are different accounts."""

import inspect
import re

from deploy.native import live
from simulators import people, seed
from simulators.city import load


def test_no_program_of_the_demo_signs_in_with_a_person_s_one_time_codes():
    """A code works once: the observer's own sign-in as `watch` made the first one of a person fail."""
    spent = set(re.findall(r"self\.api\(\"([^\"]+)\"\)", inspect.getsource(live)))
    with_codes = {one["username"] for one in people.make() if one["totp_secret"]}
    assert not spent & with_codes


def test_programs_are_nobody_whom_a_message_could_reach():
    programs = people.programs()
    assert {one["username"] for one in programs} == {people.REGISTERS, people.WATCHES}
    assert not {one["username"] for one in programs} & {one["username"] for one in people.make()}
    assert all(one["totp_secret"] for one in programs)


def test_no_crew_is_called_crew_twice():
    named = {seed.crew_name(members[0]["name"]) for members in people.crews(people.make()).values()}
    assert named == {"一班", "二班", "三班", "乌蒙班"}


def test_crews_wait_where_their_operator_s_sites_are():
    content = load()
    counties = {county["code"]: county for county in content["counties"]}
    areas = {operator["id"]: operator.get("areas", []) for operator in content["operators"]}
    for members in people.crews(people.make()).values():
        operator = members[0]["operator_id"]
        area, longitude, latitude = seed.BASES[operator]
        assert area in areas[operator]
        assert abs(counties[area]["longitude"] - longitude) < 0.05
        assert abs(counties[area]["latitude"] - latitude) < 0.05


def test_one_crew_is_nobody_s_but_the_reader_s():
    crews = people.crews(people.make())
    assert people.CREW_BY_HAND in crews
    assert crews[people.CREW_BY_HAND][0]["operator_id"] == "op-wumeng"
    assert "CREW_BY_HAND" in inspect.getsource(live.Live._crews)
