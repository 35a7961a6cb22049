"""A TCP proxy that delays what it passes on: ``python -m benchmarks._proxy PORT SECONDS``.

It prints the port on which it listens, and delays each direction by so many seconds.
"""

import asyncio
import sys
from contextlib import suppress


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float
) -> None:
    loop = asyncio.get_running_loop()
    on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await on_its_way.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    delivery = asyncio.create_task(deliver())
    with suppress(ConnectionError):
        while data := await reader.read(1 << 18):
            on_its_way.put_nowait((loop.time() + delay, data))
    on_its_way.put_nowait((loop.time() + delay, b""))
    with suppress(ConnectionError):
        await delivery


async def _serve(port: int, delay: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Opening a connection takes a round trip too.
        await asyncio.sleep(2 * delay)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, back, delay), _pass_on(there, writer, delay))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
