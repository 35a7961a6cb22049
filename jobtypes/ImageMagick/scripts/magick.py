"""Finds and runs ImageMagick.

File names never reach it: it would take a leading ``@`` or ``-``, a ``%d``, brackets or a prefix
such as ``msl:`` for instructions. Files get plain names in a folder of their own, and their
format is always said.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from batch_task import fail

# Other programs bear the name convert: it is a disk tool on Windows.
BANNER = "Version: ImageMagick"
# Lines that follow from an image that could not be read, and say nothing of why.
CONSEQUENCE = "image sequence is required"


def program() -> str:
    """The path of ``magick`` or ``convert``; fails the task where there is neither."""
    for name in ("magick", "convert"):
        path = shutil.which(name)
        if path is not None:
            said = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
            if said.stdout.startswith(BANNER):
                return path
    fail(
        "ImageMagick is not installed where this task ran: neither magick nor convert was found "
        "there. Install it on every machine of the pool."
    )


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for one run, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="magick-") as name:
        yield Path(name)


def lend(source: Path, target: Path) -> None:
    """Make ``source`` readable under the plain name ``target``."""
    try:
        target.symlink_to(source.resolve())
    except OSError:  # Windows, without the right to make links
        shutil.copyfile(source, target)


def run(arguments: list[str], where: Path) -> tuple[int, str]:
    """Run ImageMagick in the folder ``where``: its exit status, and its first complaint, if any."""
    # Tasks run side by side already; one thread each is enough.
    environment = os.environ | {"MAGICK_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1"}
    command = [program(), *arguments]
    done = subprocess.run(
        command, cwd=where, env=environment, stderr=subprocess.PIPE, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if CONSEQUENCE not in line]
    # "convert: Premature end of JPEG file `in' @ warning/jpeg.c/JPEGWarningHandler/389."
    first = complaints[0].partition(" @ ")[0] if complaints else ""
    return done.returncode, first.partition(": ")[2] or first
