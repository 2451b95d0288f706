"""What counts as a credential that a run holds, and what only looks like one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.sandbox.credentials import held_credentials, is_credential

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"[:36]
HEADER = "AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46Z2hzXzEyMzQ1Njc4OTA="

CREDENTIALS = """
    GITHUB_TOKEN GH_TOKEN GITHUB_PAT OPENAI_API_KEY OPENAI_APIKEY ANTHROPIC_API_KEY CI_JOB_TOKEN
    ACTIONS_RUNTIME_TOKEN ACTIONS_ID_TOKEN_REQUEST_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL
    AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_BEARER_TOKEN_BEDROCK
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AZURE_CLIENT_SECRET MY_SECRET_2 SECRET_KEY_BASE
    SSH_AUTH_SOCK NODE_AUTH_TOKEN NPM_CONFIG__AUTH npm_config__authToken TWINE_PASSWORD PGPASSWORD
    UV_PUBLISH_TOKEN POETRY_PYPI_TOKEN_PYPI POETRY_HTTP_BASIC_X_PASSWORD MYSQL_PWD HF_TOKEN
    SYSTEM_ACCESSTOKEN DEPLOY_KEY STRIPE_KEY SIGNING_KEY_2 DOCKER_AUTH_CONFIG TOKEN_2 db_password
    GPG_PASSPHRASE GIT_TOKEN1
"""
NONE = """
    XDG_SESSION_ID XDG_SESSION_TYPE COLORTERM TERM_SESSION_ID DESKTOP_SESSION PWD OLDPWD PATH HOME
    SHELL LANG SSH_AGENT_PID SSH_CONNECTION GPG_TTY GPG_KEY LESSKEY TOKENIZERS_PARALLELISM
    MAX_TOKENS TOKEN_LIMIT SECRET_NAME VAULT_SECRET_ID PASSWORD_STORE_DIR AWS_REGION AWS_PROFILE
    AWS_CA_BUNDLE AWS_DEFAULT_REGION GITHUB_ACTOR GITHUB_REPOSITORY GITHUB_SHA RUNNER_TEMP
    GITHUB_TOKEN_URL KEYBOARD MONKEY HISTPATH COMPAT KEYMAP SORT_KEY SSH_PUBLIC_KEY
    DBUS_SESSION_BUS_ADDRESS PYENV_ROOT GITHUB_PATH AUTHOR
