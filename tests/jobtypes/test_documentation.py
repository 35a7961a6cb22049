"""What docs/job-types.md says, done."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from openjd_local import ROOT
from PIL import Image
from support import Service

BLOCK = re.compile(r"(?:`([\w/.]+)`:\n\n)?```(\w+)\n(.*?)```", re.DOTALL)


def blocks() -> list[tuple[str, str, str]]:
    """The blocks of code: the file they are meant for, language and text."""
    text = (ROOT / "docs" / "job-types.md").read_text(encoding="utf-8")
    return BLOCK.findall(text)


@pytest.fixture
def home(tmp_path: Path, service: Service) -> Path:
    """A user's folder with the configuration, and the bundles of the page."""
    for name, _, text in blocks():
        if name:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    account = service.add_account()
    ini = tmp_path / "BatchAppsData" / "batch_apps.ini"
    ini.parent.mkdir()
    ini.write_text(
        f"[Authentication]\nendpoint = {account.endpoint}\n"
        f"unattended_account = {account.account}\nunattended_key = {account.key}\n"
        f"ca_cert = {account.ca_cert}\n"
    )
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


def run_page(home: Path, start: str) -> str:
    """Run the page's script that sets up the job type ``start``; what it prints."""
    script = next(
        text for _, language, text in blocks() if language == "python" and f'("{start}"' in text
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=home,
        env=os.environ | {"HOME": str(home), "USERPROFILE": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_job_type(home: Path, service: Service) -> None:
    service.add_jobtype(home / "Hello")
    said = run_page(home, "Hello")
    assert said.startswith("Complete ")
    text = (home / "results" / "hello.txt").read_text()
    assert text == "".join(f"hello from task {number}\n" for number in range(1, 6))


def test_one_task_a_file(home: Path, service: Service) -> None:
    service.add_jobtype(home / "Sketch")
    said = run_page(home, "Sketch")
    assert "sketches.pdf" in said
    pdf = (home / "results" / "sketches.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    # camera, cell, chelsea, coffee, coins
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 5
    preview = next(path for path in (home / "results").iterdir() if path.suffix == ".png")
    with Image.open(preview) as cover:
        assert max(cover.size) == 200 or cover.height == 150
