"""`make demo`: the whole product on this machine, with a simulated city, until Ctrl-C.

`--once` plays the main stories once and checks each step; `--story NAME` another one.
"""

import argparse
import asyncio
import fcntl
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.native import session, ui
from deploy.native.errors import SetupError
from deploy.native.live import Live
from deploy.native.places import state_dir
from deploy.native.stack import Stack
from simulators import stories
from simulators.telling import Teller

MAIN_STORIES = ("restaurant-leak", "stuck-valve", "two-detectors")
PLAY_LIMIT_S = 150.0


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Hold the demo's lock; SetupError when another demo of this clone runs."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(
                "A demo of this clone runs already: stop it there with Ctrl-C, or `make stop`."
            ) from None
        yield


def main(argv: list[str]) -> int:
    """Run the demo; 0: all went well, 1: a step is missing or late, 130: interrupted before its end.

    Ctrl-C is the end that a demo without `--once` has.
    """
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="play once, check, and end")
    parser.add_argument("--lan", action="store_true", help="serve the portal to this network, with TLS")
    parser.add_argument("--story", help=f"one of {', '.join(stories.names())}")
    arguments = parser.parse_args(argv)
    # A shell that starts us in the background ignores SIGINT, and we would, too: `make stop` has to end us.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        names = MAIN_STORIES if arguments.story is None else (arguments.story,)
        chosen = [stories.load(name) for name in names]
        with only_one(state_dir()):
            return _run(chosen, once=arguments.once, lan=lan_address() if arguments.lan else None)
    except (SetupError, stories.StoryError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stdout.write("\nThe demo has ended; everything it started is stopped.\n")
        return 130 if arguments.once else 0


def lan_address() -> str:
    """Return this machine's address in its network; SetupError when it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: the kernel only picks the address
        except OSError as error:
            raise SetupError(f"This machine is in no network ({error.strerror}): LAN=1 needs one.") from error
        return str(probe.getsockname()[0])


def _run(chosen: list[stories.Story], *, once: bool, lan: str | None) -> int:
    teller = Teller()
    run_file = state_dir() / "run.json"
    with session.own(teller.say) as engines:
        addresses = engines.addresses()
        teller.say("engines are up: Mosquitto, Kafka, TimescaleDB")
        pages = ui.build(teller.say)
        stack = Stack(addresses, Path(addresses.state), lan=lan, pages=pages)
        try:
            stack.prepare()
            teller.say("topics, schemas, roles and keys are made")
            stack.start()
            teller.say(f"{len(stack.names)} services are ready")
            return asyncio.run(_play(stack, chosen, teller, run_file, once=once))
        finally:
            with session.undisturbed():
                run_file.unlink(missing_ok=True)
                stack.stop()


async def _play(
    stack: Stack, chosen: list[stories.Story], teller: Teller, run_file: Path, *, once: bool
) -> int:
    async with Live(stack, teller, run_file) as live:
        teller.say(f"first reading stored; the city speaks: {len(live.world.devices)} devices")
        live.introduce()
        try:
            if once:
                return await _check(live, chosen, teller)
            await live.show(chosen)
        finally:
            teller.heading("Ending: services and engines are being stopped …")
    return 0


async def _check(live: Live, chosen: list[stories.Story], teller: Teller) -> int:
    began = time.monotonic()
    faults: list[str] = []
    for story in chosen:
        faults += await live.perform(story)
    seconds = time.monotonic() - began
    if len(chosen) > 1 and seconds > PLAY_LIMIT_S:
        faults.append(f"the play took {seconds:.0f} s instead of {PLAY_LIMIT_S:.0f} s")
    if faults:
        teller.heading("NOT as promised:")
        for fault in faults:
            teller.heading(f"  {fault}")
        return 1
    teller.heading(f"All steps seen in time ({seconds:.0f} s of play).")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
