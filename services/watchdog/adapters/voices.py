"""The ways to raise an alarm that need neither Kafka nor the database."""

import asyncio
import json
import os
import shlex
import sys
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from services.watchdog.domain.watch import Word
from shared.chassis.clock import Clock
from shared.chassis.times import rfc3339

FILE_BYTES_MAX = 1_048_576


def line(word: Word, text: str, now_ms: int) -> bytes:
    """Return an alarm as a line of JSON."""
    body = {
        "at": rfc3339(now_ms),
        "alarm": "watchdog",
        "kind": word.kind.value,
        "late": {stage.value: list(devices) for stage, devices in word.late.items()},
        "seconds": round(word.seconds, 1),
        "text": text,
    }
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


class _InThread(ABC):
    """Runs blocking writes in one thread of its own: a full pipe or a dead disk stops it and nothing else."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._pool = ThreadPoolExecutor(1, name)

    async def _run(self, content: bytes) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._write, content)

    @abstractmethod
    def _write(self, content: bytes) -> None:
        """Write a line; may block."""


class StandardError(_InThread):
    """A line on standard error."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("stderr")
        self._clock = clock

    async def say(self, word: Word, text: str) -> None:
        """Write the line."""
        await self._run(line(word, text, self._clock.now_ms()))

    def _write(self, content: bytes) -> None:
        os.write(sys.stderr.fileno(), content)


class AlarmFile(_InThread):
    """A line in a file; at 1 MiB it becomes `<name>.1` and a new one begins."""

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__("file")
        self._path = path
        self._clock = clock

    async def say(self, word: Word, text: str) -> None:
        """Append the line."""
        await self._run(line(word, text, self._clock.now_ms()))

    def _write(self, content: bytes) -> None:
        if self._path.exists() and self._path.stat().st_size > FILE_BYTES_MAX:
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        with self._path.open("ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


class AlarmWebhook:
    """A POST to a URL of the settings."""

    name = "webhook"

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock

    async def say(self, word: Word, text: str) -> None:
        """Post the line; raises when nobody takes it."""
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            answer = await client.post(
                self._url,
                content=line(word, text, self._clock.now_ms()),
                headers={"Content-Type": "application/json"},
            )
            answer.raise_for_status()


class AlarmCommand:
    """A command of the settings, with the line on its standard input."""

    name = "command"

    def __init__(self, command: str, clock: Clock) -> None:
        self._arguments = shlex.split(command)
        self._clock = clock

    async def say(self, word: Word, text: str) -> None:
        """Run it; it is killed when it takes too long."""
        process = await asyncio.create_subprocess_exec(
            *self._arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            await process.communicate(line(word, text, self._clock.now_ms()))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
