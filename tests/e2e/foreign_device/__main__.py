"""The device's day: `python -m foreign_device CONFIG --leak`, run where this folder lies.

It speaks once and ends with a summary as one line of JSON; CONFIG is a file of `host, port, ca, certificate,
key` (files), `client`, `devices` (`device_id, kind, gas?`), `command_keys` (a JWKS) and `memory` (the file
that outlives the power).
"""

import argparse
import json
import ssl
import sys
from pathlib import Path

from .controller import Controller, tell


def _day(controller: Controller, options: argparse.Namespace) -> None:
    controller.boot()
    for _ in range(3):
        controller.measure()
    if options.unplugged:
        return
    controller.connect()
    controller.until(lambda: controller.offset_ms is not None, "the receipt of boot")
    if options.leak:
        controller.cut()
        controller.measure()
        controller.until(lambda: controller.ready, "connected again")
        controller.leak()
    controller.until(lambda: not controller.memory.unreceipted, "everything receipted", 25.0)
    controller.part()


def main() -> int:
    """0: said and receipted; 1: something promised did not come; 3: the broker lets nobody in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--unplugged", action="store_true", help="measure without a connection, and end")
    parser.add_argument("--leak", action="store_true", help="lose the connection, then find gas")
    options = parser.parse_args()
    controller = Controller(json.loads(options.config.read_text()))
    code, fault = 0, None
    try:
        _day(controller, options)
    except TimeoutError as error:
        code, fault = 1, f"missing: {error}"
    except (ConnectionRefusedError, ssl.SSLError) as error:
        code, fault = 3, f"refused: {error}"
    positions = {name: valve.position for name, valve in controller.valves.items()}
    left = len(controller.memory.unreceipted)
    tell({**controller.done, "unreceipted": left, "valves": positions, "fault": fault})
    return code


if __name__ == "__main__":
    sys.exit(main())
