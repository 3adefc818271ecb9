"""A connection that comes back: jittered back-off, resubscription, acks tied to their connection."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from .client import Client
from .errors import CloseCause, Closed, ConnectionLost, MqttError
from .options import OnPublishes, Options, ignore


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits between attempts: doubling from `first_s` to `max_s`, each times a random 0.5 … 1.

    A connection that lasted `stable_s` starts the row anew; a shorter one does not, so a broker that accepts
    and drops at once is not hammered.
    """

    first_s: float = 0.2
    max_s: float = 10.0
    stable_s: float = 5.0

    def delays(self, rng: random.Random) -> Iterator[float]:
        """Yield the waits in seconds, without end."""
        delay_s = self.first_s
        while True:
            yield delay_s * rng.uniform(0.5, 1.0)
            delay_s = min(delay_s * 2, self.max_s)


async def _nothing(_client: Client) -> None:
    """Stand in where nothing is to be done after connecting."""


class Session:
    """Keeps one client connected and subscribed until `stop`.

    Inbound, QoS 1: at least once; with `clean_start=False` and a session expiry, what was not acknowledged
    comes again after a reconnect, also after a restart of this process. Outbound: what was in flight when a
    connection ended fails with ConnectionLost and is not repeated here. Every error leads to another attempt;
    `on_down` hears of each.
    """

    def __init__(
        self,
        options: Options,
        filters: Sequence[str] = (),
        on_publishes: OnPublishes = ignore,
        *,
        on_up: Callable[[Client], Awaitable[None]] = _nothing,
        on_down: Callable[[MqttError], None] = lambda _error: None,
        backoff: Backoff | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """Prepare; `on_up` runs after each subscription (its MqttErrors count as a lost connection)."""
        self._options = options
        self._filters = tuple(filters)
        self._on_publishes = on_publishes
        self._on_up = on_up
        self._on_down = on_down
        self._backoff = backoff or Backoff()
        self._rng = rng or random.Random()
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._stopping = asyncio.Event()
        self._held = False
        self._subscribed = False

    async def run(self) -> None:
        """Connect, again and again, until `stop` is called (returns) or this is cancelled (aborts)."""
        delays = self._backoff.delays(self._rng)
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            began = loop.time()
            error = await self._one_connection()
            if self._stopping.is_set():
                return
            self._on_down(error)
            if loop.time() - began >= self._backoff.stable_s:
                delays = self._backoff.delays(self._rng)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), next(delays))

    async def _one_connection(self) -> MqttError:
        client = self._client = Client(self._options, self._on_publishes)
        try:
            connack = await client.connect()
            if self._filters and not (connack.session_present and self._subscribed):
                # A kept session may still lack the subscription: its first process can have died before it.
                await client.subscribe(self._filters)
                self._subscribed = True
            await self._on_up(client)
            self._up.set()
            if self._held:
                client.pause_reading()
            return ConnectionLost(await client.wait_closed())
        except MqttError as error:
            return error
        finally:
            self._up.clear()
            client.abort()

    async def stop(self) -> None:
        """Disconnect cleanly (no will is published) and let `run` return; also before a connection stands."""
        self._stopping.set()
        if self._client is not None:
            await self._client.disconnect()

    async def wait_connected(self) -> Client:
        """Return the client once it is connected, subscribed and `on_up` is through; without a time limit."""
        await self._up.wait()
        return self.client

    @property
    def connected(self) -> bool:
        """Whether the connection stands, subscribed."""
        return self._up.is_set()

    @property
    def client(self) -> Client:
        """The present connection; ConnectionLost while there is none."""
        if self._client is None or not self._up.is_set():
            raise ConnectionLost(Closed(CloseCause.LOST, "not connected"))
        return self._client

    @property
    def generation(self) -> int:
        """The generation of the latest connection, 0 before the first."""
        return self._client.generation if self._client is not None else 0

    def ack(self, packet_ids: Iterable[int], generation: int) -> None:
        """Acknowledge in one write; ids of a former connection are ignored: the broker sends those again."""
        if self._client is not None:
            self._client.ack(packet_ids, generation)

    def pause_reading(self) -> None:
        """Stop reading, on this and following connections, until `resume_reading`.

        A connection still being set up reads on until it stands; the receive maximum bounds what comes.
        """
        self._held = True
        if self._client is not None and self._up.is_set():
            self._client.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._held = False
        if self._client is not None:
            self._client.resume_reading()
