"""Files to be uploaded, and files that were."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, overload

from batchapps_management import models

from ._downloads import Wanted, target_path
from ._progress import ProgressCallback, TransferCallback
from ._wire import given, href, whole
from .exceptions import FileInvalidException, FileMissingException

if TYPE_CHECKING:
    from ._api import Api

__all__ = ["FileCollection", "UploadResult", "UserFile"]

_log = logging.getLogger("batch_apps")


class UploadResult:
    """How an upload went. It is true if it went well.

    Attributes:
        success: Whether the file is uploaded now.
        result: The exception if it is not, else None.
    """

    def __init__(self, success: bool, result: Exception | None = None) -> None:
        self.success = success
        self.result = result

    def __bool__(self) -> bool:
        return self.success

    def __repr__(self) -> str:
        return f"UploadResult({self.success}, {self.result!r})"


def sent_path(path: str) -> str:
    """`path` as it is sent: absolute, and in the form of Windows on every system."""
    return os.path.abspath(path).replace("/", "\\")  # noqa: PTH100


class UserFile:
    """A file on this machine, or one that the service has told of.

    Two are equal if they have the same name and path. One is true if it exists on this machine or
    is known to the service. Its content is not read before it is uploaded.

    Args:
        client: The service.
        file_def: A path, or what the service says about a file: a dictionary with ``name``,
            ``originalFilePath``, ``lastModifiedTime`` and ``link``.

    Attributes:
        name: Bare name.
        path: Path on this machine, as given. For a file that the service told of, its path on the
            machine from which it was uploaded.
        url: Where it can be downloaded, ``""`` if that is not known.
        tag: Not used; for programs to put something in.
        relative_path: Where a job's tasks find it below the folder of the job's files, with ``/``
            between folders. Default: None, by its name, beside the others.

    Raises:
        TypeError: `file_def` is neither, or `client` is not a service.
    """

    name: str
    path: str
    # What few files have is not kept with each of them.
    url: str = ""
    tag: str = ""
    relative_path: str | None = None
    _digest: str | None = None  # of what was uploaded
    # Of a file that the service told of, its time; of one on this machine, None.
    _told_time: str | None = None

    def __init__(
        self, client: Api, file_def: str | os.PathLike[str] | Mapping[str, Any] | models.UserFile
    ) -> None:
        if not hasattr(client, "send_files"):
            raise TypeError(f"{client!r} cannot send files. Make files with a FileManager.")
        self._api = client
        if isinstance(file_def, Mapping):
            file_def = models.UserFile.from_dict(file_def)
        if isinstance(file_def, models.UserFile):
            self.name = given(file_def.name, "Unknown")
            self.path = self._sent_path = given(file_def.original_file_path, "")
            self.url = href(file_def.link) or ""
            self._told_time = given(file_def.last_modified_time, "")
        elif isinstance(file_def, (str, os.PathLike)):
            self.path = os.fspath(file_def)
            self.name = Path(self.path).name
            self._sent_path = sent_path(self.path)
        else:
            raise TypeError(f"A file is made from a path or a dictionary, not from {file_def!r}.")

    @classmethod
    def _found(cls, client: Api, path: str, name: str, sent: str) -> UserFile:
        """One that was just found on this machine, with little work: there may be very many."""
        file = cls.__new__(cls)
        file._api, file.path, file.name, file._sent_path = client, path, name, sent
        return file

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<UserFile {self.path or self.name!r}>"

    def __bool__(self) -> bool:
        return self._told() or self._exists()

    def __len__(self) -> int:
        """Size in bytes; 0 if it is not on this machine."""
        return Path(self.path).stat().st_size if self._exists() else 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UserFile) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __lt__(self, other: UserFile) -> bool:
        return self.name < other.name

    def _told(self) -> bool:
        return self._told_time is not None

    def _exists(self) -> bool:
        try:
            return Path(self.path).is_file()
        except (OSError, ValueError):
            return False

    def _identity(self) -> tuple[str, str]:
        return self.name, self._sent_path.replace("\\", "/")

    def _is(self, other: UserFile) -> bool:
        """Whether `other`, which the service told of, is this file as it is now."""
        return (
            other.name == self.name
            and other.get_last_modified() == self.get_last_modified()
            and (not other.path or other == self)
        )

    def get_last_modified(self) -> str:
        """When it was last changed, as ``YYYY-MM-DDTHH:MM:SSZ``; ``""`` if it is not there."""
        if self._told_time is not None:
            return self._told_time
        if not self._exists():
            return ""
        return self._time_here()

    def _time_here(self) -> str:
        from ._uploads import timestamp

        return timestamp(Path(self.path).stat().st_mtime_ns)

    def compare_lastmodified(self, compare_to: UserFile) -> bool:
        """Whether the other file was last changed in the same second."""
        return self.get_last_modified() == compare_to.get_last_modified()

    def get_checksum(self) -> bytes | str:
        """MD5 of the content; ``""`` if it is not on this machine."""
        if not self._exists():
            return ""
        with Path(self.path).open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()

    def create_query_specifier(self) -> dict[str, str]:
        """What the service is asked for this file by: FileName, Timestamp, OriginalPath.

        Raises:
            FileMissingException: It is neither on this machine nor known to the service.
        """
        specifier = self.create_submit_specifier()
        return {
            "FileName": specifier["Name"],
            "Timestamp": specifier["Timestamp"],
            "OriginalPath": self._sent_path,
        }

    def create_submit_specifier(self) -> dict[str, str]:
        """How a job names this file: Name, Timestamp.

        Raises:
            FileMissingException: It is neither on this machine nor known to the service.
        """
        if not self:
            raise FileMissingException(f"There is no file {self.path!r} on this machine.")
        specifier = {"Name": self.name, "Timestamp": self.get_last_modified()}
        if self.relative_path:
            specifier["RelativePath"] = self.relative_path
            if self._digest:  # tells namesakes of one second apart
                specifier["Sha256"] = self._digest
        return specifier

    def upload(
        self,
        force: bool = False,
        callback: ProgressCallback | None = None,
        block: int = 4096,  # noqa: ARG002
    ) -> UploadResult | None:
        """Upload it, if the service does not have it as it is now.

        Args:
            force: Upload it in any case.
            callback: Told the progress: percent, bytes so far, bytes in all.
            block: Accepted and not used; the size of pieces is chosen here.

        Returns:
            How it went: failures are told there and not raised. None: there was no need.

        Raises:
            RestCallException: Asking whether the service has it failed.
            FileMissingException: It is not on this machine.
        """
        if not force and self.is_uploaded():
            return None
        reasons, digests = self._api.send_files([self], force=True, callback=callback)
        self._digest = digests.get(0)
        if error := reasons.get(0):
            _log.error("%s was not uploaded: %s", self.path, error)
            return UploadResult(False, error)
        return UploadResult(True)

    def is_uploaded(self) -> UserFile | None:
        """The file as the service has it, or None if it does not have it as it is now.

        Raises:
            RestCallException: The service could not be asked.
            FileMissingException: It is neither on this machine nor known to the service.
        """
        found = self._api.query_files([self.create_query_specifier()])
        return next((f for f in (UserFile(self._api, m) for m in found) if self._is(f)), None)

    def download(
        self,
        download_dir: str | os.PathLike[str],
        callback: ProgressCallback | None = None,
        block: int = 4096,  # noqa: ARG002
        overwrite: bool = False,
    ) -> str:
        """Fetch it back from the service.

        Args:
            download_dir: Folder to put it in, under its own name; made if necessary.
            callback: Told the progress: percent, bytes so far, bytes in all.
            block: Accepted and not used; the size of pieces is chosen here.
            overwrite: Whether to replace a file that is there already.

        Returns:
            The path of the file.

        Raises:
            FileMissingException: The service does not have it as it is now.
            FileDownloadException: It could not be written.
            RestCallException: The service did not give it.
        """
        url = self._uploaded_url()
        target, fetch = target_path(download_dir, self.name, overwrite)
        if fetch:
            self._api.download([Wanted(url, self.name, target)], callback)
        return str(target)

    def delete(self) -> None:
        """Delete it at the service; a file on this machine stays.

        Jobs that were submitted with it keep it.

        Raises:
            FileMissingException: The service does not have it as it is now.
            RestCallException: The service failed.
        """
        self._api.delete_file(self._uploaded_url())
        self.url = ""

    def _uploaded_url(self) -> str:
        if self.url:
            return self.url
        uploaded = self.is_uploaded()
        if uploaded is None or not uploaded.url:
            raise FileMissingException(
                f"The service does not have {self.path or self.name!r} as it is now. "
                "Upload it, or look for it with FileManager.find_files()."
            )
        return uploaded.url


class FileCollection:
    """Files in the order in which they were added, each of them once.

    It works as a list: ``len()``, iteration, ``in``. In brackets, a number gives a file, a slice a
    list, and a name the list of all files of that name; ``del`` takes the same.

    Args:
        client: The service.
        *files: Files to begin with.

    Raises:
        TypeError: `client` is not a service.
        FileInvalidException: One of `files` is not a file, or is there twice.
    """

    def __init__(self, client: Api, *files: UserFile | Sequence[UserFile]) -> None:
        if not hasattr(client, "query_files"):
            raise TypeError(f"{client!r} cannot hold files. Make collections with a FileManager.")
        self._api = client
        self._keep([])
        for file in files:
            self.add(file)

    @classmethod
    def _of(cls, client: Api, files: list[UserFile]) -> FileCollection:
        """A collection of files of which no two are the same."""
        collection = cls(client)
        collection._keep(files)
        return collection

    def __str__(self) -> str:
        return str([file.name for file in self._files])

    def __repr__(self) -> str:
        return f"<FileCollection of {len(self)} files>"

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[UserFile]:
        return iter(list(self._files))

    def __contains__(self, userfile: object) -> bool:
        return isinstance(userfile, UserFile) and userfile in self._known

    @overload
    def __getitem__(self, key: int) -> UserFile: ...
    @overload
    def __getitem__(self, key: slice | str) -> list[UserFile]: ...
    def __getitem__(self, key: int | slice | str) -> UserFile | list[UserFile]:
        if not isinstance(key, str):
            return self._files[key]
        found = [file for file in self._files if file.name == key]
        if not found:
            raise FileMissingException(f"There is no file {key!r} in this collection.")
        return found

    def __setitem__(self, key: object, value: object) -> NoReturn:
        raise TypeError("Files of a collection are not replaced; use remove() and add().")

    def __delitem__(self, key: int | slice | str) -> None:
        if isinstance(key, str):
            self._keep([file for file in self._files if file.name != key])
        else:
            rest = list(self._files)
            del rest[key]
            self._keep(rest)

    def _keep(self, files: list[UserFile]) -> None:
        self._files = files
        self._set: set[UserFile] | None = None  # made when it is needed

    @property
    def _known(self) -> set[UserFile]:
        if self._set is None:
            self._set = set(self._files)
        return self._set

    def add(self, userfile: UserFile | Sequence[UserFile]) -> None:
        """Add a file at the end, or several.

        Raises:
            FileInvalidException: It is not a UserFile, or it is there already. Of several, such
                ones are left out with a warning.
        """
        if isinstance(userfile, (list, tuple)):
            for file in userfile:
                try:
                    self.add(file)
                except FileInvalidException as error:
                    _log.warning("Left out: %s", error)
            return
        if not isinstance(userfile, UserFile):
            raise FileInvalidException(
                f"{userfile!r} is not a UserFile. FileManager.file_from_path() makes one of a path."
            )
        if userfile in self._known:
            raise FileInvalidException(
                f"{userfile.path or userfile.name!r} is in the collection already."
            )
        self._files.append(userfile)
        self._known.add(userfile)

    def extend(self, file_collection: FileCollection) -> None:
        """Add the files of another collection that are not in this one.

        Raises:
            AttributeError: It is not a collection.
        """
        if not isinstance(file_collection, FileCollection):
            raise AttributeError(f"{file_collection!r} is not a FileCollection.")  # noqa: TRY004
        for file in file_collection:
            if file not in self._known:
                self.add(file)

    def index(self, userfile: UserFile) -> int:
        """The place of a file, from 0.

        Raises:
            TypeError: It is not a UserFile.
            ValueError: It is not in the collection.
        """
        if not isinstance(userfile, UserFile):
            raise TypeError(f"{userfile!r} is not a UserFile.")
        if userfile not in self._known:
            raise ValueError(f"{userfile!r} is not in this collection.")
        return self._files.index(userfile)

    def remove(
        self, userfile: UserFile | int | slice | str | Sequence[UserFile | int | str]
    ) -> None:
        """Take a file out: by itself, its place, its name (the first of that name), or several by a
        slice or a list of such.

        Raises:
            TypeError: It is none of these.
            FileMissingException: There is no file of that name.
            ValueError: The file is not in the collection.
        """
        if isinstance(userfile, (list, tuple)):
            chosen = [self[item] if isinstance(item, int) else item for item in userfile]
            for item in chosen:
                self.remove(item)
        elif isinstance(userfile, (int, slice)):
            del self[userfile]
        elif isinstance(userfile, str):
            del self[self.index(self[userfile][0])]
        else:
            del self[self.index(userfile)]  # type: ignore[arg-type]  # index() refuses other types

    def upload(
        self,
        force: bool = False,
        threads: int | None = None,
        callback: ProgressCallback | None = None,
        block: int = 4096,  # noqa: ARG002
        *,
        progress: TransferCallback | None = None,
    ) -> list[tuple[UserFile, str]]:
        """Upload the files that the service does not have as they are now.

        Args:
            force: Upload them all.
            threads: How many requests at the same time, at most 10. Default: 4.
            callback: Told the progress of all of them together: percent, bytes so far, bytes in
                all. It is called in the thread that called this method; if it raises, the upload
                stops.
            block: Accepted and not used; the size of pieces is chosen here.
            progress: Told more: bytes, files, rate and the present file, see `TransferProgress`.

        Returns:
            The files that could not be uploaded, each with the reason. Empty: all is well.

        Raises:
            RestCallException: Asking which files the service has failed.
            SessionExpiredException: The token has run out.
        """
        # What the service told of need not be on this machine.
        told = [file for file in self._files if file._told_time is not None and not force]
        absent = set(self._not_uploaded(told, 50)) if told else set()
        pending = self._files
        if told:
            pending = [file for file in pending if not file._told() or file in absent]
        reasons, digests = self._api.send_files(
            pending,
            force=force,
            threads=threads,
            callback=callback,
            progress=progress,
        )
        for place, file in enumerate(pending):
            if file.relative_path:
                file._digest = digests.get(place)
        return [(pending[place], str(error)) for place, error in sorted(reasons.items())]

    def is_uploaded(self, per_call: int = 50) -> FileCollection:
        """`missing` under the name that the original gave it."""
        return self.missing(per_call)

    def missing(self, per_call: int = 50) -> FileCollection:
        """The files that the service does not have as they are now, as a collection.

        Args:
            per_call: About how many files to ask in one call.

        Raises:
            RestCallException: The service could not be asked.
            FileMissingException: A file is neither on this machine nor known to the service.
        """
        return FileCollection._of(self._api, self._not_uploaded(self._files, per_call))

    def _not_uploaded(self, files: list[UserFile], per_call: int) -> list[UserFile]:
        absent: list[UserFile] = []
        per_call = whole("per_call", per_call, 1)
        for start in range(0, len(files), per_call):
            batch = files[start : start + per_call]
            found: dict[str, list[UserFile]] = {}
            for model in self._api.query_files([file.create_query_specifier() for file in batch]):
                uploaded = UserFile(self._api, model)
                found.setdefault(uploaded.name, []).append(uploaded)
            absent += [f for f in batch if not any(f._is(u) for u in found.get(f.name, []))]
        return absent
