"""A proxy between client and service that does harm, at moments that a seed decides."""

import asyncio
import contextlib
import random
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from support import Service

FAULTS = ("cut", "truncate", "corrupt", "delay", "429", "500", "503", "429 later", "503 later")


def behind_proxy(directory: Path) -> Service:
    """A service whose links lead to 127.0.0.1, while it listens on 127.0.0.2 only."""
    return Service.make(directory, bind="127.0.0.2")


class Proxy:
    """Passes bytes on, both ways, until a fault is due. It runs in a thread of its own.

    Args:
        service: Made by ``behind_proxy``, and running.
        seed: Decides about faults.
        share: How many of the connections meet one, from 0 to 1.
        faults: Which ones.
    """

    def __init__(
        self, service: Service, seed: int, share: float = 0.4, faults: tuple[str, ...] = FAULTS
    ) -> None:
        self.bytes_up = 0
        self.met: list[str] = []
        self.cuts: list[int] = []
        """After how many bytes the next connections are cut."""
        self._random = random.Random(seed)
        self._share = share
        self._faults = faults
        self._port = int(service.account.endpoint.rpartition(":")[2])
        # The service's own certificate is good for the proxy's address too.
        self._near = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls = service.directory / "tls"
        self._near.load_cert_chain(tls / "server.pem", tls / "server.key")
        self._far = ssl.create_default_context()
        self._far.check_hostname = False
        self._far.verify_mode = ssl.CERT_NONE
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run()])
        self._thread.start()
        self._ready.result(30)

    def close(self) -> None:
        """Cut all connections and take no more."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(30)
        self._loop.close()

    async def _run(self) -> None:
        # Clients that leave in the midst of a handshake are no news.
        self._loop.set_exception_handler(lambda *_: None)
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections.add(task)
            try:
                await self._serve(reader, writer)
            finally:
                connections.discard(task)

        try:
            server = await asyncio.start_server(connected, "127.0.0.1", self._port, ssl=self._near)
        except BaseException as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        await self._closing.wait()
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def _plan(self) -> tuple[str, int, bool]:
        """What the next connection meets, after how many bytes, and whether on the way up."""
        fault = ""
        if self._random.random() < self._share:
            fault = self._random.choice(self._faults)
        # Most transfers here are small, so most faults come early.
        at = int(10 ** self._random.uniform(1, 7))
        up = self._random.random() < 0.6
        return ("cut", self.cuts.pop(), True) if self.cuts else (fault, at, up)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault, at, up = self._plan()
        writers = [writer]
        with contextlib.suppress(OSError):
            try:
                if fault[:1].isdigit():
                    self.met.append(fault)
                    await self._refuse(reader, writer, fault)
                    return
                there, back = await asyncio.open_connection("127.0.0.2", self._port, ssl=self._far)
                writers.append(back)
                ways = [
                    asyncio.ensure_future(self._pass(reader, back, fault if up else "", at, True)),
                    asyncio.ensure_future(
                        self._pass(there, writer, "" if up else fault, at, False)
                    ),
                ]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)
            finally:
                for each in writers:
                    each.close()
                # What is still to be written is, unless the other end does not take it.
                closed = [asyncio.ensure_future(each.wait_closed()) for each in writers]
                await asyncio.wait(closed, timeout=1)
                for each in writers:
                    each.transport.abort()
                await asyncio.gather(*closed, return_exceptions=True)

    async def _refuse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: str
    ) -> None:
        status, _, later = fault.partition(" ")
        await reader.read(65536)
        retry = "Retry-After: 0\r\n" if later else ""
        body = '{"Message": "Not now."}'
        writer.write(
            f"HTTP/1.1 {status} Not now\r\nContent-Type: application/json\r\n{retry}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        await writer.drain()

    async def _pass(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        fault: str,
        at: int,
        up: bool,
    ) -> None:
        done = 0
        while data := await source.read(65536):
            keep = max(0, at - done)
            if fault and keep < len(data):
                self.met.append(fault)
                if fault in ("cut", "truncate"):
                    target.write(data[:keep])
                    await target.drain()
                    if fault == "cut":
                        target.transport.abort()
                    return
                if fault == "corrupt":
                    data = data[:keep] + bytes([data[keep] ^ 0xFF]) + data[keep + 1 :]
                if fault == "delay":
                    await asyncio.sleep(0.3)
                fault = ""
            done += len(data)
            if up:
                self.bytes_up += len(data)
            target.write(data)
            await target.drain()


@contextmanager
def proxied(
    service: Service, seed: int, share: float = 0.4, faults: tuple[str, ...] = FAULTS
) -> Iterator[Proxy]:
    """A proxy before the service within the block."""
    proxy = Proxy(service, seed, share, faults)
    try:
        yield proxy
    finally:
        proxy.close()
