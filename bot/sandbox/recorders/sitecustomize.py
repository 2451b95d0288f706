"""Runs at the start of every Python process of a test run, and reports at its end what it imported.

Python imports only the first `sitecustomize` on its path. The one that this hides is run as well.
"""

from __future__ import annotations

import os
import sys

if os.environ.get("AMENDBOT_REPORT"):
    import atexit

    import amendbot_imports

    atexit.register(amendbot_imports.report)


def _run_the_hidden_one() -> None:
    from importlib.machinery import PathFinder

    here = os.path.realpath(os.path.dirname(__file__))
    rest = [folder for folder in sys.path if os.path.realpath(folder or ".") != here]
    spec = PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec  # only here, for it takes long to load

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


_run_the_hidden_one()
