"""What can be set for one service."""

from dataclasses import dataclass

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
    max_dedicated: int = 16
    """Workers an account's own pools may have in all, and the most of one auto-pool."""
    max_tasks_per_worker: int = 64
    """The most that a pool's ``maxTasksPerTVM`` may be."""
    max_pools: int = 20
    """Pools an account may make."""
    max_body_bytes: int = 64 * 1024 * 1024
    """The largest JSON body that is read."""

    @property
    def base_url(self) -> str:
        """``https://HOST:PORT``, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"
