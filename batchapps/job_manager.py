"""Making, submitting and finding jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._progress import ProgressCallback, TransferCallback
from ._wire import given, whole
from .config import Configuration
from .credentials import Credentials
from .exceptions import FileUploadException
from .job import JobSubmission, SubmittedJob

__all__ = ["JobManager"]


class JobManager:
    """The jobs of an account. Iterating over it gives all of them, newest first.

    Args:
        credentials: What was logged in.
        cfg: Default: the configuration of `credentials`.

    Attributes:
        count: How many jobs there are in all by the last listing; None before the first one.
            ``len()`` is the same, 0 before the first listing.
    """

    def __init__(self, credentials: Credentials, cfg: Configuration | None = None) -> None:
        from ._api import Api  # late, with all that is generated

        self._api = Api(credentials, cfg)
        self.count: int | None = None

    def __len__(self) -> int:
        return self.count or 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[SubmittedJob]:
        return self.iter_jobs()

    def iter_jobs(self, name: str | None = None, per_call: int = 50) -> Iterator[SubmittedJob]:
        """All jobs, newest first, fetched as they are needed.

        Args:
            name: Only those whose names contain this.
            per_call: How many to fetch in one call.

        Raises:
            RestCallException: The service failed.
        """
        seen: set[str] = set()
        index, per_call = 0, whole("per_call", per_call, 1)
        while page := self.get_jobs(index, per_call, name):
            # A job submitted meanwhile moves the others down, so that some come again.
            yield from (job for job in page if job.id not in seen)
            seen.update(job.id for job in page)
            index += len(page)

    def get_jobs(
        self, index: int = 0, per_call: int = 10, name: str | None = None
    ) -> list[SubmittedJob]:
        """A page of jobs, newest first.

        Args:
            index: How many jobs to skip.
            per_call: How many to give at most.
            name: Only those whose names contain this.

        Raises:
            RestCallException: The service failed.
        """
        page = self._api.list_jobs(index, per_call, name)
        self.count = int(given(page.total_count, 0))
        return [SubmittedJob._from_model(self._api, model) for model in page.jobs]

    def get_job(
        self, job: SubmittedJob | None = None, url: str | None = None, jobid: str | None = None
    ) -> SubmittedJob:
        """A job as it is now, by the job itself (which is updated), its address, or its id.

        Raises:
            ValueError: None of them is given.
            NotFoundException: There is no such job.
            RestCallException: The service failed.
        """
        if job is not None:
            job.update()
            return job
        if not url and not jobid:
            raise ValueError("Give the job, its url, or its jobid.")
        return SubmittedJob._from_model(self._api, self._api.get_job(job_id=jobid, url=url))

    def create_job(self, name: str, **jobdetails: Any) -> JobSubmission:
        """A job to be submitted.

        Args:
            name: What to call it.
            **jobdetails: See `JobSubmission`: params, files, job_file, instances, pool, settings,
                priority.

        Raises:
            InvalidConfigException: No parameters are given and there is no current job type.
        """
        return JobSubmission(self._api, name, **jobdetails)

    def submit(
        self,
        submitjob: JobSubmission,
        upload_threads: int | None = None,
        callback: ProgressCallback | None = None,
        block: int = 4096,
        *,
        progress: TransferCallback | None = None,
    ) -> SubmittedJob:
        """Upload the files of a job that the service does not have, then submit it.

        Args:
            submitjob: The job.
            upload_threads: How many files to upload at the same time, at most 10. Default: 4.
            callback: Told the progress of the upload: percent, bytes so far, bytes in all.
            block: Accepted and not used.
            progress: Told more of the upload, see `TransferProgress`.

        Returns:
            The job, as from `JobSubmission.submit`.

        Raises:
            TypeError: It is not a JobSubmission.
            FileUploadException: Files could not be uploaded; the job was not submitted.
            BadRequestException: The service found something wrong, see `JobSubmission.submit`.
            RestCallException: The service refused otherwise, or failed.
        """
        if not isinstance(submitjob, JobSubmission):
            raise TypeError(f"{submitjob!r} is not a JobSubmission. Make one with create_job().")
        submitjob._warn_of_unknown_parameters()  # and not only after a long upload
        failed = submitjob.required_files.upload(
            threads=upload_threads, callback=callback, block=block, progress=progress
        )
        if failed:
            reasons = "; ".join(f"{file.path}: {reason}" for file, reason in failed[:5])
            more = f" and {len(failed) - 5} more" if len(failed) > 5 else ""
            raise FileUploadException(
                f"The job {submitjob.name!r} was not submitted, because files could not be "
                f"uploaded: {reasons}{more}"
            )
        return submitjob.submit()
