"""Messages between the bot and what runs inside: JSON, each after its length in four bytes."""

from __future__ import annotations

import json
import select
import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]

MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes. What says more is not listened to."""


class Broken(Exception):
    """What arrived is no message, or there was no room for it."""


def packed(message: Message) -> bytes:
    data = json.dumps(message, separators=(",", ":")).encode("ascii")
    return len(data).to_bytes(4, "big") + data


class Unpacking:
    """Takes bytes as they come, gives messages as they are whole."""

    def __init__(self) -> None:
        self._data = bytearray()

    def add(self, data: bytes) -> None:
        self._data += data

    def next(self) -> Message | None:
        if len(self._data) < 4:
            return None
        size = int.from_bytes(self._data[:4], "big")
        if size > MAX_MESSAGE:
            raise Broken("a message is too long")
        if len(self._data) < 4 + size:
            return None
        body = bytes(self._data[4 : 4 + size])
        del self._data[: 4 + size]
        try:
            message = json.loads(body.decode("ascii"))
        except (ValueError, RecursionError) as error:
            raise Broken("a message cannot be read") from error
        if not isinstance(message, dict):
            raise Broken("a message is no object")
        return message


class Line:
    """One end of a connection over which messages go both ways."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self._read = Unpacking()

    def send(self, message: Message) -> None:
        self.end.sendall(packed(message))

    def receive(self, seconds: float | None = None) -> Message | None:
        """The next message; None where the other side is gone, or silent for so long."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            message = self._read.next()
            if message is not None:
                return message
            if deadline is not None:
                left = max(0.0, deadline - time.monotonic())
                if not select.select([self.end], [], [], left)[0]:
                    return None
            try:
                data = self.end.recv(1 << 16)
            except OSError:
                return None
            if not data:
                return None
            self._read.add(data)

    def close(self) -> None:
        self.end.close()
