"""Making, finding and deleting pools."""

from __future__ import annotations

from collections.abc import Iterator

from .config import Configuration
from .credentials import Credentials
from .exceptions import RestCallException
from .pool import Pool, PoolSpecifier

__all__ = ["PoolManager"]


class PoolManager:
    """The pools of an account. Iterating over it gives all of them.

    Args:
        credentials: What was logged in.
        cfg: Default: the configuration of `credentials`.

    Attributes:
        count: How many pools the last listing gave; None before the first one. ``len()`` is the
            same, 0 before the first listing.
    """

    def __init__(self, credentials: Credentials, cfg: Configuration | None = None) -> None:
        from ._api import Api  # late, with all that is generated

        self._api = Api(credentials, cfg)
        self.count: int | None = None

    def __len__(self) -> int:
        return self.count or 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Pool]:
        return iter(self.get_pools())

    def create(
        self,
        spec: PoolSpecifier | None = None,
        target_size: int = 0,
        max_tasks: int = 1,
        communication: bool = False,
    ) -> Pool:
        """Make a pool, by `spec` if it is given, else by the other arguments.

        Args:
            spec: From `create_spec`.
            target_size: How many workers it shall have.
            max_tasks: Tasks that one worker runs at the same time.
            communication: Whether workers shall be able to reach each other.

        Raises:
            ConflictException: There are as many pools or workers as the account may have.
            RestCallException: The service refused otherwise, or failed.
        """
        spec = spec or self.create_spec(target_size, max_tasks, communication)
        return self.get_pool(poolid=spec.start()["id"])

    def create_spec(
        self, target_size: int = 0, max_tasks: int = 1, communication: bool = False
    ) -> PoolSpecifier:
        """A description of a pool to be made, to which certificates can be added."""
        return PoolSpecifier(self._api, target_size, max_tasks, communication)

    def get_pool(self, url: str | None = None, poolid: str | None = None) -> Pool:
        """A pool by its address or its id.

        Raises:
            ValueError: Neither is given.
            NotFoundException: There is no such pool.
            RestCallException: The service failed.
        """
        if not url and not poolid:
            raise ValueError("Give the url or the poolid of the pool.")
        return Pool(self._api, **self._api.get_pool(pool_id=poolid, url=url).to_dict())

    def get_pools(self) -> list[Pool]:
        """All pools.

        Raises:
            RestCallException: The service failed.
        """
        pools = self._api.list_pools().pools
        self.count = len(pools)
        return [Pool(self._api, **pool.to_dict()) for pool in pools]

    def clear_pools(self) -> list[tuple[Pool, Exception]]:
        """Delete all pools.

        Returns:
            Those that could not be deleted, each with the exception.

        Raises:
            RestCallException: They could not be listed.
        """
        failed: list[tuple[Pool, Exception]] = []
        for pool in self.get_pools():
            try:
                pool.delete()
            except RestCallException as error:
                failed.append((pool, error))
        return failed
