"""Jobs before and after they are submitted, and their tasks."""

from __future__ import annotations

import difflib
import json
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

from batchapps_management import models

from ._downloads import Wanted, target_path
from ._progress import ProgressCallback, TransferCallback
from ._wire import (
    LogLine,
    OutputInfo,
    duration,
    given,
    href,
    log_line,
    output_info,
    when,
    whole,
    word,
)
from .exceptions import (
    ConnectionFailedException,
    FileDownloadException,
    ServerErrorException,
    TooManyRequestsException,
    UnknownParameterWarning,
)
from .files import FileCollection, UserFile
from .pool import Pool

if TYPE_CHECKING:
    from ._api import Api

__all__ = ["JobSubmission", "LogLine", "OutputInfo", "SubmittedJob", "Task"]

T = TypeVar("T")

#: States from which a job does not move by itself.
_ENDS = {"Complete", "Error", "Cancelled", "OnHold"}
#: Failures that may pass.
_PASSING = (ConnectionFailedException, ServerErrorException, TooManyRequestsException)
_FIRST_POLL = 0.5
#: Seconds that the service is asked to wait at most; long silence is taken for a failure.
_LONGEST_WAIT = 30.0
_LOG_PAGE = 1000

_log = logging.getLogger("batch_apps")


class JobSubmission:
    """A job to be submitted.

    Any other attribute that is set is a parameter of the job: ``job.width = 300`` is
    ``job.params["width"] = "300"``, can be read as ``job.width`` and deleted. A parameter whose
    name is that of a method or of an attribute below is set in `params`. If the job type defines no
    such parameter, submitting the job warns of it (`UnknownParameterWarning`), for the name may be
    misspelt; it is sent all the same. Those that are in the configuration are not warned of.

    Args:
        client: The service.
        job_name: What to call the job.
        **job_settings: `params`, `files`, `job_file` (as for `set_job_file`, or a name),
            `instances`, `pool`, `settings`, `priority` (``Low``, ``Medium``, ``High`` or
            ``Urgent``; default ``Medium``). Others are not used, with a warning in the log.

    Attributes:
        name: What the job is called.
        params: Its parameters; those of the configuration unless given. Values are sent as text,
            lists and dictionaries as JSON; those that are None are left out.
        required_files: The files it needs.
        source: Name of the file it starts from, see `set_job_file`; ``""`` for none.
        instances: Number of workers of the pool that is made for it, at least 1.
        pool: The pool to run on, or its id; None: one is made for the job.
        settings: Free text for the job type.

    Raises:
        TypeError: `client` is not a service.
        InvalidConfigException: No parameters are given and there is no current job type.
    """

    name: str
    params: dict[str, Any]
    required_files: FileCollection
    source: str
    instances: int
    pool: Pool | str | None
    settings: str

    def __init__(self, client: Api, job_name: str, **job_settings: Any) -> None:
        if not hasattr(client, "send_job"):
            raise TypeError(f"{client!r} cannot take jobs. Make jobs with a JobManager.")
        self._api = client
        self._warned: set[str] = set()
        self._priority = str(job_settings.pop("priority", None) or "Medium")
        self.name = str(job_name)
        params = job_settings.pop("params", None)
        self.params = self.get_default_params() if params is None else dict(params)
        self.add_file_collection(job_settings.pop("files", None))
        self.source = ""
        job_file = job_settings.pop("job_file", None)
        if isinstance(job_file, str):
            self.source = job_file
        elif job_file is not None:
            self.set_job_file(job_file)
        self.instances = job_settings.pop("instances", 0)
        self.pool = job_settings.pop("pool", None)
        self.settings = job_settings.pop("settings", None) or ""
        for unknown in job_settings:
            _log.warning("A job has no setting %r; it is not used.", unknown)

    def __str__(self) -> str:
        return str({name: value for name, value in vars(self).items() if not name.startswith("_")})

    def __repr__(self) -> str:
        return f"<JobSubmission {self.name!r}>"

    # A name is an attribute if it is declared above, and a parameter otherwise.

    def __getattr__(self, name: str) -> Any:
        params = vars(self).get("params", {})
        if name in params and not name.startswith("__"):
            return params[name]
        raise AttributeError(f"The job has neither an attribute nor a parameter {name!r}.")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in JobSubmission.__annotations__ or name.startswith("_"):
            object.__setattr__(self, name, value)
        elif hasattr(type(self), name):
            raise AttributeError(
                f"{name!r} is a method of the job; set job.params[{name!r}] instead."
            )
        else:
            self.params[name] = None if value is None else _as_text(value)

    def __delattr__(self, name: str) -> None:
        if name in vars(self):
            object.__delattr__(self, name)
        elif name in self.params:
            del self.params[name]
        else:
            raise AttributeError(f"The job has neither an attribute nor a parameter {name!r}.")

    def get_default_params(self) -> dict[str, str]:
        """The parameters of the current job type in the configuration."""
        return self._api.default_params()

    def add_file_collection(self, file_collection: FileCollection | None = None) -> None:
        """Take the files of a collection as those the job needs; without one, none.

        Raises:
            TypeError: It is not a collection.
        """
        if file_collection is None:
            file_collection = FileCollection(self._api)
        if not isinstance(file_collection, FileCollection):
            raise TypeError(f"{file_collection!r} is not a FileCollection.")
        self.required_files = file_collection

    def add_file(self, userfile: UserFile) -> None:
        """Add a file that the job needs.

        Raises:
            FileInvalidException: It is not a UserFile, or is there already.
        """
        self.required_files.add(userfile)

    def set_job_file(self, jobfile: UserFile | int) -> None:
        """Choose the file that the job starts from.

        Args:
            jobfile: A file, which is added if necessary, or its place among the required files,
                counted from the end if negative.

        Raises:
            ValueError: It is neither, or there is no such place.
        """
        if isinstance(jobfile, UserFile):
            if jobfile not in self.required_files:
                self.required_files.add(jobfile)
            self.source = jobfile.name
            return
        try:
            self.source = self.required_files[int(jobfile)].name
        except (IndexError, TypeError, ValueError) as error:
            raise ValueError(
                f"{jobfile!r} is neither a UserFile nor the place of one of the job's "
                f"{len(self.required_files)} files."
            ) from error

    def submit(self) -> SubmittedJob:
        """Submit the job. Its files must have been uploaded; `JobManager.submit` does that too.

        Returns:
            The job. It also serves ``['id']`` and ``['link']`` (its address), as the dictionary
            did that the original returned.

        Raises:
            FileMissingException: A required file is not there.
            BadRequestException: The service found something wrong: an unknown job type, a missing
                parameter or one of the wrong type, a file that was not uploaded.
            RestCallException: The service refused otherwise, or failed.
            ValueError: The pool was described, but not started.
        """
        self._warn_of_unknown_parameters()
        message = self._create_job_message()
        result = self._api.send_job(message)
        job = SubmittedJob(
            self._api,
            result.job_id,
            self.name,
            message["Type"],
            **({"poolId": message["poolId"]} if "poolId" in message else {}),
        )
        job._link = result.link.href
        return job

    def _warn_of_unknown_parameters(self) -> None:
        """Once for each name. To be called by what the user calls, whose line is shown."""
        # Which version of the job type to run is told by a parameter as well.
        expected = {"version", *self.get_default_params(), *self._warned}
        names = [str(name) for name in self.params if str(name) not in expected]
        known = self._api.known_parameters() if names else None
        for name in names:
            if known is None or name in known:
                continue
            self._warned.add(name)
            alike = difflib.get_close_matches(name, known, cutoff=0.5)
            meant = f" Did you mean {' or '.join(map(repr, alike))}?" if alike else ""
            warnings.warn(
                f"The job {self.name!r} has a parameter {name!r}, which its job type "
                f"{self._api.jobtype()!r} does not define.{meant}",
                UnknownParameterWarning,
                stacklevel=3,
            )

    def _create_job_message(self) -> dict[str, Any]:
        """The job as it is sent."""
        message: dict[str, Any] = {
            "Name": self.name,
            "Type": self._api.jobtype(),
            "RequiredFiles": [file.create_submit_specifier() for file in self.required_files],
            "Parameters": [
                {"Name": str(name), "Value": _as_text(value)}
                for name, value in self.params.items()
                if value is not None
            ],
            "JobFile": self.source or "",
            "Settings": self.settings or "",
            "Priority": self._priority,
        }
        if self.pool:
            pool = self.pool
            message["poolId"] = (
                pool._present_id() if isinstance(pool, Pool) else str(getattr(pool, "id", pool))
            )
        else:
            message["autoPoolSpecification"] = {
                "targetDedicated": str(max(whole("instances", self.instances or 0), 1)),
                "maxTasksPerTVM": "1",
                "communication": False,
                "certificateReferences": [],
            }
        return message


