"""uvicorn's server with two ends: at once, and when nobody who is connected needs it any more."""

import asyncio
import os
import socket
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI

LOOK_SECONDS = 0.1  # as often as uvicorn looks


class Server(uvicorn.Server):
    """Serves until told to stop. Who waits for a job is let go then: they would hold it up.

    `ready_fd` is an open pipe's end: the server says `ready` there when it takes connections.
    """

    def __init__(self, config: uvicorn.Config, ready_fd: int | None = None) -> None:
        super().__init__(config)
        self._ready_fd = ready_fd
        self._retired = False
        self._hurried = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections, and say so to whoever has asked."""
        await super().startup(sockets)
        if self._ready_fd is not None and self.started:
            os.write(self._ready_fd, b"ready")
            os.close(self._ready_fd)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, on a signal: answer what has been asked, and hang up on everybody else."""
        self._let_waiters_go()
        self._hurried = True
        super().handle_exit(sig, frame)

    def retire(self, _signal: int, _frame: FrameType | None) -> None:
        """Stop, on a signal, beside another process that takes what connects from now on; see `shutdown`."""
        self._let_waiters_go()
        self._retired = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting and end. A server that retires is first left by everybody, in their own time.

        Closing an idle connection races with its client's next request. So each goes on until an answer on it has
        said that it was the last, or until it has been idle for as long as would close it at any other time.
        """
        if self._retired:
            for server in self.servers:
                server.close()
            self.config.encoded_headers.append((b"connection", b"close"))
            await self.on_tick(0)  # which makes the headers of all answers
            await asyncio.sleep(LOOK_SECONDS)  # what has been accepted in this moment becomes a connection
            while self.server_state.connections and not self._hurried:
                await self.on_tick(0)
                await asyncio.sleep(LOOK_SECONDS)
        await super().shutdown(sockets)

    def _let_waiters_go(self) -> None:
        services = getattr(cast(FastAPI, self.config.app).state, "services", None)
        if services is not None:
            services.watch.stop()
