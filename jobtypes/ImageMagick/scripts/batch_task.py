"""What the scripts of a job type need: messages to the service, names of results, and packing.

A job type is complete in its own folder, so each of them has a copy of this file.
"""

import hashlib
import re
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

THUMBNAIL_ENDING = "_thumbnail.png"
WHAT_NOW = "Upload it again, or leave it out of the job."
# The system's limit for a file's name is 255 bytes.
MAX_NAME_BYTES = 230
MARKS = re.compile(r"_(thumbnail|preview)\.", re.IGNORECASE)
# Packed a second time, these only cost time.
COMPRESSED = frozenset(
    {".avif", ".exr", ".gif", ".heic", ".jfif", ".jp2", ".jpeg", ".jpg", ".png", ".webp"}
)

_told: set[int] = set()


def printable(text: str) -> str:
    """``text`` on one line: no part of a file's name is to pass for a line of its own."""
    return "".join(char if char.isprintable() else "?" for char in text)


def say(text: str) -> None:
    """A line for the job's log. It must not begin with a file's name, which could be anything."""
    print(printable(text), flush=True)


def progress(percent: float) -> None:
    """How much of this task is done, 0 to 100; said once for each whole percent."""
    if int(percent) not in _told:
        _told.add(int(percent))
        print(f"openjd_progress: {int(percent)}", flush=True)


def status(text: str) -> None:
    """What this task is doing."""
    print(f"openjd_status: {printable(text)}", flush=True)


def fail(text: str) -> NoReturn:
    """End the task as failed, saying why."""
    print(f"openjd_fail: {printable(text)}", flush=True)
    sys.exit(1)


def result_name(source: Path, suffix: str) -> str:
    """The name for the result of ``source``: its own, with ``suffix`` added where it differs."""
    name = source.name
    if source.suffix.lower() != suffix:
        name = f"{name}{suffix}"
    # A name that ends like a preview would be taken for one.
    if MARKS.search(name):
        name = MARKS.sub(r"-\1.", name)
        stem, dot, ending = name.rpartition(".")
        name = f"{stem}-{_digest(source.name)}{dot}{ending}"
    return name


def thumbnail_name(result: str) -> str:
    """The name for the small picture of a result."""
    encoded = result.encode("utf-8", "surrogateescape")
    if len(encoded) > MAX_NAME_BYTES:
        result = encoded[: MAX_NAME_BYTES - 9].decode("utf-8", "ignore") + "-" + _digest(result)
    return result + THUMBNAIL_ENDING


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def pack(files: Iterable[Path], archive: Path, until: float) -> None:
    """Write the files into a zip archive; the task's progress goes up to ``until`` percent."""
    found = list(files)
    with zipfile.ZipFile(archive, "w", strict_timestamps=False) as packed:
        for number, path in enumerate(found, 1):
            known = path.suffix.lower() in COMPRESSED
            packed.write(path, path.name, zipfile.ZIP_STORED if known else zipfile.ZIP_DEFLATED)
            progress(until * number / len(found))
    say(f"Packed {len(found)} files into {archive.name}, {archive.stat().st_size} bytes")
