"""TLS before a server that has none: what comes in encrypted goes on as it is meant."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Self

from .certificates import Certificate


class Relay:
    """A port of 127.0.0.1 that speaks TLS for another port."""

    def __init__(self, target: int, certificate: Certificate) -> None:
        """Listen, in a thread."""
        self._target, self._certificate = target, certificate
        self._ends: list[asyncio.StreamWriter] = []
        self.port = 0
        listens = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(listens)))
        self._thread.start()
        listens.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self, listens: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0, ssl=self._certificate.context())
        self.port = server.sockets[0].getsockname()[1]
        listens.set()
        await self._stop.wait()
        server.close()
        for end in self._ends:
            end.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_target, to_target = await asyncio.open_connection("127.0.0.1", self._target)
        self._ends += [writer, to_target]
        await asyncio.gather(_pour(reader, to_target), _pour(from_target, writer))


async def _pour(source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            drain.write(data)
            await drain.drain()
    drain.close()
