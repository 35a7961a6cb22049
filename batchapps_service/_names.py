"""Names that come over the wire or from a task, checked before they meet a file system."""

import unicodedata

MAX_NAME_BYTES = 255
"""The longest name common file systems take, in bytes of UTF-8."""

# What Windows forbids in a name besides control characters. Names with these are still
# accepted for files that stay in the store, but never as part of a path of their own.
_SEPARATORS = frozenset("/\\")
SEPARATOR_PROBLEM = "holds a path separator; give the bare file name"


def problem_with(name: str) -> str | None:
    """Why ``name`` cannot be the bare name of a file, or None when it can."""
    # Most names, quickly: characters take up to four bytes.
    if name[:1].isalnum() and name.isprintable() and len(name) < MAX_NAME_BYTES // 4:
        return SEPARATOR_PROBLEM if _SEPARATORS.intersection(name) else None
    if not name.strip():
        return "is empty"
    if name in {".", ".."}:
        return "names a folder"
    if _SEPARATORS.intersection(name):
        return SEPARATOR_PROBLEM
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in name):
        return "holds a control character"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    return None


def problem_with_path(path: str) -> str | None:
    """Why ``path`` cannot be a relative path with ``/`` between folders, or None when it can."""
    for part in path.split("/"):
        problem = problem_with(part)
        if problem:
            return f"is no path below the job's folder: '{part[:80]}' {problem}"
    return None


def bare_name(path: str) -> str:
    """The last part of a path written on any system: ``C:\\art\\a.png`` gives ``a.png``."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def flat_name(path: str) -> str:
    """The wire name of an output left at ``path``: ``a/b.png`` gives ``a_b.png``."""
    return shorten(path.replace("\\", "/").replace("/", "_"))


def shorten(name: str, suffix: str = "") -> str:
    """``name`` with ``suffix`` put before its extension, cut so that it stays a legal name."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension) > 16:
        stem, dot, extension = name, "", ""
    tail = f"{suffix}{dot}{extension}"
    room = MAX_NAME_BYTES - len(tail.encode())
    return stem.encode()[:room].decode(errors="ignore") + tail
