"""A maintainer's configuration is believed word for word, or refused in one sentence."""

from __future__ import annotations

import json
import tomllib

import jsonschema
import pytest

from bot.config import Config, Outcome, Proof, parse_config
from bot.config.reference import config_schema
from bot.errors import UserError

WHOLE = """
enabled = true

[[source]]
name = "agent"
files = ["memory/*.json"]
trust = true

[[source]]
name = "nightly"
ref = "agent-data"

[limits]
incidents_per_tick = 2
usd_per_day = 1.5

[engine.openai]
model = "local"
usd_per_million_prompt_tokens = 0.2
usd_per_million_completion_tokens = 0.8

[merge]
required_checks = ["test"]

[[policy.rule]]
name = "docs"
paths = ["docs/**"]
outcome = "merge"

[[policy.rule]]
name = "severe"
severity = ["high", "critical"]
proof = "fail-to-pass"
outcome = "review"
"""


RULE = "[[policy.rule]]\nname='a'\noutcome='merge'\n"


def test_an_empty_file_is_the_defaults_and_they_are_careful() -> None:
    config = parse_config("")
    assert config == Config()
    assert config.enabled
    assert not any(source.trust for source in config.source)
    assert config.policy.rule == ()
    assert config.merge.required_checks == ()


def test_a_whole_file_says_what_it_says() -> None:
    config = parse_config(WHOLE)
    assert [source.name for source in config.source] == ["agent", "nightly"]
    assert [source.full_ref for source in config.source] == ["", "refs/heads/agent-data"]
    assert config.limits.incidents_per_tick == 2
    assert config.limits.open_pulls == Config().limits.open_pulls
    assert [rule.outcome for rule in config.policy.rule] == [Outcome.MERGE, Outcome.REVIEW]
    assert config.policy.rule[1].proof is Proof.FAIL_TO_PASS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("enabled = ", "is not TOML"),
        ("enabeld = false", "unknown key 'enabeld' (did you mean 'enabled'?)"),
        ("[limits]\nopen_pull = 1", "'limits.open_pull' (did you mean 'open_pulls'?)"),
        ("[[source]]\ntrusted = true", "'source[0].trusted' (did you mean 'trust'?)"),
        ("[engine.openai]\nmodle = 'x'", "did you mean 'model'?"),
        (
            "[[policy.rule]]\nname='a'\noutcome='merge'\nprotect=true",
            "unknown key 'policy.rule[0].protect'",
        ),
        ("[review]\nqqqq = 1", "known here: reviewers"),
        ("enabled = 'perhaps'", "enabled:"),
        ("[limits]\nopen_pulls = -1", "limits.open_pulls:"),
        ("[[policy.rule]]\nname='a'\noutcome='push'", "policy.rule[0].outcome:"),
        ("[[policy.rule]]\nname='a'\noutcome='merge'\npaths=[]", "policy.rule[0].paths:"),
        ("[[policy.rule]]\nname='a'\noutcome='merge'\nseverity=['bad']", "severity"),
        (
            "[[policy.rule]]\nname='a'\noutcome='merge'\n[[policy.rule]]\nname='a'\noutcome='draft'",
            "two rules named 'a'",
        ),
        ("[[source]]\n[[source]]", "two sources named 'reflections'"),
        ("[[source]]\nname = 'a\\nb'", "source[0].name:"),
        ("[[source]]\nref = 'bot/x'", "outside bot/"),
        ("[[source]]\nref = 'refs/bot/ledger'", "outside bot/"),
        ("[[source]]\nref = '--upload-pack=x'", "outside bot/"),
        ("[[source]]\nref = 'a:b'", "outside bot/"),
        ("[[source]]\nlabel = 'x'", 'label goes with kind = "issues"'),
        ("[[source]]\nkind = 'issues'\nfiles = ['a']", 'files goes with kind = "files"'),
        ("[[source]]\nkind = 'issues'\nlabel = 'Bot:Hold'", "means something else to the bot"),
        ("[[source]]\nkind = 'issues'\nlabel = 'a,b'", "source[0].label:"),
        ("[limits]\nusd_per_day = 1", "usd_per_million_prompt_tokens"),
        ("[engine]\norder = ['magic']", "engine.order[0]:"),
        ("mode = 'watch'", "mode:"),
        (f"{RULE}min_age='2 hours'", "policy.rule[0].min_age: '2 hours' is not a duration"),
        (f"{RULE}max_age='0d'", "is not a duration"),
        (f"{RULE}min_age='1d'\nmax_age='24h'", "min_age is not less than max_age"),
        (f"{RULE}hours='9-17'", "policy.rule[0].hours: '9-17' are not hours"),
        (f"{RULE}hours='09:00-09:00'", "ends when it begins"),
        (f"{RULE}days=['monday']", "policy.rule[0].days"),
        (f"{RULE}hours='09:00-17:00'\ntimezone='Mars/Base'", "is not a time zone"),
        (f"{RULE}days=['mon']\ntimezone='../etc'", "is not a time zone"),
        (f"{RULE}timezone='UTC'", "says nothing without hours or days"),
        (f"{RULE}confidence=80", "policy.rule[0].confidence:"),
        (f"{RULE}kind=['feature']", "policy.rule[0].kind"),
        (f"{RULE}source=['nightly']", "rule 'a' names no such source: 'nightly'"),
        (f"{RULE.replace('merge', 'refuse')}min_age='1h'", "cannot wait; leave min_age out"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_its_place(text: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_config(text, ".github/bot.toml")
    sentence = str(refused.value)
    assert sentence.startswith(".github/bot.toml")
    assert said in sentence
    assert sentence.endswith(".")
    assert "pydantic" not in sentence
    assert "\n" not in sentence


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(UserError) as refused:
        parse_config("enabeld = false\n[limits]\nopen_pulls = -1")
    assert "enabeld" in str(refused.value)
    assert "limits.open_pulls" in str(refused.value)


@pytest.mark.parametrize(
    ("sources", "trusted"),
    [
        (("agent",), True),
        (("agent", "nightly"), False),
        (("nightly",), False),
        (("stranger",), False),
        (("agent (anyone's)",), False),
        ((), False),
    ],
)
def test_trust_needs_every_source_to_be_trusted(sources: tuple[str, ...], trusted: bool) -> None:
    assert parse_config(WHOLE).trusts(sources) is trusted


def test_a_later_proof_is_the_stronger_one() -> None:
    assert sorted(Proof, key=lambda proof: -proof.rank) == [
        Proof.FAIL_TO_PASS,
        Proof.CHECKS,
        Proof.NONE,
    ]


def test_an_editor_can_check_the_file_with_the_schema() -> None:
    schema = json.loads(config_schema())
    jsonschema.validate(tomllib.loads(WHOLE), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"enabeld": False}, schema)


def test_the_schema_explains_every_key_of_a_rule() -> None:
    rule = json.loads(config_schema())["$defs"]["RuleConfig"]["properties"]
    undescribed = {key for key, about in rule.items() if not about.get("description")}
    assert undescribed <= {"name", "outcome"}
