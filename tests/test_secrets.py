"""What is a secret goes; what only looks like one stays, for a redacted line cannot be mended."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest

from bot.model import Answer, BugReport, Edit, NotActionable, Patch, Severity, Sha, Usage
from bot.secrets import Secret, SecretFree, find, redact, without_secrets

# Put together here, so that no scanner takes this file for a leak.
LETTERS = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6"
HEX = "0123456789abcdef" * 4
GITHUB = "gh" + "p_" + LETTERS[:36]
KEY_BODY = "\n".join([LETTERS + "abcdefghijkl"] * 4)
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}\n-----END RSA PRIVATE KEY-----"
JWT = ".".join(
    base64.urlsafe_b64encode(part).rstrip(b"=").decode()
    for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"1234567890"}', bytes(range(32)))
)

SECRETS = {
    "github classic": ("GitHub Token", GITHUB),
    "github app": ("GitHub Token", "gh" + "s_" + LETTERS[:36]),
    "github app, stateless": (
        "GitHub Token",
        "gh" + "s_" + LETTERS[:36] + "." + LETTERS + "." + LETTERS,
    ),
    "github fine-grained": ("GitHub Token", "github" + "_pat_" + LETTERS[:22] + "_" + LETTERS),
    "gitlab": ("GitLab Token", "gl" + "pat-" + LETTERS[:20]),
    "aws id": ("AWS Access Key", "AK" + "IA" + "Q3EGZ5TRLB7VXKMN"),
    "slack bot": ("Slack Token", "xo" + "xb-123456789012-1234567890123-" + LETTERS[:24]),
    "slack app": ("Slack Token", "xa" + "pp-1-A0123456789-1234567890123-" + HEX),
    "slack hook": (
        "Slack Token",
        "https://hooks.slack" + ".com/services/T0AB1CD2E/B0AB1CD2E/" + LETTERS[:24],
    ),
    "stripe": ("Stripe Access Key", "sk" + "_live_" + LETTERS[:24]),
    "stripe, long": ("Stripe Access Key", "rk" + "_live_" + LETTERS + LETTERS),
    "openai, old": ("OpenAI Token", "sk-" + LETTERS[:20] + "T3Blbk" + "FJ" + LETTERS[:20]),
    "openai, project": ("OpenAI Token", "sk-" + "proj-" + LETTERS + "_" + LETTERS),
    "anthropic": ("Anthropic Token", "sk-" + "ant-api03-" + LETTERS),
    "hugging face": ("Hugging Face Token", "hf" + "_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"),
    "google": ("Google API Key", "AI" + "za" + LETTERS[:35]),
    "npm": ("npm Token", "np" + "m_" + LETTERS[:36]),
    "npmrc": ("npm Token", "0a1b2c3d-1111-2222-3333-444455556666"),
    "pypi": ("PyPI Token", "py" + "pi-AgEIcHlwaS5vcmc" + LETTERS + LETTERS[:20]),
    "sendgrid": ("SendGrid API Key", "S" + "G." + LETTERS[:22] + "." + LETTERS[:43]),
    "square": ("Square OAuth Secret", "sq0" + "csp-" + LETTERS[:43]),
    "mailchimp": ("Mailchimp Access Key", HEX[:32] + "-us12"),
    "twilio": ("Twilio API Key", "S" + "K" + HEX[:32]),
    "azure": ("Azure Storage Account access key", "Account" + "Key=" + (LETTERS * 2)[:86] + "=="),
    "discord": ("Discord Bot Token", "M" + LETTERS[:23] + "." + LETTERS[:6] + "." + LETTERS[:27]),
    "telegram": ("Telegram Bot Token", "123456789" + ":AA" + LETTERS[:33]),
    "jwt": ("JSON Web Token", JWT),
    "pem": ("Private Key", PEM),
    "pem, escaped": ("Private Key", PEM.replace("\n", "\\n")),
    "pem, cut off": ("Private Key", PEM[:200]),
}
IN_A_CONTEXT = {
    "url": ("Basic Auth Credentials", "postgres://app:{}@db.internal/prod", "hunter2"),
    "url without user": ("Basic Auth Credentials", "redis://:{}@cache:6379", "s3cr3thunter"),
    "npmrc": ("npm Token", "//registry.npmjs.org/:_authToken={}", SECRETS["npmrc"][1]),
    "header": ("Authorization Header", "Authorization: Bearer {}", LETTERS[:24]),
    "header in code": ("Authorization Header", '{{"Authorization": "token {}"}}', HEX[:40]),
    "assignment": ("Secret Keyword", 'API_KEY = "{}"', LETTERS[:20]),
    "aws secret": ("Secret Keyword", "aws_secret_access_key='{}'", LETTERS[:40]),
    "json": ("Secret Keyword", '{{"client_secret": "{}"}}', HEX[:32]),
    "keyword argument": ("Secret Keyword", 'login(user, password="{}")', "tr0ub4dor&3-Zq9"),
    "lookup with a default": ("Secret Keyword", 'get("API_KEY", "{}")', LETTERS[:20]),
    "dotenv": ("Secret Keyword", "export DB_PASSWORD={}", LETTERS[:16]),
    "yaml": ("Secret Keyword", "  access_token: {}", LETTERS[:30]),
}
NOT_SECRETS = [
    "3f786850e387550fdab836ed7e6dc881de23001b",
    f"sha256:{HEX}",
    "blob 9daeafb9864cf43055ae93beb0afd6c7d144bfa4 at 1699999999:3f786850e387550fdab836ed7e6dc881",
    "id = 123e4567-e89b-12d3-a456-426614174000",
    f'EXPECTED = "{LETTERS}"',
    'digest = "d41d8cd98f00b204e9800998ecf8427e"',
    'password_hash = "5f4dcc3b5aa765d61d8327deb882cf99"',
    'password = "password"',
    'password = "correct horse battery staple 1"',
    'login(user="alice", password="test-password-1")',
    'api_key = "your-api-key-1234"',
    'api_key = "${{ secrets.OPENAI_API_KEY }}"',
    'api_key = os.environ["OPENAI_API_KEY"]',
    "    api_key=settings.OPENAI_KEY_2,",
    'secret_name = "projects/1234/secrets/abc1"',
    'SECRET_FILE = "/run/secrets/db-password-1"',
    'assert secret == "xxxxxxxxxxxxxxxx1"',
    'pwd = "/home/runner/work/1a2b3c"',
    "KeyError: 'api_key_for_tenant_12'",
    'key = "session:user:42:profile"',
    "postgres://user:password@localhost/db",
    "https://user:{token}@github.com/acme/agent",
    "https://example.com:8080/a@b",
    "git@github.com:acme/agent.git",
    "-----BEGIN PRIVATE KEY-----",
    'if "-----BEGIN RSA PRIVATE KEY-----" not in text:\n    raise ValueError(text)',
    f"data:image/png;base64,iVBORw0KGgo{'AAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42' * 4}",
    "eyJhbGciOiJIUzI1NiJ9 is how a token starts",
    "sk-learn-estimator-html-representation",
    "sk-toggleable__content-arrow",
    "MyNotificationPreferences.method.test_something_that_is_rather_long",
    "ghp_short and npm_config_registry and hf_hub_download and xoxb-nothing",
    "Tokens: 1234 prompt, 5678 completion; the secret is to keep the key short.",
    "The word 'Authorization: Bearer <token>' is missing from the header.",
    "def tokenize(secret: str, password: str = '') -> list[Token]:",
    '  File "/tmp/tmpab12cd34/llm.py", line 7, in dummy_function\nIndexError: list index out',
    "[secret: GitHub Token]",
    'api_key = "[secret: Secret Keyword]"',
]


@pytest.mark.parametrize(("kind", "value"), SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("around", ["{}", "x = '{}'", "see\n{}\nand go on", 'a\n"{}",', "({})."])
def test_a_known_token_goes_and_the_rest_stays(kind: str, value: str, around: str) -> None:
    if kind == "npm Token" and value.startswith("0a"):
        around = around.replace("{}", "//x/:_authToken={}")
    text = around.format(value)
    redacted = redact(text)
    blank = "\n" * value.count("\n")
    assert redacted == around.format(f"[secret: {kind}]{blank}")
    assert find(text) == (Secret(line=text[: text.index(value)].count("\n") + 1, kind=kind),)


@pytest.mark.parametrize(("kind", "around", "value"), IN_A_CONTEXT.values(), ids=IN_A_CONTEXT)
def test_a_value_goes_where_its_place_says_what_it_is(kind: str, around: str, value: str) -> None:
    assert redact(around.format(value)) == around.format(f"[secret: {kind}]")


@pytest.mark.parametrize("text", NOT_SECRETS)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert find(text) == ()
    assert redact(text) == text


@pytest.mark.parametrize("hidden", ["\u200b", "\u2060", "\u202e", "\U000e0041", "\x00", "\ufe0f"])
def test_invisible_characters_hide_no_secret(hidden: str) -> None:
    split = GITHUB[:9] + hidden + GITHUB[9:]
    assert redact(f"a {split} b") == "a [secret: GitHub Token] b"
    assert redact(f"a{hidden}b") == f"a{hidden}b"


def test_lines_stay_where_they_are() -> None:
    text = f"a\n{PEM}\nb {GITHUB}\nc"
    assert redact(text).split("\n")[-2:] == ["b [secret: GitHub Token]", "c"]
    assert redact(text).count("\n") == text.count("\n")
    assert [secret.line for secret in find(text)] == [2, 8]


def test_a_found_secret_does_not_carry_its_value() -> None:
    (secret,) = find(GITHUB)
    assert GITHUB[4:] not in f"{secret!r} {secret}"


def test_two_secrets_side_by_side_both_go() -> None:
    assert redact(f"{GITHUB} {GITHUB},{SECRETS['google'][1]}") == (
        "[secret: GitHub Token] [secret: GitHub Token],[secret: Google API Key]"
    )


OWN = "corre/ct+horse=7"


@pytest.mark.parametrize(
    "name", ["GITHUB_TOKEN", "MY_API_KEY", "DB_PASSWORD", "X_SECRET", "NPM_TOKEN"]
)
@pytest.mark.parametrize(
    "form",
    [
        OWN,
        quote(OWN, safe=""),
        quote(OWN, safe="").lower(),
        json.dumps(OWN)[1:-1],
        OWN.encode().hex(),
        OWN.encode().hex().upper(),
    ],
)
def test_the_credentials_of_this_process_go(
    name: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, OWN)
    assert redact(f"the{form}battery") == f"the[secret: {name}]battery"


@pytest.mark.parametrize("before", ["", "x", "xy", "x-access-token:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_hides_no_credential(
    before: str, encode: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", OWN)
    encoded = encode(f"{before}{OWN}after".encode()).decode()  # type: ignore[operator]
    redacted = redact(f"AUTH {encoded}")
    assert "[secret: GITHUB_TOKEN]" in redacted
    assert len(redacted) < len(f"AUTH {encoded}") - len(OWN) + len("[secret: GITHUB_TOKEN]")


def test_short_or_differently_named_values_are_not_taken_for_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "short")
    monkeypatch.setenv("EDITOR", "a-long-value")
    monkeypatch.setenv("KEYBOARD", "another-value")
    monkeypatch.setenv("API_KEY", "\u200b" * 12)
    text = "short a-long-value another-value"
    assert redact(text) == text


def test_a_credential_of_several_lines_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_KEY", "first line\nsecond line\n")
    assert redact("a first line\nsecond line b") == "a [secret: DEPLOY_KEY]\n b"


def test_an_answer_keeps_its_edits_and_loses_its_secrets() -> None:
    report = BugReport(path="a.py", symbol="f", summary=f"a {GITHUB}", severity=Severity.LOW)
    edit = Edit("a.py", Sha("0" * 40), f'x = "{GITHUB}"', "x = 1")
    answer = Answer(diagnosis=report, patch=Patch((edit,), f"b {GITHUB}"), usage=Usage())
    clean = without_secrets(answer)
    assert clean.patch is not None
    assert clean.patch.edits == (edit,)
    assert GITHUB not in clean.patch.explanation
    assert isinstance(clean.diagnosis, BugReport)
    assert clean.diagnosis.summary == "a [secret: GitHub Token]"
    no_bug = Answer(diagnosis=NotActionable(GITHUB), patch=None, usage=Usage(), reason=GITHUB)
    assert GITHUB not in repr(without_secrets(no_bug))


class _Tree:
    commit = Sha("0" * 40)

    def paths(self) -> tuple[str, ...]:
        return ("a.py",)

    def mode(self, path: str) -> str:
        return "100644"

    def blob(self, path: str) -> Sha | None:
        return self.commit

    def read(self, path: str) -> str | None:
        return f"a\n{PEM}\nb" if path == "a.py" else None


def test_a_secret_free_tree_is_read_line_for_line() -> None:
    tree = SecretFree(_Tree())
    text = tree.read("a.py") or ""
    assert KEY_BODY[:20] not in text
    assert text.split("\n")[7] == "b"
    assert tree.read("b.py") is None
    assert (tree.commit, tree.paths(), tree.mode("a.py"), tree.blob("a.py")) == (
        "0" * 40,
        ("a.py",),
        "100644",
        "0" * 40,
    )


SLOW = {
    "prose": "The function fails on empty input because nobody passes a token to it. ",
    "code": "    assert self.api_key == 'x' and password is None  # secret\n",
    "names": "secret",
    "tokens": "sk-A1",
    "names, spaced": "password   =   ",
    "jwt": "eyJhbGciOiJI.",
    "urls": "://a:b",
    "urls, long": "://" + "a" * 90 + ":",
    "pem": "-----BEGIN PRIVATE KEY-----\n" + "A" * 24,
    "slack": "xoxb-1-",
    "discord": "M" + "a" * 24 + ".",
    "gitlab": "glagent-",
    "quotes": "api_key='" + "a1" * 90,
    "spaces": " ",
    "digits": "1:",
    "hex": "0a",
    "header": "authorization: bearer ",
    "invisible": "a\u200b",
    "npm": "//:_authToken=",
}


@pytest.mark.parametrize("unit", SLOW.values(), ids=SLOW)
def test_no_text_takes_long(unit: str) -> None:
    """Far above the usual 0.1 ms per KB, and far below what backtracking would take."""
    text = (unit * (200_000 // len(unit) + 1))[:200_000]
    redact("x")
    start = time.process_time()
    redact(text)
    assert time.process_time() - start < 2
