"""What the original's example costs to ask: requests and prompt tokens, part by part.

Counts the very body that the bot sends, as the scripted server received it. With the package
`bpe_openai` installed (`pip install bpe_openai`, best in an environment of its own; it is no
dependency) the tokens are those of the encoding o200k_base; otherwise a quarter of the bytes
stands for a token, which is near for English and code, not equal.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.loopback_openai.server import approximate_tokens
from tests.scenarios.world import GOOD_PATCH, LLM, REFLECTION, build_world

Count = Callable[[str], int]


def main() -> None:
    """Run one tick and print what its requests were made of."""
    count, counted_by = tokenizer()
    with tempfile.TemporaryDirectory() as folder, build_world(Path(folder)) as world:
        world.model.default = GOOD_PATCH
        ran = world.bot_process("run", "--dry-run")
        if ran.code or world.model.violations:
            sys.exit(f"The tick failed: {ran.err} {world.model.violations}")
        bodies = [request.body for request in world.model.requests]
    print(f"The original's example: {len(bodies)} request(s); tokens by {counted_by}.")
    least = count(json.dumps(REFLECTION, ensure_ascii=False)) + count(LLM)
    for body in bodies:
        show(body, least, count)


def tokenizer() -> tuple[Count, str]:
    """How to count tokens here, and what to call it."""
    try:
        encoding = importlib.import_module("bpe_openai").get_encoding("o200k_base")
    except ImportError:
        return approximate_tokens, "a quarter of the bytes; install bpe_openai for real ones"
    return lambda text: len(encoding.encode(text)), "o200k_base (bpe_openai)"


def show(body: dict[str, Any], least: int, count: Count) -> None:
    """One request, part by part, against the least anyone could send."""
    parts = {message["role"]: message["content"] for message in body["messages"]}
    parts["tools"] = compact(body["tools"])
    for tool in body["tools"]:
        parts[f"  {tool['function']['name']}"] = compact(tool)
    total = sum(count(text) for name, text in parts.items() if not name.startswith(" "))
    print(f"{'':<22} tokens  bytes  ratio")
    rows = {name: (count(text), len(text.encode())) for name, text in parts.items()}
    for name, (tokens, size) in rows.items():
        print(f"{name:<22} {tokens:6}  {size:5}  {tokens / least:5.2f}")
    print(f"{'all of it':<22} {total:6}  {len(compact(body).encode()):5}  {total / least:5.2f}")
    print(f"{'reflection and file':<22} {least:6}  {'':5}  {1:5.2f}   nothing else, the baseline")
    print("A server adds a few tokens per message, and words the tools in its own way.")


def compact(value: object) -> str:
    """JSON without spaces, which is how the client sends it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
