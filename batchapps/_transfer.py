"""Files on their way to the service and back, in flat memory."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from batchapps_management.api.files import upload_file
from batchapps_management.api.outputs import get_job_output_file
from batchapps_management.types import File

from ._http import ApiClient, connection_failed, pause_after_error
from ._paths import safe_path
from ._progress import ProgressCallback, reporter
from .exceptions import FileDownloadException, FileInvalidException, FileMissingException

_PIECE = 256 * 1024

_log = logging.getLogger("batch_apps")


class _FileBody:
    """The bytes of a file as the body of a request. Each iteration starts anew.

    Before the last bytes go it is checked that the file is still the one it was at first, so that a
    mixture of two never becomes a whole upload.
    """

    def __init__(self, path: str, report: Callable[[int, int], None]) -> None:
        self._path = Path(path)
        self._report = report
        status = self._path.stat()
        self.size = status.st_size
        self._state = (status.st_size, status.st_mtime_ns)

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        with self._path.open("rb") as file:
            while left > 0:
                piece = file.read(min(_PIECE, left))
                left -= len(piece)
                status = os.fstat(file.fileno())
                if not piece or (not left and (status.st_size, status.st_mtime_ns) != self._state):
                    raise FileInvalidException(
                        f"{self._path} changed while it was being uploaded. Upload it again."
                    )
                yield piece
                self._report(self.size - left, self.size)
        if not self.size:
            self._report(0, 0)


def upload(
    http: ApiClient,
    path: str,
    *,
    name: str,
    timestamp: str,
    original_path: str,
    callback: ProgressCallback | None,
) -> None:
    """Send the file at `path`.

    Raises:
        FileMissingException: It is not there, or cannot be read.
        FileInvalidException: It changed meanwhile.
        RestCallException: The service did not take it.
    """
    try:
        body = _FileBody(path, reporter(callback))
        request: dict[str, Any] = upload_file._get_kwargs(
            name,
            body=File(payload=body),  # type: ignore[arg-type]  # httpx takes any iterable
            timestamp=timestamp,
            original_file_path=original_path,
        )
        request["headers"]["Content-Length"] = str(body.size)
        http.request(**request)
    except OSError as error:
        raise FileMissingException(f"{path} cannot be read: {error.strerror or error}.") from error


def output_url(job_id: str, name: str) -> str:
    """The address of a task's output, below that of the API."""
    url: str = get_job_output_file._get_kwargs(job_id, name)["url"]
    return url


def download(
    http: ApiClient,
    url: str,
    folder: str | os.PathLike[str],
    name: str,
    *,
    overwrite: bool,
    callback: ProgressCallback | None,
) -> str:
    """Fetch `url` into `folder` as `name`, which comes from the service.

    The bytes are written beside the target, which is replaced when they are all there and stays as
    it was if they never are. The folder is made if necessary.

    Returns:
        The path of the file; that of the one that was there already if `overwrite` is False.

    Raises:
        FileDownloadException: The name is not one of a file, or the file cannot be written.
        RestCallException: The service did not give it.
    """
    report = reporter(callback)
    target = safe_path(folder, name)
    if target.is_file() and not overwrite:
        _log.info("%s is already there and was not downloaded again.", target)
        return str(target)
    part = target.with_name(f".batchapps-{uuid.uuid4().hex}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fetch(http, url, part, report)
        part.replace(target)
    except OSError as error:
        raise FileDownloadException(_cannot_write(target, error)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return str(target)


def _fetch(http: ApiClient, url: str, part: Path, report: Callable[[int, int], None]) -> None:
    """Write what `url` gives to `part`, from the start again if it breaks off."""
    # Compressed on the way, its length would not be that of the file.
    headers = {"Accept-Encoding": "identity"}
    attempt = 0
    while True:
        with http.stream("GET", url, headers=headers) as response, part.open("wb") as file:
            total = int(response.headers.get("Content-Length") or 0)
            done = 0
            try:
                for piece in response.iter_bytes():
                    file.write(piece)
                    done += len(piece)
                    report(done, max(done, total))
            except httpx.TransportError as error:
                pause = pause_after_error(response.request, error, attempt)
                if pause is None:
                    raise connection_failed(response.request, error) from error
            else:
                if not done:
                    report(0, 0)
                return
        _log.info("A download broke off after %d of %d bytes and starts again.", done, total)
        time.sleep(pause)
        attempt += 1


def _cannot_write(target: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        advice = "Make room on the disk, or choose another folder."
    elif error.errno == errno.ENAMETOOLONG:
        advice = "Its name is too long for this system; choose another folder or name."
    else:
        advice = "Check the folder, its permissions, and that no program has the file open."
    return f"{target} could not be written: {error.strerror or error}. {advice}"