"""


@pytest.mark.parametrize("name", CREDENTIALS.split())
def test_a_credential_is_known_by_its_name(name: str) -> None:
    assert is_credential(name, "whatever it holds")
    assert not is_credential(name, " ")


@pytest.mark.parametrize("name", NONE.split())
def test_what_sounds_like_a_credential_is_none(name: str) -> None:
    assert not is_credential(name, "whatever it holds")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("INNOCENT", TOKEN, True),
        ("DATABASE_URL", "postgres://ann:Xk29fjQ0aa@db.example/app", True),
        ("DATABASE_URL", "postgres://db.example/app", False),
        ("PIP_INDEX_URL", "https://ann:Xk29fjQ0aa@packages.example/simple", True),
        ("USE_AUTH_TOKEN", "true", False),
        ("SECRET_SCANNING", "1", False),
        ("GITHUB_TOKEN_PATH", "", False),
        ("GITHUB_TOKEN_PATH", "/nowhere/at/all", False),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/at/all", False),
        ("CLOUD_CREDENTIALS", '{"a": 1}', True),
        ("AWS_SECRET_ACCESS_KEY", "/starts/Like+aPath", True),
    ],
)
def test_values_decide_where_names_do_not(name: str, value: str, expected: bool) -> None:
    assert is_credential(name, value) is expected


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD_FILE", "GOOGLE_APPLICATION_CREDENTIALS", "KUBECONFIG", "GITHUB_TOKEN_PATH"],
)
def test_a_variable_that_names_a_file_counts_if_the_file_is_there(
    name: str, tmp_path: Path
) -> None:
    place = tmp_path / "held"
    place.write_text("something")
    assert is_credential(name, str(place))
    place.write_text("")
    assert not is_credential(name, str(place))


FILES = {
    ".config/gh/hosts.yml": "github.com:\n    oauth_token: x\n",
    ".git-credentials": "https://ann:x@example.invalid\n",
    ".config/git/credentials": "https://ann:x@example.invalid\n",
    ".netrc": "machine example.invalid login ann password x\n",
    ".aws/credentials": "[default]\naws_secret_access_key = x\n",
    ".docker/config.json": json.dumps({"auths": {"registry.example": {"auth": "x"}}}),
    ".pypirc": "[pypi]\npassword = pypi-x\n",
    ".npmrc": "//registry.example/:_authToken=x\n",
    ".ssh/id_ed25519": "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n",
    ".ssh/work": "-----BEGIN RSA PRIVATE KEY-----\nx\n",
    ".gitconfig": f'[http "https://example.invalid/"]\n\textraheader = {HEADER}\n',
    ".config/pip/pip.conf": "[global]\nindex-url = https://ann:Xk29fjQ0aa@packages.example/simple\n",
}
HARMLESS = {
    ".config/gh/config.yml": "git_protocol: https\n",
    ".config/gh/hosts.yml": "",
    ".netrc": "machine example.invalid login ann\n",
    ".docker/config.json": json.dumps({"auths": {}, "psFormat": "x"}),
    ".pypirc": "[distutils]\nindex-servers = pypi\n",
    ".npmrc": "//registry.example/:_authToken=${NPM_TOKEN}\nfund=false\n",
    ".ssh/id_ed25519.pub": "ssh-ed25519 AAAA ann\n",
    ".ssh/known_hosts": "example.invalid ssh-ed25519 AAAA\n",
    ".ssh/config": "Host *\n",
    ".gitconfig": "[user]\n\tname = Ann\n[credential]\n\thelper = cache\n",
    ".config/pip/pip.conf": "[global]\nindex-url = https://packages.example/simple\n",
}


@pytest.mark.parametrize("place", FILES)
def test_a_file_that_keeps_a_credential_is_named(place: str, tmp_path: Path) -> None:
    write(tmp_path / place, FILES[place])
    assert held_credentials({}, tmp_path) == (f"~/{place}",)


@pytest.mark.parametrize("place", HARMLESS)
def test_a_file_that_keeps_none_is_not(place: str, tmp_path: Path) -> None:
    write(tmp_path / place, HARMLESS[place])
    assert held_credentials({}, tmp_path) == ()


def test_the_token_that_a_checkout_left_in_the_repository_is_found(tmp_path: Path) -> None:
    git_dir, temporary = tmp_path / "repository/.git", tmp_path / "runner"
    write(git_dir / "config", FILES[".gitconfig"])
    write(temporary / "git-credentials-1.config", FILES[".gitconfig"])
    held = held_credentials({"RUNNER_TEMP": str(temporary)}, tmp_path / "home", git_dir)
    assert held == (str(git_dir / "config"), str(temporary / "git-credentials-1.config"))


def test_only_names_are_told(tmp_path: Path) -> None:
    write(tmp_path / "settings/gh/hosts.yml", "oauth_token: VALUE")
    environ = {"GH_TOKEN": "VALUE", "XDG_CONFIG_HOME": str(tmp_path / "settings"), "LANG": "C"}
    assert held_credentials(environ, tmp_path) == ("GH_TOKEN", "~/settings/gh/hosts.yml")


def test_an_odd_home_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / ".netrc").mkdir()
    (tmp_path / ".ssh").write_text("a file")
    os.mkfifo(tmp_path / ".git-credentials")
    (tmp_path / ".pypirc").symlink_to(".pypirc")
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_bytes(b"\xff{")
    assert held_credentials({}, tmp_path) == ()
    assert held_credentials({}, tmp_path / "missing") == ()


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
