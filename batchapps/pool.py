"""Pools of workers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from batchapps_management import models

from ._wire import given, href, when, whole, word

if TYPE_CHECKING:
    from ._api import Api

__all__ = ["Pool", "PoolSpecifier"]

_MOST_CERTIFICATES = 10


class Pool:
    """A pool of workers, as it was when it was last looked at; `update` looks again.

    Two are equal if id, time of creation, tasks per worker and target size are.

    Args:
        client: The service.
        **kwargs: What the service says about the pool.

    Attributes:
        id: Id, or None.
        created: When it was made, as the service writes it, or None.
        auto: Whether it was made for one job and goes with it.
        target_size: How many workers it shall have.
        current_size: How many it has.
        state: ``active``, ``upgrading`` or ``deleting``; None if unknown.
        allocation_state: ``steady``, ``resizing`` or ``stopping``; None if unknown.
        max_tasks: Tasks that one worker runs at the same time.
        resize_error: What hindered the last change of size, or ``""``.
        communication: Whether workers can reach each other.
        certificates: Certificates asked for, as the service writes them.
        jobs: Jobs on it that have not ended: dictionaries with ``id`` and ``name``.
        url: Its address, or None.
    """

    def __init__(self, client: Api, **kwargs: Any) -> None:
        self._api = client
        self._read(models.Pool.from_dict(kwargs))

    def _read(self, pool: models.Pool) -> None:
        self.id: str | None = given(pool.id, None)
        self.created: str | None = given(pool.creation_time, None)
        self.auto: bool = given(pool.auto_pool, False)
        self.target_size: int = int(given(pool.target_dedicated, 0))
        self.current_size: int = int(given(pool.current_dedicated, 0))
        self.state: str | None = word(pool.state, "") or None
        self.allocation_state: str | None = word(pool.allocation_state, "") or None
        self.max_tasks: int = int(given(pool.max_tasks_per_tvm, 1))
        self.resize_error: str = given(pool.resize_error, "")
        self.communication: bool = given(pool.communication, False)
        self.certificates: list[dict[str, Any]] = [
            certificate.to_dict() for certificate in given(pool.certificate_references, [])
        ]
        jobs = given(pool.active_jobs, None) or given(pool.jobs, [])
        self.jobs: list[dict[str, Any]] = [job.to_dict() for job in jobs]
        self.url: str | None = href(pool.pool_detail_link)

    def __repr__(self) -> str:
        return f"<Pool {self.id!r} {self.current_size}/{self.target_size} {self.state}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pool) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity()[:2])  # the others may change

    def _identity(self) -> tuple[object, ...]:
        return self.id, self.created, self.max_tasks, self.target_size

    @property
    def created_at(self) -> datetime | None:
        """When it was made."""
        return when(self.created)

    def delete(self) -> None:
        """Delete it.

        Raises:
            RestCallException: The service refused, or failed.
        """
        self._api.delete_pool(self._present_id())

    def resize(self, target: int) -> None:
        """Change its target size, then look at it again.

        Args:
            target: How many workers it shall have.

        Raises:
            ValueError: It is no whole number, or negative.
            ConflictException: That is beyond what the account may have.
            RestCallException: The service refused otherwise, or failed.
        """
        self._api.resize_pool(self._present_id(), whole("target", target))
        self.update()

    def update(self) -> None:
        """Look at it again.

        Raises:
            NotFoundException: It is not there any more.
            RestCallException: The service failed.
        """
        self._read(self._api.get_pool(pool_id=self._present_id()))

    def _present_id(self) -> str:
        if not self.id:
            raise ValueError("This pool has not been started and so has no id. Call start() first.")
        return self.id


class PoolSpecifier(Pool):
    """What a pool shall be like. `start` makes one; `PoolManager.create` makes and returns one.

    Args:
        client: The service.
        target_size: How many workers it shall have.
        max_tasks: Tasks that one worker runs at the same time.
        communication: Whether workers shall be able to reach each other.

    Raises:
        ValueError: A number is none, or too small.

    Attributes:
        target_size: As given, and so are max_tasks and communication.
        certificates: Certificates to install, see `add_cert`.
    """

    def __init__(
        self, client: Api, target_size: int = 0, max_tasks: int = 1, communication: bool = False
    ) -> None:
        super().__init__(
            client,
            targetDedicated=whole("target_size", target_size),
            maxTasksPerTVM=whole("max_tasks", max_tasks, 1),
            communication=bool(communication),
        )

    def add_cert(
        self,
        thumbprint: str,
        algorithm: str = "SHA1",
        store_location: str = "CurrentUser",
        store_name: str = "My",
    ) -> bool:
        """Have a certificate installed on the workers.

        Args:
            thumbprint: The certificate's thumbprint.
            algorithm: The thumbprint's algorithm.
            store_location: ``CurrentUser`` or ``LocalMachine``.
            store_name: Name of the store, such as ``My`` or ``Root``.

        Returns:
            Whether it was added: there can be 10 of them.
        """
        if len(self.certificates) >= _MOST_CERTIFICATES:
            return False
        self.certificates.append(
            {
                "thumbprint": thumbprint,
                "thumbprintAlgorithm": algorithm,
                "storeLocation": store_location,
                "storeName": store_name,
            }
        )
        return True

    def start(self) -> dict[str, str]:
        """Make the pool.

        Returns:
            Its ``id`` and ``link`` (address).

        Raises:
            ConflictException: There are as many pools or workers as the account may have.
            RestCallException: The service refused otherwise, or failed.
        """
        created = self._api.add_pool(
            {
                "targetDedicated": str(self.target_size),
                "maxTasksPerTVM": str(self.max_tasks),
                "communication": self.communication,
                "certificateReferences": self.certificates,
            }
        )
        return {"id": created.pool_id, "link": created.link.href}
