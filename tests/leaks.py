"""Looks for keys, passwords, codes and tokens where none should be shown."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx

KNOWN: set[bytes] = set()
"""The secrets that this run has made or been given."""
KEPT_IN = {".ini", "keyring.json", "program.py", "my_oauth.py"}
"""Endings and names of files that are there to keep secrets, programs of users among them."""
IGNORED: set[Path] = set()
"""Folders of programs that are not this project's: client 0.5.2 logs its tokens."""
LARGEST = 1 << 23
"""Larger files that are no logs are contents which tests have made up."""

# Everything that could be part of a secret, and every token of a service, known or not.
_CANDIDATE = re.compile(rb"[\w-]{16,}", re.ASCII)
_TOKEN = re.compile(rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}", re.ASCII)
_MEMBERS = ("access_token", "refresh_token", "id_token", "device_code")


def learn(*secrets: str) -> None:
    """These are secrets from now on."""
    KNOWN.update(secret.encode() for secret in secrets)


def learn_reply(response: httpx.Response) -> None:
    """What a login service has given, as an event hook of a client."""
    if "/oauth2/" in response.url.path and "json" in response.headers.get("content-type", ""):
        response.read()
        learn(*(response.json()[name] for name in _MEMBERS if name in response.json()))


def shown(data: bytes) -> Iterator[str]:
    """The secrets in it, as far as they may be told."""
    for match in _TOKEN.finditer(data):
        yield f"a token at {match.start()}"
    lengths = {len(secret) for secret in KNOWN}
    for match in _CANDIDATE.finditer(data):
        run = match[0]
        for length in lengths:
            for start in range(len(run) - length + 1):
                if run[start : start + length] in KNOWN:
                    yield f"{run[start : start + 4].decode()}… at {match.start() + start}"


def search(folder: Path) -> list[str]:
    """Where in the files of the folder there are secrets, and which."""
    found: list[str] = []
    for path in folder.rglob("*"):
        if (
            not KEPT_IN.isdisjoint({path.name, path.suffix})
            or not IGNORED.isdisjoint(path.parents)
            or path.is_symlink()
            or not path.is_file()
        ):
            continue
        if path.suffix == ".log" or path.stat().st_size <= LARGEST:
            found += [f"{path}: {one}" for one in shown(path.read_bytes())]
    return found
