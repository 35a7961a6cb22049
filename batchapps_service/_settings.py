"""What can be set for one service."""

import ipaddress
import json
import logging
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from batchapps_service._errors import CommandError

log = logging.getLogger("batchapps_service")

RESOURCE = "https://batchapps.core.windows.net/"
"""What a token must be meant for: the original service's resource."""


@dataclass(frozen=True)
class Settings:
    """What ``service.json`` holds. The file may be edited; the service reads it when it starts."""

    tenant: str
    """GUID of the tenant that all accounts belong to."""
    host: str = "127.0.0.1"
    """Name or address in the service's links."""
    bind: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8443
    resource: str = RESOURCE
    token_lifetime: int = 3600
    """Seconds."""
    client_id: str = "batchapps"
    """The client that users sign in with; it has no key."""
    redirect_uris: tuple[str, ...] = ()
    """Where a sign-in may lead back to, besides the user's own machine."""
    sign_in_days: int = 90
    """Days without use after which a user has to sign in again."""
    max_dedicated: int = 16
    """Workers an account's own pools may have in all, and the most of one auto-pool."""
    max_tasks_per_worker: int = 64
    """The most that a pool's ``maxTasksPerTVM`` may be."""
    max_pools: int = 20
    """Pools an account may make."""
    max_tasks: int = 1_000_000
    """Tasks of one job."""
    max_attempts: int = 4
    """Tries at a task that loses its worker or asks to be tried again."""
    retry_seconds: float = 2
    """Pause before a task that asks for it is tried again; doubled with each try."""
    max_task_log_bytes: int = 8 * 1024 * 1024
    """What is kept of the output of one attempt: of more, the beginning and the end."""
    max_task_seconds: int = 0
    """How long an attempt at a task may take; 0: as long as it likes."""
    max_task_memory_bytes: int = 0
    """What the processes of one attempt may hold in memory together; 0: as much as there is."""
    max_output_files: int = 100_000
    """Files that one task may leave."""
    max_output_bytes: int = 0
    """Bytes that one task may leave; 0: as many as there is room for."""
    fence_tasks: bool = True
    """Whether tasks are kept out of the data directory, where the system can do that."""
    collect_seconds: int = 3600
    """How often contents that nobody needs are removed, and how long they stay at least."""
    max_body_bytes: int = 64 * 1024 * 1024
    """The largest JSON body that is read."""
    max_head_bytes: int = 64 * 1024
    """The line and the headers of a request."""
    max_connections: int = 1000
    """At a time; those on more are asked to come back later."""
    stall_seconds: int = 60
    """For which a client may pause while it sends a request or reads an answer."""
    max_bundle_bytes: int = 1024 * 1024 * 1024
    """All files of a job type together."""
    max_bundle_files: int = 10_000

    @property
    def base_url(self) -> str:
        """``https://HOST:PORT``, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"


def is_host(text: str) -> bool:
    """Whether ``text`` is a name or an address, without scheme or port."""
    try:
        return not getattr(ipaddress.ip_address(text), "scope_id", None)
    except ValueError:
        pass
    try:
        name = text.encode("idna").decode()
    except UnicodeError:
        return False
    label = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
    # A name that ends in a number would be taken for an address.
    return bool(re.fullmatch(rf"({label}\.)*(?!\d+$){label}", name))


def read(path: Path) -> Settings:
    """The settings in a ``service.json``; unknown ones are warned of.

    Raises CommandError that names what is wrong, and OSError where the file cannot be read.
    """
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    if not isinstance(loaded, dict):
        raise CommandError(f"{path} holds no settings; it must be one JSON object.")
    members = {field.name: field for field in fields(Settings)}
    for name in loaded.keys() - members.keys():
        log.warning("%s: there is no setting '%s'; it is not used", path, name)
    if "tenant" not in loaded:
        raise CommandError(f"{path} lacks 'tenant', the GUID that accounts were given with.")
    known = {name: value for name, value in loaded.items() if name in members}
    for name, value in known.items():
        expected = _expected(name, members[name].type, value)
        if expected:
            raise CommandError(f"{path}: '{name}' must be {expected}, and is {json.dumps(value)}.")
    return Settings(**known)


def _expected(name: str, kind: Any, value: object) -> str | None:
    """What the setting must be, if ``value`` is not that."""
    if name == "port":
        good = type(value) is int and 1 <= value <= 65535
        return None if good else "a number from 1 to 65535"
    if kind is int:
        return None if type(value) is int and value >= 0 else "a whole number, 0 or more"
    if name == "host":
        good = isinstance(value, str) and is_host(value)
        return None if good else "a name or an address, without scheme or port"
    if kind is bool:
        return None if isinstance(value, bool) else "true or false"
    if kind is str:
        return None if isinstance(value, str) and value else "a text that is not empty"
    return None
