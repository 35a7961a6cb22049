"""Tell what would break users of the last release if the working tree were released.

    python scripts/api_changes.py [REF]

REF is a tag, commit or branch; without it, the last tag. Three things are compared: the description
of the API, the public names and arguments of both packages, and whether the typed examples of that
release (`tests/typed`) still type-check. What breaks is listed, and the exit code is 1 then.

Needs what `pip install ".[dev]"` brings.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import griffe
import yaml
from description_changes import breaking_changes

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"batchapps": ".", "batchapps_management": "generated"}
EXAMPLES = "tests/typed"


def git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)


def last_release() -> str | None:
    """The last tag, or None before the first release."""
    found = git("describe", "--tags", "--abbrev=0")
    return found.stdout.decode().strip() if found.returncode == 0 else None


def unpack(ref: str, folder: Path) -> None:
    """Put what is compared, as it was at `ref`, into `folder`."""
    wanted = ["spec/openapi.yaml", "batchapps", "generated", EXAMPLES]
    present = [path for path in wanted if git("cat-file", "-e", f"{ref}:{path}").returncode == 0]
    archive = git("archive", "--format=tar", ref, *present)
    if archive.returncode != 0 or not present:
        sys.exit(f"api_changes.py: there is no {ref!r} to compare with: {archive.stderr.decode()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
        packed.extractall(folder, filter="data")


def description(before: Path) -> list[str]:
    """What the change of the description breaks."""
    old, new = (
        yaml.safe_load((root / "spec" / "openapi.yaml").read_text("utf-8"))
        for root in (before, ROOT)
    )
    return breaking_changes(old, new)


def packages(before: Path) -> list[str]:
    """What the changes of names, arguments and types in both packages break."""
    found = []
    for package, place in PACKAGES.items():
        old, new = (
            griffe.load(package, search_paths=[root / place], try_relative_path=False)
            for root in (before, ROOT)
        )
        for breakage in griffe.find_breaking_changes(old, new):
            path = breakage.obj.path
            if any(part.startswith("_") and not part.endswith("__") for part in path.split(".")):
                continue  # private
            if breakage.kind is griffe.BreakageKind.ATTRIBUTE_CHANGED_VALUE:
                continue  # of constants, such as the version
            explained = breakage.explain(style=griffe.ExplanationStyle.ONE_LINE)
            found.append(re.sub(r"\x1b\[\d+m", "", explained.partition(": ")[2]))
    return found


def examples(before: Path) -> list[str]:
    """What of the typed examples of then does not type-check today."""
    files = sorted((before / EXAMPLES).glob("*.py"))
    if not files:
        return []
    paths = os.pathsep.join(str(ROOT / place) for place in PACKAGES.values())
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"),
            *("--no-error-summary", *map(str, files)),
        ],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return []
    lines = (done.stdout + done.stderr).splitlines()
    return [line.replace(f"{before}{os.sep}", "") for line in lines if line.strip()]


def main() -> int:
    """Compare, print what breaks, and return the exit code."""
    parser = argparse.ArgumentParser(description="What would break users of the last release?")
    parser.add_argument("ref", nargs="?", help="what to compare with; default: the last tag")
    ref = parser.parse_args().ref or last_release()
    if ref is None:
        print("Nothing has been released yet, so nothing can break.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder).resolve()
        unpack(ref, before)
        breaks = {
            "The description": description(before),
            "Names and arguments": packages(before),
            "Typed examples": examples(before),
        }
    for title, found in breaks.items():
        print(f"{title}: " + (f"{len(found)} breaking" if found else "nothing breaks"))
        print("".join(f"  {one}\n" for one in found), end="")
    return 1 if any(breaks.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
