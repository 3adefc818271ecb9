"""A TCP relay between a service and the broker that hands on one TLS record at a time when told to."""

import asyncio
import contextlib
import threading
from collections import deque

HEAD = 5  # a TLS record's header: type, version, length


class Proxy:
    """Listens on a loopback port in a thread of its own, so that it outlives a test's event loop."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._loop = asyncio.new_event_loop()
        self._held: deque[tuple[asyncio.StreamWriter, bytes]] = deque()
        self._holding = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            up_reader, up_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.close()
            return
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            ways = [
                asyncio.ensure_future(self._up(reader, up_writer)),
                asyncio.ensure_future(self._down(up_reader, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        up_writer.close()
        writer.close()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(HEAD)
            record = head + await reader.readexactly(int.from_bytes(head[3:5], "big"))
            if self._holding:
                self._held.append((writer, record))
                continue
            writer.write(record)
            await writer.drain()

    @staticmethod
    async def _down(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()

    # --- for a test ---

    def hold(self) -> None:
        """From now on keep what the service sends."""
        self._holding = True

    @property
    def held(self) -> int:
        """Return how many records are kept."""
        return len(self._held)

    def release_one(self) -> None:
        """Hand on the oldest record that is kept."""
        self._loop.call_soon_threadsafe(self._release_one)

    def _release_one(self) -> None:
        if self._held:
            writer, record = self._held.popleft()
            writer.write(record)

    def lose(self) -> None:
        """Forget what is kept, as when its sender died, and relay again."""
        self._held.clear()
        self._holding = False

    def stop(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
