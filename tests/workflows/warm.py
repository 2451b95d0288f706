"""The `bot` command for jobs, from a process that has imported it already: the same, only sooner.

Jobs start many of them. Each is forked for one call, with that call's arguments, environment,
folder and streams, and nothing of another's.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from tests import command

CALLER = """\
import json, os, socket, sys
call = {{"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd()}}
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [json.dumps(call).encode()], [1, 2])
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(8) or b"70"))
"""
SOONER = """
    bot.cli bot.engines.openai bot.engines.search.engine bot.forges.github bot.jobs.answers
    bot.jobs.gathering bot.jobs.listing bot.jobs.reconsidering bot.jobs.working bot.job_summary
    bot.observing bot.plan bot.policy bot.proposing bot.report bot.tick bot.verifying
    openai.resources.chat.completions httpcore2
"""
MAX_CALL = 1 << 20


@contextmanager
def warm(folder: Path) -> Iterator[Path]:
    """A script that is the `bot` command for as long as the context lasts."""
    address, script = folder / "bot.socket", folder / "bot"
    script.write_text(f"#!{sys.executable} -SE\n{CALLER.format(address=str(address))}")
    script.chmod(0o755)
    command = [sys.executable, "-m", __name__, str(address)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout
        assert server.stdin
        assert server.stdout.read(1)  # it listens
        yield script
        server.stdin.close()


def serve(address: str) -> None:
    """Answer calls until whoever started this is gone."""
    for name in SOONER.split():
        import_module(name)
    command.prepare()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        os.write(1, b"!")
        while 0 not in select.select([listener.fileno(), 0], [], [])[0]:
            caller, _ = listener.accept()
            with caller:
                answer(caller)


def answer(caller: socket.socket) -> None:
    data, streams, _, _ = socket.recv_fds(caller, MAX_CALL, 2)
    while more := caller.recv(MAX_CALL):
        data += more
    child = os.fork()
    if not child:
        become(json.loads(data), streams)
    for stream in streams:
        os.close(stream)
    _, status = os.waitpid(child, 0)
    caller.send(str(os.waitstatus_to_exitcode(status) % 256).encode())


def become(call: dict[str, Any], streams: list[int]) -> None:
    """Be the called command in this process, and end it."""
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(call["env"])
    os.chdir(call["cwd"])
    tempfile.tempdir = None
    sys.argv = ["bot", *call["argv"]]
    code = 0
    try:
        command.run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
