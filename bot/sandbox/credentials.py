"""What a run holds that the code it executes could steal, where nothing keeps that code apart.

Known by name, by what the value looks like, or by the place in the home that a tool keeps its keys
in. Only names and places leave this module, never a value. What counts errs on the side of a
credential: a name too many costs a sentence and a setting, one too few costs the credential.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bot import secrets

MAX_READ = 1024 * 1024
"""Bytes of a file that are looked at."""

_NAME = re.compile(
    r"TOKEN_?\d*$|SECRET|PASSW|PASSPHRASE|CREDENTIALS?$|(^|_)(PAT|PWD|KEY)_?\d*$"
    r"|(^|_)(API|ACCESS|PRIVATE|SIGNING|ENCRYPTION)_?KEY|(^|_)(BASIC|HTTP|PROXY|DOCKER)_AUTH"
    r"|^AWS_(ACCESS|SESSION|SECURITY|BEARER|WEB_IDENTITY|CONTAINER_(CREDENTIALS|AUTHORIZATION))"
    r"|^ACTIONS_ID_TOKEN_REQUEST_|^SSH_AUTH_SOCK$|^NPM_.*AUTH|PYPI_TOKEN_"
)
_ABOUT = re.compile(
    r"_(DIR|FOLDER|URL|HOST|NAME|ID|USER(NAME)?|TYPE|HASH|DIGEST|LENGTH|LIMIT|COUNT|TTL"
    r"|EXPIR\w*|HEADER|PREFIX|VERSION|STORE|MANAGER|HELPER|PROVIDER|ENABLED|REGION|SCANNING)$"
    r"|^GPG_KEY$|(^|_)(PUBLIC|CACHE|SORT|PRIMARY|FOREIGN|HOST|PARTITION)_KEY$|^(OLD_?)?PWD$"
)
"""Names of what belongs to a credential and is none. GPG_KEY is the public key that the official
images of Python name."""
_IN_SPITE = re.compile(r"^ACTIONS_ID_TOKEN_REQUEST_|^AWS_(ACCESS_KEY_ID|CONTAINER_)")
_IN_A_FILE = re.compile(r"_(FILE|PATH)$")
_PLACES = ("KUBECONFIG", "NETRC")
_SWITCHES = "0 1 true false yes no on off none null"


def is_credential(name: str, value: str) -> bool:
    """Whether an environment variable is one, by its name or its value.

    One that names a file counts if that file is there and can be read.
    """
    value = value.strip()
    if not value or value.casefold() in _SWITCHES.split():
        return False
    upper = name.upper()
    if _names_a_place(upper) and value.startswith("/"):
        return bool(_text(Path(value)))
    return _by_name(upper) or bool(secrets.find(value))


def _by_name(name: str) -> bool:
    about = _ABOUT.search(name) or _IN_A_FILE.search(name)
    return bool(_IN_SPITE.search(name) or (_NAME.search(name) and not about))


def _names_a_place(name: str) -> bool:
    """Whether its value, where that is a path, is the place of the credential."""
    return (
        name in _PLACES
        or name.endswith("CREDENTIALS")
        or bool(_IN_A_FILE.search(name) and _NAME.search(_IN_A_FILE.sub("", name)))
    )


def held_credentials(
    environ: Mapping[str, str], home: Path, git_dir: Path | None = None
) -> tuple[str, ...]:
    """The names of variables and the places of files with credentials, in this order, sorted.

    `git_dir` is the repository's, whose configuration may hold a token as checkouts in CI leave it.
    """
    variables = sorted(name for name, value in environ.items() if is_credential(name, value))
    files = sorted(
        {
            _shown(path, home)
            for path, counts in _places(environ, home, git_dir)
            if (text := _text(path)) and counts(text)
        }
    )
    return (*variables, *files)


# ---------------------------------------------------------------------------------- files


def _places(
    environ: Mapping[str, str], home: Path, git_dir: Path | None
) -> Iterator[tuple[Path, Callable[[str], bool]]]:
    """Files that tools keep credentials in, each with what tells whether it holds one."""
    settings = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    for place, counts in _IN_HOME.items():
        yield home / place, counts
    for place, counts in _IN_SETTINGS.items():
        yield settings / place, counts
    if environ.get("GH_CONFIG_DIR"):
        yield Path(environ["GH_CONFIG_DIR"], "hosts.yml"), bool
    if environ.get("DOCKER_CONFIG"):
        yield Path(environ["DOCKER_CONFIG"], "config.json"), _logs_in_to_docker
    for folder, pattern, counts in (
        (home / ".ssh", "*", _is_private_key),
        (home / ".gnupg" / "private-keys-v1.d", "*.key", bool),
        (home / ".aws" / "sso" / "cache", "*.json", bool),
    ):
        yield from ((path, counts) for path in _inside(folder, pattern))
    if git_dir is not None:
        yield git_dir / "config", _holds_secret
    if environ.get("RUNNER_TEMP"):  # where newer checkouts put what the configuration includes
        for path in _inside(Path(environ["RUNNER_TEMP"]), "git-credentials-*"):
            yield path, bool


def _matches(pattern: str) -> Callable[[str], bool]:
    found = re.compile(pattern)
    return lambda text: bool(found.search(text))


def _holds_secret(text: str) -> bool:
    return bool(secrets.find(text))


def _logs_in_to_docker(text: str) -> bool:
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(settings, dict) and bool(settings.get("auths"))


_is_private_key = _matches(r"^-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY|^PuTTY-User-Key-File")

_IN_HOME: dict[str, Callable[[str], bool]] = {
    ".git-credentials": bool,
    ".netrc": _matches(r"\bpassword\s"),
    ".gitconfig": _holds_secret,
    ".aws/credentials": bool,
    ".azure/msal_token_cache.json": bool,
    ".cache/huggingface/token": bool,
    ".cargo/credentials": bool,
    ".cargo/credentials.toml": bool,
    ".docker/config.json": _logs_in_to_docker,
    ".kube/config": _matches(
        r"(?m)^\s*-?\s*(token|password|client-key(-data)?|exec|auth-provider):"
    ),
    ".npmrc": _matches(r"(?m)_(auth(Token)?|password)\s*=\s*\"?(?!\$)[^\s\"]"),
    ".pip/pip.conf": _holds_secret,
    ".pypirc": _matches(r"(?m)^\s*password\s*[=:]\s*\S"),
}
_IN_SETTINGS: dict[str, Callable[[str], bool]] = {
    "gh/hosts.yml": bool,
    "glab-cli/config.yml": _matches(r"(?m)^\s*(token|job_token):\s*[^\s\"']"),
    "git/credentials": bool,
    "git/config": _holds_secret,
    "hub": _matches(r"oauth_token"),
    "gcloud/credentials.db": bool,
    "gcloud/application_default_credentials.json": bool,
    "pip/pip.conf": _holds_secret,
}


def _inside(folder: Path, pattern: str) -> tuple[Path, ...]:
    try:
        return tuple(folder.glob(pattern))
    except OSError:
        return ()


def _text(path: Path) -> str:
    """The beginning of a plain file, "" where there is none or it cannot be read by anyone here."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(MAX_READ).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _shown(path: Path, home: Path) -> str:
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
