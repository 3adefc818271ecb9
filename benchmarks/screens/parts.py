"""The screens' parts of `make bench`: each on engines of its own, with the services that it needs."""

import uvloop

from benchmarks.commands import Lengths
from benchmarks.screens import console, readers, rows
from benchmarks.stage import stage
from deploy.native import ui

TITLES = {
    "rows": "From committed alert to the row on the console",
    "console": "The console with 10,000 alerts",
    "readers": "200 live readers on one portal process",
}


def play(name: str, lengths: Lengths) -> tuple[str, bool]:
    """Return what a part found, and whether it is void."""
    return {"rows": _rows, "console": _console, "readers": _readers}[name](lengths.screen_s)


def _rows(seconds: float) -> tuple[str, bool]:
    with stage(pages=ui.build()) as stack:
        stack.start()
        found = uvloop.run(rows.measure(stack, seconds))
    return rows.body(found), not found.valid


def _console(seconds: float) -> tuple[str, bool]:
    with stage(pages=ui.build(), names=console.SERVICES) as stack:
        stack.start()
        found = uvloop.run(console.measure(stack, seconds))
    return console.body(found), any(one.wrong for one in found)


def _readers(seconds: float) -> tuple[str, bool]:
    with stage(names=readers.SERVICES) as stack:
        stack.start()
        found = uvloop.run(readers.Readers(stack).measure(seconds))
    return readers.body(found), any(not one.valid for one in found)
