"""The description of the API as the tests in this folder read it, and copies of its checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def description() -> dict[str, Any]:
    """`spec/openapi.yaml`, parsed."""
    text = (ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8")
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


class Checkout:
    """A checkout with the description, its scripts and the generated package."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.description = root / "spec" / "openapi.yaml"
        self.package = root / "generated" / "batchapps_management"

    def regen(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `scripts/regen.sh` with the Python of the tests first on PATH."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return subprocess.run(
            ["bash", str(self.root / "scripts" / "regen.sh"), *arguments],
            env=os.environ | {"PATH": path} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def lint(self) -> subprocess.CompletedProcess[str]:
        """Run `scripts/lint_spec.py`."""
        command = [sys.executable, str(self.root / "scripts" / "lint_spec.py")]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def replace(self, old: str, new: str) -> None:
        """Replace the one place in the description that reads like `old`."""
        text = self.description.read_text(encoding="utf-8")
        assert text.count(old) == 1
        self.description.write_text(text.replace(old, new), encoding="utf-8")

    def content(self) -> dict[str, tuple[bytes, int]]:
        """What the package's files hold and when each was written."""
        return {
            path.relative_to(self.package).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in self.package.rglob("*")
            if path.is_file()
        }


@pytest.fixture(scope="session")
def checkout() -> Checkout:
    """The checkout that is being tested."""
    return Checkout(ROOT)


@pytest.fixture
def copied(checkout: Checkout, tmp_path: Path) -> Checkout:
    """A copy that a test may change. It shares the cache of tools, which takes long to fill."""
    for name in ("spec", "scripts", "generated"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(checkout.root / name, tmp_path / name, ignore=ignore)
    cache = checkout.root / ".cache"
    cache.mkdir(exist_ok=True)
    (tmp_path / ".cache").symlink_to(cache, target_is_directory=True)
    return Checkout(tmp_path)
