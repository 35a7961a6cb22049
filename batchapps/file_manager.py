"""Making files and collections of them, and finding what was uploaded."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from .config import Configuration
from .credentials import Credentials
from .files import FileCollection, UserFile, sent_path

__all__ = ["FileManager"]


class FileManager:
    """The files of an account. Iterating over it gives all that were uploaded.

    Args:
        credentials: What was logged in.
        cfg: Default: the configuration of `credentials`.
    """

    def __init__(self, credentials: Credentials, cfg: Configuration | None = None) -> None:
        from ._api import Api  # late, with all that is generated

        self._api = Api(credentials, cfg)

    def __iter__(self) -> Iterator[UserFile]:
        return iter(self.list_files())

    def create_file_set(self, *files: UserFile | Sequence[UserFile]) -> FileCollection:
        """A collection of `files`, which may be files or lists of files, in the order given. What
        is given twice is in it once.

        Raises:
            FileInvalidException: Something is not a UserFile.
        """
        collection = FileCollection(self._api)
        for item in files:
            for file in item if isinstance(item, (list, tuple)) else [item]:
                if file not in collection:
                    collection.add(file)
        return collection

    def file_from_path(self, fullpath: str | os.PathLike[str]) -> UserFile:
        """A file on this machine. It need not exist before it is uploaded."""
        return UserFile(self._api, fullpath)

    def create_file(self, fullpath: str | os.PathLike[str]) -> UserFile:
        """Deprecated: use `file_from_path`."""
        warnings.warn(
            "create_file() is deprecated, use file_from_path()", DeprecationWarning, stacklevel=2
        )
        return self.file_from_path(fullpath)

    def files_from_dir(
        self,
        top_dir: str | os.PathLike[str],
        recursive: bool = False,
        pattern: str | Sequence[str] = "*",
        *,
        keep_tree: bool = False,
    ) -> FileCollection:
        """The files of a folder, by name, without those whose names begin with a dot.

        Args:
            top_dir: The folder.
            recursive: Whether to take those of its subfolders too. Links to folders are not
                followed.
            pattern: Which names to take, as in ``*.png``; several patterns take what fits one
                of them.
            keep_tree: Whether a job's tasks find the files in folders as they are here, rather than
                all in one folder, where there cannot be two of one name.

        Raises:
            OSError: It is not a folder, or cannot be read.
        """
        patterns = [pattern] if isinstance(pattern, str) else list(pattern)
        top = os.fspath(top_dir)
        wanted = [] if "*" in patterns else [os.path.normcase(each) for each in patterns]
        files = [
            UserFile._found(self._api, path, name, sent)
            for path, name, sent in _walk(top, sent_path(top), recursive, wanted)
        ]
        for file in files if keep_tree else []:
            file.relative_path = Path(file.path).relative_to(top).as_posix()
        return FileCollection._of(self._api, files)

    def list_files(self) -> list[UserFile]:
        """All files that were uploaded.

        Raises:
            RestCallException: The service failed.
        """
        return [UserFile(self._api, model) for model in self._api.list_files()]

    def find_file(
        self, name: str, last_mod: str, full_path: str | os.PathLike[str] | None = None
    ) -> list[UserFile]:
        """The uploaded files of that name and time.

        Args:
            name: Bare name.
            last_mod: Time as ``YYYY-MM-DDTHH:MM:SSZ``.
            full_path: Path from which it was uploaded. Default: any.

        Raises:
            RestCallException: The service failed.
        """
        specifier = {"FileName": name, "Timestamp": last_mod}
        if full_path:
            specifier["OriginalPath"] = os.fspath(full_path).replace("/", "\\")
        return [UserFile(self._api, model) for model in self._api.query_files([specifier])]

    def find_files(self, name: str | Sequence[str]) -> list[UserFile]:
        """The uploaded files of that name, or of one of those names.

        Raises:
            RestCallException: The service failed.
        """
        names = [name] if isinstance(name, str) else list(name)
        return [UserFile(self._api, model) for model in self._api.query_names(names)]


def _walk(
    folder: str, sent: str, recursive: bool, patterns: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Path, name and path as it is sent of each file; without patterns, of all."""
    with os.scandir(folder) as scan:
        entries = sorted((e for e in scan if not e.name.startswith(".")), key=lambda e: e.name)
    prefix = sent.rstrip("\\") + "\\"
    for entry in entries:
        name = entry.name
        if patterns and not any(fnmatchcase(os.path.normcase(name), each) for each in patterns):
            continue
        if entry.is_file():
            yield entry.path, name, prefix + name
    for entry in entries if recursive else []:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, prefix + entry.name, recursive, patterns)