class SubmittedJob:
    """A job on the service, as it was when it was last looked at; `update` looks again.

    It is always true. ``len()`` is the number of tasks. What it says about the job cannot be
    changed: that raises ValueError.

    Args:
        client: The service.
        job_id: The job's id.
        job_name: What it is called.
        job_type: Its job type.
        **job_settings: What else the service says about it.

    Attributes:
        id: The job's id.
        name: What it is called.
        type: Its job type.
        tasks: The tasks that `get_tasks` found last.
    """

    id: str
    name: str
    type: str
    tasks: list[Task]

    def __init__(
        self, client: Api, job_id: str, job_name: str, job_type: str, **job_settings: Any
    ) -> None:
        self._api = client
        self._link: str | None = None
        self.id = job_id
        self.name = job_name
        self.type = job_type
        self.tasks = []
        self._details = models.Job.from_dict(
            {"id": job_id, "name": job_name, "type": job_type, **job_settings}
        )

    @classmethod
    def _from_model(cls, client: Api, model: models.Job) -> SubmittedJob:
        job = cls(client, model.id, model.name, model.type_)
        job._details = model
        return job

    def __repr__(self) -> str:
        return f"<SubmittedJob {self.id} {self.name!r} {self.status} {self.percentage}%>"

    def __len__(self) -> int:
        return self.number_tasks

    def __bool__(self) -> bool:
        return True

    def __setattr__(self, name: str, value: Any) -> None:
        self._refuse_if_told(name)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._refuse_if_told(name)
        object.__delattr__(self, name)

    def _refuse_if_told(self, name: str) -> None:
        if isinstance(getattr(type(self), name, None), property):
            told = f"{name!r} is what the service says about the job; it cannot be changed."
            raise ValueError(told)  # noqa: TRY004

    # -- the dictionary that the original's submit() returned ---------------------------------

    def __getitem__(self, key: str) -> str:
        if key == "jobId":
            warnings.warn(
                "['jobId'] is deprecated, use ['id'] or .id", DeprecationWarning, stacklevel=2
            )
        told = {"id": self.id, "jobId": self.id, "link": self._link}.get(key)
        if told is None:
            raise KeyError(key)
        return told

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def keys(self) -> list[str]:
        """The keys of the dictionary that it also is: ``id``, ``jobId`` and ``link``."""
        return ["id", "jobId", "link"] if self._link else ["id", "jobId"]

    def get(self, key: str, default: Any = None) -> Any:
        """``self[key]``, or `default` without such a key."""
        try:
            return self[key]
        except KeyError:
            return default

    # -- what the service says about it -------------------------------------------------------

    @property
    def details(self) -> models.Job:
        """All that the service said about it, as the generated model."""
        return self._details

    @property
    def status(self) -> str:
        """``NotStarted``, ``InProgress``, ``Complete``, ``Error``, ``Cancelled``, ``Cancelling`` or
        ``OnHold``; a service may have other words. It can be compared with ``is`` too."""
        return word(self._details.status, "NotStarted")

    @property
    def percentage(self) -> int:
        """How much of it is done, 0 to 100."""
        return int(given(self._details.percent_complete, 0))

    @property
    def number_tasks(self) -> int:
        """How many tasks it has, the merge included; 0 before it was split."""
        return int(given(self._details.task_count, 0))

    @property
    def requested_instances(self) -> int:
        """Deprecated: workers asked for, from before there were pools."""
        return int(given(self._details.instance_count, 0))

    @property
    def xml_settings(self) -> str | None:
        """The free text that was submitted with it."""
        return given(self._details.settings, None)

    @property
    def time_submitted(self) -> str | None:
        """When it was submitted, as the service writes it."""
        return given(self._details.submission_time, None)

    @property
    def time_started(self) -> str | None:
        """When its first task started, as the service writes it; None before."""
        return given(self._details.start_time, None)

    @property
    def time_completed(self) -> str | None:
        """When it ended, as the service writes it; None before."""
        return given(self._details.completion_time, None)

    @property
    def submitted_at(self) -> datetime | None:
        """When it was submitted."""
        return when(self.time_submitted)

    @property
    def started_at(self) -> datetime | None:
        """When its first task started; None before."""
        return when(self.time_started)

    @property
    def completed_at(self) -> datetime | None:
        """When it ended; None before."""
        return when(self.time_completed)

    @property
    def output_filename(self) -> str | None:
        """Name of the final output; None before it exists."""
        return given(self._details.output_file_name, None)

    @property
    def output_url(self) -> str | None:
        """Address of the final output; None before it exists."""
        return href(self._details.output_link)

    @property
    def thumb_url(self) -> str | None:
        """Address of the preview; None if there is none (yet)."""
        return href(self._details.preview_link)

    @property
    def tasks_url(self) -> str | None:
        """Address of the list of tasks; None if there is none (yet)."""
        return href(self._details.task_list_link)

    @property
    def pool_id(self) -> str | None:
        """Id of the pool it runs on; None if unknown."""
        return given(self._details.pool_id, None)

    @property
    def submission(self) -> dict[str, Any]:
        """The above in a dictionary, under the names that the original had."""
        names = (
            "percentage xml_settings status time_submitted time_started time_completed "
            "requested_instances number_tasks output_filename output_url thumb_url tasks_url "
            "pool_id"
        )
        return {name: getattr(self, name) for name in names.split()}

    # -- following it -------------------------------------------------------------------------

    def update(self) -> bool:
        """Look at it again.

        Returns:
            True.

        Raises:
            RestCallException: The service failed.
        """
        self._details = self._api.get_job(self.id)
        return True

    def wait(
        self,
        timeout: float | None = None,
        poll: float = 10.0,
        callback: Callable[[SubmittedJob], object] | None = None,
        patience: float = 300.0,
    ) -> SubmittedJob:
        """Wait until it stands still: Complete, Error, Cancelled or OnHold.

        Args:
            timeout: Seconds to wait at most. Default: no limit.
            poll: Longest pause between two looks, in seconds; the first ones are shorter. Without a
                callback, a service that can tells when the status changes, and is asked less often.
            callback: Called with the job after each look.
            patience: How long the service may be out of reach or out of order, in seconds.

        Returns:
            The job itself, so that calls can be chained.

        Raises:
            TimeoutError: It is still going. The job is not cancelled by that.
            RestCallException: The service failed.
        """
        deadline = None if timeout is None else time.monotonic() + duration("timeout", timeout)
        poll, patient = duration("poll", poll), _Patience(patience)
        pause, seconds = min(_FIRST_POLL, max(poll, 0.05)), 0.0
        while True:
            early = self._look(seconds, patient)
            if callback is not None:
                callback(self)
            if self.status in _ENDS:
                return self
            left = _LONGEST_WAIT if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(
                    f"Job {self.id} is {self.status} at {self.percentage} % after {timeout:g} s. "
                    "It goes on; wait() again, or cancel() it."
                )
            time.sleep(min(early, pause, left))
            if seconds:
                pause = min(pause * 1.5, poll)
            seconds = min(_LONGEST_WAIT if callback is None else pause, left)

    def _look(self, seconds: float, patient: _Patience) -> float:
        """Look again once its status is another, or after so many seconds.

        Returns:
            How many of them are left if it has not changed: the service did not wait then.
        """
        known, started = self.status, time.monotonic()
        look = partial(self._api.get_changed_job, self.id, seconds, known)
        self._details = patient.call(look) or self._details
        left = seconds - (time.monotonic() - started)
        return max(left, 0.0) if self.status == known else 0.0

    def get_tasks(self) -> list[Task]:
        """The tasks that have started, by ascending id; also kept in `tasks`.

        Raises:
            RestCallException: The service failed.
        """
        self.tasks = list(self.iter_tasks())
        return self.tasks

    def iter_tasks(self, per_call: int = 1000) -> Iterator[Task]:
        """The tasks that have started, by ascending id, fetched as they are needed.

        Args:
            per_call: How many to fetch in one call.

        Raises:
            RestCallException: The service failed.
        """
        last, index, per_call = -1, 0, whole("per_call", per_call, 1)
        while True:
            page = [
                Task(self._api, self.id, **t.to_dict())
                for t in self._api.list_tasks(self.id, index, per_call)
            ]
            # One that starts meanwhile moves those behind it down, so that some come again.
            new = [task for task in page if task.id > last]
            yield from new
            if len(page) != per_call or not new:  # the last page, or a service without pages
                return
            last, index = new[-1].id, index + per_call

    def get_logs(self, start: str | None = None, max_lines: int | None = 100) -> dict[str, Any]:
        """Lines of its log.

        Args:
            start: The ``upTo`` of an earlier reply, to get what has come since.
            max_lines: How many at most; None for no limit.

        Returns:
            ``upTo``, and ``messages``: a list of dictionaries with ``timestamp``, ``text`` and, if
            a task wrote the line, ``taskId``.

        Raises:
            RestCallException: The service failed.
        """
        return {"messages": [], **self._api.get_log(self.id, start, max_lines).to_dict()}

    def iter_logs(
        self, follow: bool = False, poll: float = 2.0, patience: float = 300.0
    ) -> Iterator[LogLine]:
        """All lines of its log, fetched as they are needed.

        Args:
            follow: Go on with the lines that come until the job stands still.
            poll: Pause before looking for new lines, in seconds.
            patience: How long the service may be out of reach or out of order, in seconds.

        Raises:
            RestCallException: The service failed.
        """
        poll, patient = duration("poll", poll), _Patience(patience)
        start: str | None = None
        while True:
            # Looked at before the log is read: nothing comes after the last line of a job that
            # stood still before.
            over = not follow or self.status in _ENDS
            page = patient.call(partial(self._api.get_log, self.id, start, _LOG_PAGE))
            messages = given(page.messages, []) if page else []
            yield from map(log_line, messages)
            if page and messages and (mark := given(page.up_to, None)) != start:
                start = mark
            elif page and (over or messages):  # without a mark there is no going on
                return
            else:
                time.sleep(self._look(poll, patient))

    def cancel(self) -> bool:
        """Cancel it.

        Returns:
            Whether it could be cancelled: it cannot once it has ended.

        Raises:
            RestCallException: The service failed.
        """
        return self._api.cancel(self.id) and self.update()

    def hold(self) -> bool:
        """Put it on hold: tasks that run go on, and no others start until `resume`.

        Returns:
            Whether it waited or ran, and so could be put on hold.

        Raises:
            RestCallException: The service failed.
        """
        return self._api.hold(self.id) and self.update()

    def resume(self) -> bool:
        """Let it go on after `hold`.

        Returns:
            Whether it was on hold.

        Raises:
            RestCallException: The service failed.
        """
        return self._api.resume(self.id) and self.update()

    def reprocess(self) -> bool:
        """Run its failed and cancelled tasks again; finished ones keep their outputs.

        Returns:
            Whether the job had failed or was on hold, and so could be reprocessed.

        Raises:
            RestCallException: The service failed.
        """
        return self._api.reprocess(self.id)

    def delete(self) -> None:
        """Delete it, with its tasks, its log and its outputs. Files that were uploaded for it stay.

        Raises:
            StateConflictException: It has not ended; `cancel` it first, and `wait`.
            RestCallException: The service failed.
        """
        self._api.delete_job(self.id)

    # -- what it made -------------------------------------------------------------------------

    def get_output(
        self,
        download_dir: str | os.PathLike[str],
        output: Mapping[str, Any] | None = None,
        overwrite: bool = False,
        callback: ProgressCallback | None = None,
        block: int = 4096,  # noqa: ARG002
    ) -> str:
        """Download its final output, or one of those that `list_all_outputs` lists.

        Args:
            download_dir: Folder to put it in; made if necessary.
            output: The listed output. Default: the final one.
            overwrite: Whether to replace a file that is there already.
            callback: Told the progress: percent, bytes so far, bytes in all.
            block: Accepted and not used; the size of pieces is chosen here.

        Returns:
            The path of the file.

        Raises:
            FileDownloadException: There is no output yet, or it could not be written.
            RestCallException: The service did not give it.
        """
        if output is None:
            link = self._need_output()
            output = {"name": self.output_filename or _last_part(link), "link": link}
        return _download(self._api, self.id, output, download_dir, None, overwrite, callback)

    def _need_output(self) -> str:
        """The address of its final output."""
        if not self.output_url:
            self.update()
        if not (link := self.output_url):
            raise FileDownloadException(
                f"Job {self.id} is {self.status} and has no output{self._reason()}"
            )
        return link

    def _reason(self) -> str:
        """How to go on when there is no output: the last line of the log of a failed job."""
        if self.status not in _ENDS:
            return " yet. Call wait() first."
        lines = self.get_logs(max_lines=None)["messages"]
        return f". Its log ends: {lines[-1].get('text', '')}" if lines else ". See get_logs()."

    def download(
        self,
        folder: str | os.PathLike[str],
        intermediate: bool = False,
        overwrite: bool = True,
        callback: ProgressCallback | None = None,
        *,
        progress: TransferCallback | None = None,
    ) -> list[str]:
        """Download what it made.

        Args:
            folder: Folder to put it in; made if necessary.
            intermediate: Whether to download the outputs of all tasks too, not just the final one;
                logs are left out. One that is called as the final one goes to the subfolder
                ``tasks``.
            overwrite: Whether to replace files that are there already.
            callback: Told the progress: percent, bytes so far, bytes in all.
            progress: Told more: bytes, files, rate and the present file, see `TransferProgress`.

        Returns:
            The paths of the files, that of the final output first.

        Raises:
            FileDownloadException: There is no output yet, or it could not be written.
            RestCallException: The service did not give it.
        """
        link = self._need_output()
        wanted = [Wanted(link, self.output_filename or _last_part(link), Path())]
        for output in self._api.list_output_files(self.id) if intermediate else []:
            if output.kind == "TaskLog":
                continue
            name = given(output.name, "")
            url = href(output.link) or self._api.output_url(self.id, name)
            wanted.append(Wanted(url, name, Path(), given(output.content_length, None)))
        placed: list[Wanted] = []
        pending: list[Wanted] = []
        for index, file in enumerate(wanted):
            namesake = index and file.name == self.output_filename
            place = Path(folder, "tasks") if namesake else folder
            target, fetch = target_path(place, file.name, overwrite)
            placed.append(file._replace(target=target))
            pending += placed[-1:] if fetch else []
        self._api.download(pending, callback, progress, self.id)
        return [str(file.target) for file in placed]

    def list_all_outputs(self) -> list[OutputInfo]:
        """The outputs of all tasks: dictionaries with ``name``, ``link`` and ``type``.

        Raises:
            RestCallException: The service failed.
        """
        return [output_info(output) for output in self._api.list_output_files(self.id)]

    def get_thumbnail(
        self,
        download_dir: str | os.PathLike[str] | None = None,
        filename: str | None = None,
        overwrite: bool = True,
    ) -> str:
        """Download its preview.

        Args:
            download_dir: Folder to put it in. Default: that for temporary files.
            filename: Name for it. Default: a new one.
            overwrite: Whether to replace a file that is there already.

        Returns:
            The path of the file.

        Raises:
            FileDownloadException: There is no preview (yet), or it could not be written.
            RestCallException: The service did not give it.
        """
        if not self.thumb_url:
            self.update()
        if not self.thumb_url:
            raise FileDownloadException(f"Job {self.id} is {self.status} and has no preview.")
        name = filename or self._api.preview_name(self.id) or _last_part(self.thumb_url)
        preview = {"name": name, "link": self.thumb_url}
        return _download_preview(
            self._api, self.id, preview, download_dir, filename, overwrite, None
        )


