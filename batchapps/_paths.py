"""Names that the service gives, made into names of files on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .exceptions import FileDownloadException

_RESERVED = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\..*)?", re.IGNORECASE
)
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')


def safe_path(
    folder: str | os.PathLike[str], name: str, *, windows: bool = os.name == "nt"
) -> Path:
    """Where in `folder` a file goes that the service calls `name`.

    Characters and names that Windows does not allow are percent-encoded there, so that different
    names stay different.

    Raises:
        FileDownloadException: The name would lead out of the folder, or is none at all. It is the
            same on every system, so that nothing works on one and not on another.
    """
    if name in {"", ".", ".."} or re.search(r"[/\\\x00]", name) or re.match(r"[A-Za-z]:", name):
        raise FileDownloadException(
            f"The service calls a file {name!r}. That is a path and not a file's name, so it was "
            f"not saved. Save it under a name of your own, or ask who runs the service."
        )
    if windows:
        name = _FORBIDDEN.sub(lambda found: _encoded(found[0]), name)
        if name[-1] in ". ":
            name = name[:-1] + _encoded(name[-1])
        if _RESERVED.fullmatch(name):
            name = _encoded(name[0]) + name[1:]
    return Path(folder, name)


def _encoded(character: str) -> str:
    return f"%{ord(character):02X}"
