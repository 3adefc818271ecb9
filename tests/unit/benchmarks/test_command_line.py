"""The command line: no part named means all of them."""

from benchmarks.__main__ import parse


def test_make_bench_names_no_part():
    assert parse([]).parts == []
    assert parse(["--quick", "sweep", "idle"]).parts == ["sweep", "idle"]
