"""The demo's programs and its people are different accounts."""

import inspect
import re

from deploy.native import live
from simulators import people


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
