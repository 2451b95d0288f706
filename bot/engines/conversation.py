"""One conversation with a model about one incident, from the first request to an answer.

Most incidents take one request: it carries the reflection and the code it names. A model that wants
to read more, or whose patch vetting refuses, gets a bounded number of further turns. Before each
request the whole cost it could have is held against the budget, and whatever way a conversation
ends, what it has cost is in its answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bot.actions import ActionError, Effect, ProposeContext, ReadContext
from bot.config import OpenAIConfig
from bot.context import Excerpt
from bot.engines import Budget, Task
from bot.engines.chat import (
    Call,
    Message,
    Reply,
    Sent,
    Wire,
    complaint,
    concerns,
    read_reply,
    take_apart,
)
from bot.engines.dialect import Dialect, tokens_at_most
from bot.engines.prompt import SYSTEM, shown, user_message
from bot.errors import UserError
from bot.model import Answer, BugReport, Finding, NotActionable, Patch, Severity, Usage
from bot.secrets import SecretFree
from bot.untrusted import for_model, one_line

RETRIES = 2
"""How often one request is sent again when the server has no answer for now."""
BACKOFF_S = 0.5
"""The wait before the first retry where the server names none; it doubles."""
LONGEST_WAIT_S = 20.0
"""A server that asks for more than this ends the attempt; a later tick tries again."""
MAX_CALLS = 16
"""So many calls of one answer are carried out."""

_TOO_LONG = re.compile(
    r"(?i)context_length_exceeded|context[ _]+(length|window|size)|maximum context"
    r"|(prompt|input|request)( is|'s)? too (long|large)|too many (input )?tokens|string_above_max"
)
_NO_QUOTA = "insufficient_quota"
_FLAGGED = re.compile(r"(?i)moderat|flagged|content[ _](filter|management|policy)")


class _Ended(Exception):
    """The conversation cannot go on. `later` says that the same might work another time."""

    def __init__(self, reason: str, *, later: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.later = later


class _NoRoom(Exception):
    """One more request could cost more than the limits leave."""


@dataclass
class _Spent:
    """The running account of one conversation."""

    config: OpenAIConfig
    usage: Usage = field(default_factory=Usage)

    def add(self, prompt: int, answered: int) -> None:
        usd = self.config.usd(prompt, answered)
        self.usage += Usage(requests=1, prompt_tokens=prompt, completion_tokens=answered, usd=usd)

    def would_exceed(self, prompt: int, budget: Budget) -> bool:
        """Whether one more request with so long a prompt could cost more than what is left."""
        most = self.config.max_completion_tokens
        if self.usage.tokens + prompt + most > budget.tokens:
            return True
        usd = self.config.usd(prompt, most)
        return (
            budget.usd is not None
            and usd is not None
            and (self.usage.usd or 0.0) + usd > budget.usd
        )


class Conversation:
    """Hold it once: `Conversation(…).hold()`."""

    def __init__(self, task: Task, budget: Budget, dialect: Dialect, wire: Wire) -> None:
        self._task = task
        self._budget = budget
        self._dialect = dialect
        self._config = dialect.config
        self._wire = wire
        self._spent = _Spent(dialect.config)
        self._pad = ProposeContext(task.tree)
        self._messages = [Message("system", SYSTEM), Message("user", user_message(task))]
        self._notes: dict[str, None] = {}
        self._revisions = dialect.config.revisions
        self._refused: tuple[BugReport, Patch] | None = None
        self._reminded = self._shortened = False

    def hold(self) -> Answer:
        try:
            for _ in range(self._config.turns):
                self._take_in(self._ask())
                answer = self._conclusion()
                if answer:
                    return answer
        except _NoRoom:
            return self._out_of_budget()
        except _Ended as end:
            return self._without_result(end.reason, later=end.later)
        return self._without_result(f"no conclusion after {self._config.turns} turns")

    # ------------------------------------------------------------------------------- asking

    def _ask(self) -> Reply:
        """One turn's request, sent until the server has an answer or there is no use in it."""
        retried = 0
        while True:
            body = self._dialect.request(self._messages)
            most = tokens_at_most(body, len(self._messages))
            if self._spent.would_exceed(most, self._budget):
                raise _NoRoom
            sent = self._wire.send(body)
            if sent.status == 200:
                return self._read(sent, most)
            if sent.perhaps_charged:
                self._spent.add(most, 0)
                self._note("a request without an answer is counted by estimate")
            if self._can_be_mended(sent):
                continue
            wait_s = _wait_before_retry(sent, retried)
            retried += 1
            self._wire.wait(wait_s)

    def _read(self, sent: Sent, most: int) -> Reply:
        reply = read_reply(sent.body)
        if isinstance(reply, str):
            self._spent.add(most, tokens_at_most(sent.body))
            self._note("an answer that could not be read is counted by estimate")
            raise _Ended(reply, later=True)
        prompt, answered = reply.prompt_tokens, reply.completion_tokens
        if prompt is None or answered is None:
            self._note("the server did not count the tokens; they are counted by estimate")
            written = reply.text + reply.refusal
            written += "".join(call.name + call.arguments for call in reply.calls)
            prompt = most if prompt is None else prompt
            answered = tokens_at_most(written) if answered is None else answered
        self._spent.add(prompt, answered)
        return reply

    def _can_be_mended(self, sent: Sent) -> bool:
        """Whether a request put differently may be answered; this puts it so."""
        said = complaint(sent.body)
        self._blame_the_user(sent, said)
        if sent.status in (400, 413, 422) and _TOO_LONG.search(concerns(sent.body)):
            self._shorten(said)
            return True
        learned = self._dialect.learn(sent.body) if sent.status in (400, 422) else ""
        if learned:
            self._note(learned)
        return bool(learned)

    def _blame_the_user(self, sent: Sent, said: str) -> None:
        """Raise what only a person can mend, unless this conversation's cost would be forgotten.

        What the model's provider says of this one text is not the user's fault.
        """
        status = sent.status
        if self._spent.usage.requests or _FLAGGED.search(said):
            return
        if status == 429 and _NO_QUOTA in concerns(sent.body):
            raise UserError(
                f"The model's server has no quota left for this key: {said}; add to it there, or "
                f"take another OPENAI_API_KEY."
            )
        if status in (401, 403):
            raise UserError(
                f"The model's server refused the key: {said}; check OPENAI_API_KEY and "
                f"OPENAI_BASE_URL."
            )
        if status == 404:
            raise UserError(
                f"The model's server does not know {self._config.model!r}: {said}; set "
                f"engine.openai.model."
            )

    def _shorten(self, said: str) -> None:
        """Ask once more with less of the code, and tell the model."""
        fewer = _fewer(self._task.excerpts)
        if self._shortened or not fewer:
            raise _Ended(f"the prompt does not fit the model's context window: {said}")
        self._shortened = True
        self._messages[1] = Message("user", user_message(replace(self._task, excerpts=fewer)))
        self._note("the prompt did not fit the model's context window; less code was shown")

    # ------------------------------------------------------------------------------- listening

    def _take_in(self, reply: Reply) -> None:
        if reply.finish == "length":
            limit = self._config.max_completion_tokens
            raise _Ended(f"the answer was cut off; engine.openai.max_completion_tokens is {limit}")
        if reply.finish == "content_filter":
            raise _Ended("the model's provider withheld the answer (content_filter)")
        if reply.calls:
            self._carry_out(reply)
        elif reply.refusal:
            raise _Ended(f"the model refused, called no tool and said: {one_line(reply.refusal)}")
        else:
            self._hear(reply.text)

    def _carry_out(self, reply: Reply) -> None:
        """Run the calls of one answer, and keep it and the results for the next turn."""
        self._messages.append(Message("assistant", reply.text, reply.calls))
        for number, call in enumerate(reply.calls):
            if number < MAX_CALLS:
                result = self._execute(call)
            else:
                result = f"Not done: only the first {MAX_CALLS} calls of an answer are."
            self._messages.append(Message("tool", shown(result), answers=call.id))

    def _execute(self, call: Call) -> str:
        try:
            action, params = self._dialect.registry.parse(call.name, call.arguments)
            if action.effect is Effect.WRITE:
                raise ActionError(f"There is no action named {call.name!r}.")
            pad = self._pad
            context = ReadContext(SecretFree(pad.tree)) if action.effect is Effect.READ else pad
            return str(action.execute(context, params))
        except ActionError as error:
            return f"Not done: {error}"

    def _hear(self, text: str) -> None:
        """A text where a tool should have been called: a diff is a patch, all else is asked for."""
        self._messages.append(Message("assistant", text or "(nothing)"))
        said = take_apart(text)
        if said.diff:
            self._take_diff(said.diff, said.words)
        elif self._reminded:
            raise _Ended(f"the model called no tool and said: {one_line(text) or 'nothing'}")
        else:
            self._reminded = True
            self._say("Answer by calling the tools.")

    def _take_diff(self, diff: str, words: str) -> None:
        read = self._task.read_diff(diff)
        if isinstance(read, Finding):
            if not self._revisions:
                raise _Ended(f"the model's diff was refused: {read.sentence}")
            self._send_back((read,))
            return
        words = one_line(for_model(words), 500)
        self._pad.patch = Patch(read, words or "The model gave this change without words.")
        self._pad.report = self._pad.report or self._report_for(read[0].path, words)

    def _report_for(self, path: str, words: str) -> BugReport:
        """A bug report for a diff that came without one.

        How severe the bug is, nobody has said: high keeps the patch from rules for small matters.
        """
        places = self._task.incident.places
        symbol = next((place.symbol for place in places if place.path == path), "")
        summary = re.split(r"(?<=[.!?]) ", words)[0] if words else "a diff without an explanation"
        return BugReport(path=path, symbol=symbol, summary=summary, severity=Severity.HIGH)

    # ------------------------------------------------------------------------------- ending

    def _conclusion(self) -> Answer | None:
        pad = self._pad
        if pad.no_bug:
            reason = one_line(pad.no_bug, 500)
            return self._answer(diagnosis=NotActionable(reason), reason=reason)
        if not pad.report or not pad.patch:
            return None
        findings = self._task.review(pad.patch)
        if not findings or not self._revisions:
            return self._answer(diagnosis=pad.report, patch=pad.patch)
        self._refused = (pad.report, pad.patch)
        pad.patch = None
        self._send_back(findings)
        return None

    def _send_back(self, findings: tuple[Finding, ...]) -> None:
        self._revisions -= 1
        reasons = "\n".join(f"- {one_line(finding.sentence, 500)}" for finding in findings[:10])
        self._say(
            f"The patch is refused:\n{reasons}\nCall propose_code_patch with a whole patch that "
            f"has none of this, made for the file as it was shown, or report_no_bug."
        )

    def _say(self, text: str) -> None:
        """Add to the last result, for some servers take no user's words after a tool's."""
        text = shown(text)
        last = self._messages[-1]
        if last.role == "tool":
            self._messages[-1] = replace(last, text=f"{last.text}\n\n{text}")
        else:
            self._messages.append(Message("user", text))

    def _note(self, sentence: str) -> None:
        self._notes[sentence] = None

    def _out_of_budget(self) -> Answer:
        reason = "one more request could cost more than the limits leave"
        if not self._spent.usage.requests:
            return self._answer(reason=reason, out_of_budget=True)
        return self._without_result(reason)

    def _without_result(self, reason: str, *, later: bool = False) -> Answer:
        """A failure; or the last patch, refused as it was, where another try has no better odds."""
        if self._refused and not later:
            report, patch = self._refused
            self._note(f"no better patch came: {reason}")
            return self._answer(diagnosis=report, patch=patch)
        return self._answer(reason=reason, failed=True)

    def _answer(
        self,
        *,
        diagnosis: BugReport | NotActionable | None = None,
        patch: Patch | None = None,
        reason: str = "",
        failed: bool = False,
        out_of_budget: bool = False,
    ) -> Answer:
        return Answer(
            diagnosis=diagnosis,
            patch=patch,
            usage=self._spent.usage,
            reason=reason,
            failed=failed,
            out_of_budget=out_of_budget,
            notes=tuple(self._notes),
        )


