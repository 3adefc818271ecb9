"""The command line: no part named means all of them."""

import pytest

from benchmarks.__main__ import parse


def test_make_bench_names_no_part():
    assert parse([]).parts == []
    assert parse(["--quick", "sweep", "idle"]).parts == ["sweep", "idle"]


def test_a_part_that_does_not_exist_is_said(capsys):
    with pytest.raises(SystemExit):
        parse(["sweep", "swep"])
    assert "no such part: swep; there are sweep, latency" in capsys.readouterr().err
