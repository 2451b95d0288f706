"""Ends a loopback server at once, so that it need not wake up many times a second to ask."""

from __future__ import annotations

import socket
from contextlib import suppress
from socketserver import TCPServer
from threading import Thread

POLL_SECONDS = 0.5
"""How long an idle server sleeps; :func:`stop` wakes it."""


def stop(server: TCPServer) -> None:
    """End `serve_forever` and wait for it: it looks whether to end whenever somebody connects."""
    ending = Thread(target=server.shutdown)
    ending.start()
    with suppress(OSError), socket.socket() as caller:  # refused when it was awake and is gone
        caller.connect(server.server_address)
    ending.join()
