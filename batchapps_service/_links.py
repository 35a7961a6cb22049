"""Absolute addresses of everything the API links to, from the configuration and percent-encoded."""

from functools import lru_cache
from urllib.parse import quote


@lru_cache(1000)  # most parts come again and again, and quoting takes long
def _part(text: str) -> str:
    return quote(text, safe="")


class Links:
    """Makes ``{"href": …}`` objects below ``base_url``."""

    def __init__(self, base_url: str) -> None:
        self._api = f"{base_url}/api"

    def _to(self, *parts: str) -> dict[str, str]:
        return {"href": "/".join([self._api, *map(_part, parts)])}

    def job(self, job_id: str) -> dict[str, str]:
        """The job itself."""
        return self._to("jobs", job_id)

    def tasks(self, job_id: str) -> dict[str, str]:
        """The job's tasks."""
        return self._to("jobs", job_id, "tasks")

    def job_output(self, job_id: str) -> dict[str, str]:
        """The job's final output."""
        return self._to("jobs", job_id, "outputs", "output")

    def job_preview(self, job_id: str) -> dict[str, str]:
        """The job's preview."""
        return self._to("jobs", job_id, "outputs", "preview")

    def output(self, job_id: str, name: str) -> dict[str, str]:
        """An output of one of the job's tasks."""
        return self._to("jobs", job_id, "outputs", "files", name)

    def file(self, file_id: str, name: str) -> dict[str, str]:
        """An uploaded file; the last part is the name a download gets."""
        return self._to("files", file_id, "content", name)

    def pool(self, pool_id: str) -> dict[str, str]:
        """The pool."""
        return self._to("pools", pool_id)
