"""The operations of the service, typed, for the classes that users see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import httpx
from batchapps_management import Client
from batchapps_management.api.files import (
    list_files,
    query_files_by_name,
    query_files_by_specification,
)
from batchapps_management.api.jobs import (
    cancel_job,
    delete_job,
    get_job,
    get_job_log,
    hold_job,
    list_jobs,
    reprocess_job,
    resume_job,
    submit_job,
)
from batchapps_management.api.jobtypes import list_job_types
from batchapps_management.api.outputs import (
    get_job_output_file,
    list_job_output_files,
    list_job_outputs,
)
from batchapps_management.api.pools import (
    create_pool,
    delete_pool,
    get_pool,
    list_pools,
    resize_pool,
)
from batchapps_management.api.tasks import cancel_task, list_task_outputs, list_tasks
from batchapps_management.models import (
    CreatedPool,
    FileNames,
    FileSpecification,
    FileSpecifications,
    Job,
    JobList,
    JobLog,
    JobOutputList,
    JobSubmission,
    JobTypeList,
    Output,
    OutputList,
    Pool,
    PoolList,
    PoolSpecification,
    ResizeRequest,
    SubmitResult,
    Task,
    TaskList,
    UserFile,
    UserFileList,
)
from batchapps_management.types import UNSET, Unset

from . import _downloads
from ._downloads import Wanted
from ._hashes import Hashes
from ._http import ApiClient
from ._progress import Meter, ProgressCallback, TransferCallback
from ._uploads import Source, Upload
from ._wire import whole
from .config import Configuration
from .credentials import Credentials
from .exceptions import (
    BadRequestException,
    RestCallException,
    StateConflictException,
    UnexpectedReplyException,
)

T = TypeVar("T")

_THREADS, _MOST_THREADS = 4, 10


class Api:
    """One service as one account sees it.

    Methods raise the exceptions under `RestCallException`, `SessionExpiredException` when the token
    has run out, and `InvalidConfigException` when there is no endpoint.
    """

    def __init__(self, credentials: Credentials, config: Configuration | None = None) -> None:
        self._credentials = credentials
        self._config = config or credentials.config
        self._known_parameters: dict[str, set[str]] | None = None

    @property
    def _http(self) -> ApiClient:
        return self._credentials.session_for(self._config.endpoint())

    def _call(self, reply: type[T], operation: Callable[[Client], object]) -> T:
        """The reply of `operation`, checked to be a `reply`."""
        return _checked(reply, lambda: operation(Client(base_url="").set_httpx_client(self._http)))

    def _get(self, reply: type[T], read: Callable[[Mapping[str, Any]], T], url: str) -> T:
        """What is at an address that came from the service."""
        return _checked(reply, lambda: read(self._http.get(url).json()))

    def _possible(self, operation: Callable[[Client], object]) -> bool:
        """Whether an action was taken; it is not where the present state does not allow it."""
        try:
            self._call(object, operation)
        except StateConflictException:
            return False
        return True

    # -- configuration -----------------------------------------------------------------------

    def jobtype(self) -> str:
        return self._config.current_jobtype()

    def default_params(self) -> dict[str, str]:
        return self._config.default_params()

    def known_parameters(self) -> set[str] | None:
        """Names of the job type's parameters, asked for once; None if the service does not tell."""
        if self._known_parameters is None:
            known = self._known_parameters = dict[str, set[str]]()
            try:
                listed = self._call(JobTypeList, lambda client: list_job_types.sync(client=client))
            except RestCallException:  # the list is an extension, which not every service has
                return None
            for each in listed.job_types:
                if not isinstance(each.parameters, Unset):
                    known.setdefault(each.name, set()).update(p.name for p in each.parameters)
        return self._known_parameters.get(self.jobtype())

    # -- jobs --------------------------------------------------------------------------------

    def list_jobs(self, index: int = 0, per_call: int = 10, name: str | None = None) -> JobList:
        index, per_call = whole("index", index), whole("per_call", per_call)
        return self._call(
            JobList,
            lambda client: list_jobs.sync(
                client=client,
                start_index=index,
                max_results=per_call,
                name_contains=name or UNSET,
            ),
        )

    def get_job(self, job_id: str | None = None, url: str | None = None) -> Job:
        if url:
            return self._get(Job, Job.from_dict, url)
        return self._call(Job, lambda client: get_job.sync(job_id or "", client=client))

    def get_changed_job(self, job_id: str, seconds: float, status: str) -> Job:
        """A job once its status is another, or after so many seconds, if the service waits."""
        return self._call(
            Job,
            lambda client: get_job.sync(
                job_id, client=client, wait=round(seconds, 3), unless=status
            ),
        )

    def send_job(self, job_message: Mapping[str, Any]) -> SubmitResult:
        body = JobSubmission.from_dict(job_message)
        return self._call(SubmitResult, lambda client: submit_job.sync(client=client, body=body))

    def get_log(self, job_id: str, start: str | None, max_lines: int | None) -> JobLog:
        most = UNSET if max_lines is None else whole("max_lines", max_lines)
        return self._call(
            JobLog,
            lambda client: get_job_log.sync(
                job_id,
                client=client,
                since=start or UNSET,
                max_results=most,
            ),
        )

    def cancel(self, job_id: str) -> bool:
        return self._possible(lambda client: cancel_job.sync(job_id, client=client))

    def reprocess(self, job_id: str) -> bool:
        return self._possible(lambda client: reprocess_job.sync(job_id, client=client))

    def delete_job(self, job_id: str) -> None:
        self._call(object, lambda client: delete_job.sync(job_id, client=client))

    def hold(self, job_id: str) -> bool:
        return self._possible(lambda client: hold_job.sync(job_id, client=client))

    def resume(self, job_id: str) -> bool:
        return self._possible(lambda client: resume_job.sync(job_id, client=client))

    # -- tasks and outputs -------------------------------------------------------------------

    def list_tasks(self, job_id: str, index: int, per_call: int) -> list[Task]:
        return self._call(
            TaskList,
            lambda client: list_tasks.sync(
                job_id, client=client, start_index=index, max_results=per_call
            ),
        ).tasks

    def cancel_task(self, job_id: str, task_id: int) -> bool:
        return self._possible(lambda client: cancel_task.sync(job_id, task_id, client=client))

    def list_output_files(self, job_id: str) -> list[Output]:
        return self._call(
            OutputList, lambda client: list_job_output_files.sync(job_id, client=client)
        ).outputs

    def preview_name(self, job_id: str) -> str | None:
        """The name of a job's preview, or None."""
        outputs = self._call(
            JobOutputList, lambda client: list_job_outputs.sync(job_id, client=client)
        ).job_outputs
        return next((str(o.name) for o in outputs if o.kind == "JobPreview"), None)

    def list_task_outputs(self, job_id: str, task_id: int) -> list[Output]:
        return self._call(
            OutputList, lambda client: list_task_outputs.sync(job_id, task_id, client=client)
        ).outputs

    def output_url(self, job_id: str, name: str) -> str:
        url: str = get_job_output_file._get_kwargs(job_id, name)["url"]
        return url

    def read_output(self, url: str) -> str:
        """The text of a file of a job."""
        return _checked(str, lambda: self._http.get(url).content.decode(errors="replace"))

    def download(
        self,
        files: Sequence[Wanted],
        callback: ProgressCallback | None = None,
        progress: TransferCallback | None = None,
        job_id: str = "",
    ) -> None:
        """Download files of a job, or that were uploaded; see `_downloads.download`."""
        with Meter(callback, progress) as meter:
            _downloads.download(self._http, files, meter, job_id)

    # -- files -------------------------------------------------------------------------------

    def list_files(self) -> list[UserFile]:
        return self._call(UserFileList, lambda client: list_files.sync(client=client)).files

    def query_names(self, names: Sequence[str]) -> list[UserFile]:
        body = FileNames(names=list(names))
        return self._call(
            UserFileList, lambda client: query_files_by_name.sync(client=client, body=body)
        ).files

    def query_files(self, specifications: Sequence[Mapping[str, str]]) -> list[UserFile]:
        body = FileSpecifications([FileSpecification.from_dict(spec) for spec in specifications])
        return self._call(
            UserFileList, lambda client: query_files_by_specification.sync(client=client, body=body)
        ).files

    def send_files(
        self,
        files: Sequence[Source],
        *,
        force: bool,
        threads: int | None = None,
        callback: ProgressCallback | None = None,
        progress: TransferCallback | None = None,
    ) -> tuple[dict[int, Exception], dict[int, str]]:
        """Upload files; see `_uploads.Upload`."""
        most = max(1, min(whole("threads", threads or _THREADS), _MOST_THREADS))
        hashes = Hashes(self._config.hashes_path())
        with Meter(callback, progress) as meter:
            return Upload(self._http, hashes, files, force=force, threads=most, meter=meter).run()

    def delete_file(self, url: str) -> None:
        _checked(object, lambda: self._http.delete(url))

    # -- pools -------------------------------------------------------------------------------

    def list_pools(self) -> PoolList:
        return self._call(PoolList, lambda client: list_pools.sync(client=client))

    def add_pool(self, specification: Mapping[str, Any]) -> CreatedPool:
        body = PoolSpecification.from_dict(specification)
        return self._call(CreatedPool, lambda client: create_pool.sync(client=client, body=body))

    def get_pool(self, pool_id: str | None = None, url: str | None = None) -> Pool:
        if url:
            return self._get(Pool, Pool.from_dict, url)
        return self._call(Pool, lambda client: get_pool.sync(pool_id or "", client=client))

    def resize_pool(self, pool_id: str, target_size: int) -> None:
        body = ResizeRequest(target_dedicated=str(target_size))
        self._call(object, lambda client: resize_pool.sync(pool_id, client=client, body=body))

    def delete_pool(self, pool_id: str) -> None:
        self._call(object, lambda client: delete_pool.sync(pool_id, client=client))


def _checked(reply: type[T], call: Callable[[], object]) -> T:
    try:
        result = call()
    except httpx.InvalidURL as error:
        raise UnexpectedReplyException(
            ValueError, f"The service gave an address that is none: {error}.", error
        ) from error
    except UnicodeEncodeError as error:  # of a lone surrogate, as file names may have
        # No more of it than that: it may be a whole job, and errors get into logs.
        character = error.object[error.start : error.end]
        raise BadRequestException(
            ValueError,
            f"The call has {character!r} in it, which is not valid text and cannot be sent. Look "
            "for it in names of files and in parameters.",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unexpected(reply, error) from error
    if not isinstance(result, reply):
        raise _unexpected(reply, None)
    return result


def _unexpected(reply: type, error: BaseException | None) -> UnexpectedReplyException:
    reason = f" ({type(error).__name__}: {error})" if error else ""
    return UnexpectedReplyException(
        ValueError,
        f"The answer is not a {reply.__name__}{reason}. Check that the endpoint is that of a Batch "
        "Apps service, and that nothing on the way answers in its place.",
        error,
    )
