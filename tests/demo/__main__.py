"""`make demo`: a week in the life of a small repository, without a key, an account or a network.

Everything is real: the repository, the bugs, the search for their fixes, the sandbox, the pull
requests of the forge `local`. People are played by the commands that they would type. Ends with 0
only if everything came about as it is told.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.demo.stage import Stage, heading, note, say
from tests.demo.week import play

WHERE_NEXT = """\
The repository is yours to play with: {clone}

  cd {clone}
  bot pulls                       what is open, and why it is not merged
  bot pulls approve 3             let the refund through, then: bot run
  bot policy explain 3            every rule, and on which fact it matched
  bot reflections                 what became of each reflection
  bot reflect "what failed, and in which file"
  bot run --dry-run               what the bot would do now; changes nothing

('bot' is {bot}.) Delete the folder when you are done; nothing else was
written. Read on in README.md: the policy file, what the bot never does, how to add it to a
repository of your own.
"""


def main() -> int:
    """Tell the story, then say whether it was true."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="amendbot-demo-"))
    stage = Stage.build(folder)
    wrong = list(play(stage))
    for sentence in wrong:
        say(f"The demo failed: {sentence}", style="bold red")
    heading("Where to look next")
    note(WHERE_NEXT.format(clone=stage.clone, bot=stage.bot))
    note(f"All of it took {time.monotonic() - began:.0f} seconds.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