class _Patience:
    """Sits out what may pass, as long as it does not last longer than so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = duration("patience", seconds)
        self._well = time.monotonic()

    def call(self, function: Callable[[], T]) -> T | None:
        """What `function` returns; None if the service is out of reach or out of order for now."""
        try:
            result = function()
        except _PASSING as error:
            if time.monotonic() - self._well > self._seconds:
                raise
            _log.warning("Still waiting: %s", error)
            return None
        self._well = time.monotonic()
        return result


class Task:
    """A task of a job, as it was when the tasks were listed.

    Args:
        client: The service.
        job_id: Id of its job.
        **props: What the service says about it.

    Attributes:
        id: Its number in the job, from 1.
        status: In the words of a job's status; None if unknown.
        completion_time: When it ended, as the service writes it, or None.
        message: Why it failed, or None.
        instance: The worker it ran on, or None.
        deployment: The pool of that worker, or None.
        cores: How many processor cores it was given, or None.
        charge_time: For display only, or None.
        non_charge_time: For display only, or None.
        outputs: What it left: dictionaries with ``name``, ``link`` and ``type``.
        details: All that the service said about it, as the generated model.

    Raises:
        TypeError: `client` is not a service.
    """

    def __init__(self, client: Api, job_id: str, **props: Any) -> None:
        if not hasattr(client, "list_task_outputs"):
            raise TypeError(f"{client!r} has no outputs. Get tasks from a SubmittedJob.")
        self._api = client
        self._job = job_id
        self.details: models.Task = models.Task.from_dict(props)
        self.id: int = int(given(self.details.id, 0))
        self.status: str | None = word(self.details.status, "") or None
        self.completion_time: str | None = given(self.details.completion_time, None)
        self.message: str | None = given(self.details.message, None)
        self.instance: str | None = given(self.details.instance_id, None)
        self.deployment: str | None = given(self.details.deployment_id, None)
        self.cores: int | None = given(self.details.core_count, None)
        self.charge_time: int | None = given(self.details.charge_time, None)
        self.non_charge_time: int | None = given(self.details.non_charge_time, None)
        self.outputs: list[OutputInfo] = [output_info(o) for o in given(self.details.outputs, [])]

    def __repr__(self) -> str:
        return f"<Task {self.id} of job {self._job} {self.status}>"

    @property
    def started_at(self) -> datetime | None:
        """When it started; None before."""
        return when(given(self.details.start_time, None))

    @property
    def completed_at(self) -> datetime | None:
        """When it ended; None before."""
        return when(self.completion_time)

    def list_outputs(self) -> list[OutputInfo]:
        """What it has left by now; also kept in `outputs`.

        Raises:
            RestCallException: The service failed.
        """
        self.outputs = [output_info(o) for o in self._api.list_task_outputs(self._job, self.id)]
        return self.outputs

    def get_log(self) -> str:
        """What it printed when it last ran, and why it failed, if it did.

        Returns:
            The text; ``""`` if it printed nothing or has not ended yet. `SubmittedJob.get_logs` has
            the lines of running tasks. Of a very long log, the middle is left out.

        Raises:
            RestCallException: The service failed.
        """
        logs = [output for output in self.list_outputs() if output["type"] == "TaskLog"]
        if not logs:
            return ""
        # Each attempt has a log, with its number in the name.
        newest = max(logs, key=lambda output: (len(output["name"]), output["name"]))
        return self._api.read_output(newest["link"])

    def get_output(
        self,
        output: Mapping[str, Any],
        download_dir: str | os.PathLike[str],
        overwrite: bool = False,
        callback: ProgressCallback | None = None,
        block: int = 4096,  # noqa: ARG002
    ) -> str:
        """Download one of its `outputs`.

        Args:
            output: One of `outputs`.
            download_dir: Folder to put it in; made if necessary.
            overwrite: Whether to replace a file that is there already.
            callback: Told the progress: percent, bytes so far, bytes in all.
            block: Accepted and not used; the size of pieces is chosen here.

        Returns:
            The path of the file.

        Raises:
            FileDownloadException: It could not be written.
            RestCallException: The service did not give it.
        """
        return _download(self._api, self._job, output, download_dir, None, overwrite, callback)

    def get_thumbnail(
        self,
        download_dir: str | os.PathLike[str] | None = None,
        filename: str | None = None,
        overwrite: bool = True,
        callback: ProgressCallback | None = None,
    ) -> str:
        """Download its preview, the last one if there are several.

        Args:
            download_dir: Folder to put it in. Default: that for temporary files.
            filename: Name for it. Default: a new one.
            overwrite: Whether to replace a file that is there already.
            callback: Told the progress: percent, bytes so far, bytes in all.

        Returns:
            The path of the file.

        Raises:
            FileDownloadException: There is no preview (yet), or it could not be written.
            RestCallException: The service did not give it.
        """
        previews = [output for output in self.outputs if output["type"] == "TaskPreview"]
        if not previews:
            raise FileDownloadException(f"Task {self.id} of job {self._job} has no preview.")
        return _download_preview(
            self._api, self._job, previews[-1], download_dir, filename, overwrite, callback
        )

    def cancel(self) -> bool:
        """Cancel it.

        Returns:
            Whether it could be cancelled: it cannot when it is not running.

        Raises:
            RestCallException: The service failed.
        """
        return self._api.cancel_task(self._job, self.id)


def _download(
    api: Api,
    job_id: str,
    output: Mapping[str, Any],
    folder: str | os.PathLike[str],
    filename: str | None,
    overwrite: bool,
    callback: ProgressCallback | None,
) -> str:
    """Download an output under its own name, or as `filename`, which the user chose."""
    name = str(output.get("name") or "")
    url = str(output.get("link") or "") or api.output_url(job_id, name)
    if filename:
        folder, name = os.path.split(Path(folder, filename))
    target, fetch = target_path(folder, name, overwrite)
    if fetch:
        api.download([Wanted(url, name, target)], callback)
    return str(target)


def _download_preview(
    api: Api,
    job_id: str,
    preview: Mapping[str, Any],
    folder: str | os.PathLike[str] | None,
    filename: str | None,
    overwrite: bool,
    callback: ProgressCallback | None,
) -> str:
    ending = Path(_last_part(str(preview.get("name") or ""))).suffix or ".png"
    filename = filename or f"{os.urandom(16).hex()}{ending}"
    folder = folder or tempfile.gettempdir()
    return _download(api, job_id, preview, folder, filename, overwrite, callback)


def _last_part(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _as_text(value: object) -> str:
    """A parameter's value as it is sent."""
    return json.dumps(value) if isinstance(value, (list, tuple, dict)) else str(value)
