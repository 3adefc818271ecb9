"""A service ends within its limit, also when one of its parts will not."""

import signal
import subprocess
import sys
import time

import pytest

from deploy.native.places import PROJECT

PROGRAM = """
import asyncio
from shared.chassis import service
service.STOP_LIMIT_S = 2.0
async def good():
    print("up", flush=True)
    await asyncio.Event().wait()
async def deaf():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass
async def stopped():
    print("stopped", flush=True)
service.main("test", lambda: service.run(PARTS, on_stop=stopped))
"""


@pytest.mark.parametrize(
    ("parts", "code", "words"), [("good()", 0, "stopped"), ("good(), deaf()", 1, "abandoned")]
)
def test_a_told_service_ends_in_time(parts, code, words):
    program = PROGRAM.replace("PARTS", parts)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == code
        assert time.monotonic() - begin < 10
        assert words in process.stdout.read()
