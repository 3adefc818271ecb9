"""`make bench`: how much, how fast, at what cost.

    python -m benchmarks [--quick] [sweep|latency|ordinary|queries|micro|rows|console|readers|idle ...]

Everything runs on engines of its own, which are removed at the end. The results go into benchmarks/RESULTS.md
(a quick run writes only with --write).
"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks import commands, results
from benchmarks.fleet import Fleet
from benchmarks.idle import idle
from benchmarks.ordinary.system import Ordinary
from benchmarks.product import Product
from benchmarks.report import idle_body, latency_body, sweep_body
from benchmarks.run import Figures, Runner
from benchmarks.screens import parts as screens
from benchmarks.stage import add_accounts, administrator, register, stage
from deploy.native.errors import SetupError
from deploy.native.stack import Stack
from shared.chassis.clock import SystemClock

PARTS = ("sweep", "latency", "ordinary", "queries", "micro", *screens.TITLES, "idle")


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # Not `choices`: some versions of argparse hold the empty list against them.
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; without a name all")
    parser.add_argument("--quick", action="store_true", help="short runs: indicative figures only")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md after a quick run, too")
    parser.add_argument("--rates", help="the sweep's readings a second, e.g. 10000,20000")
    parser.add_argument("--seconds", type=float, help="the length of each run of the sweep")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return arguments


def main() -> int:
    """Measure what is asked for; exit code 1 when a setup error stops it or a run was void."""
    arguments = parse(sys.argv[1:])
    try:
        return Session(arguments, set(arguments.parts or PARTS)).run()
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


class Session:
    """One invocation."""

    def __init__(self, arguments: argparse.Namespace, parts: set[str]) -> None:
        lengths = commands.QUICK if arguments.quick else commands.Lengths()
        self._lengths = lengths
        self._parts = parts
        self._rates = [int(one) for one in arguments.rates.split(",")] if arguments.rates else lengths.rates
        self._run_s = arguments.seconds or lengths.run_s
        self._writes = arguments.write or not arguments.quick
        self._day = f"{datetime.fromtimestamp(SystemClock().now_ms() / 1000, UTC):%Y-%m-%d}"
        self._command = " ".join(["python -m benchmarks", *sys.argv[1:]])
        self._fleet = Fleet()
        self._void = False
        self._best = 0.0

    def run(self) -> int:
        """Do all parts."""
        if self._parts - {"idle", *screens.TITLES}:
            with stage() as stack:
                self._under_load(stack)
        for name, title in screens.TITLES.items():
            if name in self._parts:
                body, void = screens.play(name, self._lengths)
                self._void |= void
                self._write(name, title, body)
        if "idle" in self._parts:
            with stage() as stack:
                stack.start()
                found = uvloop.run(idle(stack, self._lengths.idle_s))
                self._write("idle", "The demo while nothing happens", idle_body(*found))
        return int(self._void)

    def _under_load(self, stack: Stack) -> None:
        if self._parts & {"sweep", "latency"}:
            stack.start()
            print("services are ready", flush=True)
            uvloop.run(self._product(stack))
            stack.stop()
        if "ordinary" in self._parts:
            ordinary = Ordinary(stack.engines, Path(stack.folder))
            self._ordinary(stack, ordinary)
        if "queries" in self._parts:
            scale = ["--scale", str(self._lengths.query_scale)]
            said = commands.program("history_queries", scale, stack.engines)
            self._write("queries", "Queries of history", f"```\n{said}```")
        if "micro" in self._parts:
            found = [name for name in commands.MICRO if (Path(__file__).parent / f"{name}.py").exists()]
            said = "".join(
                f"$ python -m benchmarks.{name}\n{commands.program(name, [], stack.engines)}"
                for name in found
            )
            self._write("micro", "Single steps", f"```\n{said}```")

    async def _product(self, stack: Stack) -> None:
        accounts = await asyncio.to_thread(add_accounts, stack)
        async with administrator(stack, accounts) as api:
            jwks = await register(api, stack, self._fleet)
        product = Product(stack)
        runner = Runner(product, self._fleet)
        await commands.warm(runner, self._fleet)
        if "latency" in self._parts:
            figures, loops = await commands.latency(
                product, runner, self._fleet, jwks, self._lengths.latency_s
            )
            self._note([figures])
            self._write(
                "latency", "From alarm to alert, and to the closed valve", latency_body(figures, loops)
            )
        if "sweep" in self._parts:
            found = await commands.sweep(runner, self._rates, self._run_s)
            found.append(await commands.longest(runner, found, self._lengths.sustained_s))
            self._note(found)
            self._best = max(one.per_s for one in found)
            self._write("sweep", "Rate sweep", sweep_body(found))

    def _ordinary(self, stack: Stack, ordinary: Ordinary) -> None:
        if self._parts == {"ordinary"}:
            self._certify(stack)
        found = uvloop.run(commands.yardstick(ordinary, self._fleet, self._lengths))
        body = sweep_body(found)
        if self._best:
            ratio = self._best / max(one.per_s for one in found)
            body += f"\n\nThe product's saturation in the same run is {ratio:.1f} times this one's."
        self._write("ordinary", "The ordinary implementation", body)

    def _certify(self, stack: Stack) -> None:
        """Without the registry, the controllers' certificates come from the authority's files."""
        from deploy.native.pki import Authority, write_client

        mqtt = stack.engines.mqtt
        authority = Authority(Path(mqtt.ca_file).parent)
        for client in self._fleet.clients():
            write_client(authority, client, Path(mqtt.certs_dir))

    def _note(self, found: list[Figures]) -> None:
        self._void = self._void or any(not one.valid for one in found)

    def _write(self, name: str, title: str, body: str) -> None:
        print(f"\n## {title}\n{body}\n", flush=True)
        if self._writes:
            results.write(name, title, self._command, body, day=self._day)


if __name__ == "__main__":
    raise SystemExit(main())