def _wait_before_retry(sent: Sent, retried: int) -> float:
    """Seconds to wait before the same request again; raises when there is no use in it."""
    said = f"the model's server gave no answer: {complaint(sent.body)}"
    if sent.status:
        said += f" (HTTP {sent.status})"
    passing = sent.status in (0, 408, 409, 425, 429) or sent.status >= 500
    passing = passing and _NO_QUOTA not in concerns(sent.body)
    if sent.again is not None:
        passing = sent.again
    if not passing or retried >= RETRIES:
        raise _Ended(said, later=True)
    wait_s = BACKOFF_S * 2**retried if sent.wait_s is None else max(0.0, sent.wait_s)
    if wait_s > LONGEST_WAIT_S:
        raise _Ended(f"{said}; it asks to wait {wait_s:,.0f} s", later=True)
    return wait_s


def _fewer(excerpts: tuple[Excerpt, ...]) -> tuple[Excerpt, ...]:
    """The excerpts with the last ones left out until half the text is gone; empty if none is."""
    kept = list(excerpts)
    left = target = sum(len(excerpt.text) for excerpt in kept)
    for index in reversed(range(len(kept))):
        if left * 2 > target and kept[index].text:
            left -= len(kept[index].text)
            kept[index] = replace(
                kept[index], text="", note="left out: the context window is too small; read it"
            )
    return tuple(kept) if left < target else ()
