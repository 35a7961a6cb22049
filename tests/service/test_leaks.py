"""That the search for leaked secrets, which every run of the tests ends with, finds them."""

import os
import subprocess
import sys
from pathlib import Path

from support import ROOT

PROGRAM = """
import logging
import leaks

KEY = "AbC-" + "x7" * 20
TOKEN = ".".join(["eyJ" + "a" * 30] * 3)
leaks.learn(KEY)

def test_log():
    logging.getLogger("any").debug("with a key: %s", KEY)

def test_print():
    print(f"https://studio.example/?code={KEY}&x")

def test_traceback():
    raise ValueError(KEY)

def test_token():
    print(f"{{'Authorization': 'Bearer {TOKEN}'}}")

def test_files(tmp_path):
    (tmp_path / "some.db").write_bytes(b"\\0" + KEY.encode() + b"\\0")
    (tmp_path / "large.log").write_text("x\\n" * (1 << 22) + KEY)
    (tmp_path / "batch_apps.ini").write_text(KEY)
    print("nothing", "x" * 43, KEY[:20])
"""


def test_planted_secrets_are_found(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PROGRAM)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "conftest", "-c", ROOT / "pyproject.toml"),
            *("-p", "no:cacheprovider", "--basetemp", tmp_path / "base", "test_planted.py"),
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "4 failed, 1 passed, 4 errors" in done.stdout, done.stdout + done.stderr
    for name in ("log", "print", "traceback"):
        assert f"test_{name} - A secret was shown: AbC-…" in done.stdout
    assert "test_token - A secret was shown: a token" in done.stdout
    assert "/some.db: AbC-…" in done.stdout
    assert "/large.log: AbC-…" in done.stdout
    assert "batch_apps.ini" not in done.stdout
    assert "x7" * 20 not in done.stdout
