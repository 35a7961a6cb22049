"""`scripts/api_changes.py`: what breaks users is told, and what does not is let through."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from description_changes import breaking_changes

from .conftest import ROOT

Document = dict[str, Any]


def job(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["Job"]
    return found


def sent(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["JobSubmission"]
    return found


def listing(document: Document) -> Document:
    found: Document = document["paths"]["/jobs"]["get"]
    return found


def parameter(name: str, **more: Any) -> Document:
    return {"name": name, "in": "query", "description": "x", "schema": {"type": "string"}, **more}


BREAKING: dict[str, Callable[[Document], object]] = {
    "POST /jobs/{jobId}/actions/cancel is gone": lambda d: d["paths"].pop(
        "/jobs/{jobId}/actions/cancel"
    ),
    "GET /files is gone": lambda d: d["paths"]["/files"].pop("get"),
    "operationId was listJobs and is allJobs": lambda d: listing(d).update(operationId="allJobs"),
    "query parameter maxResults is gone": lambda d: listing(d)["parameters"].pop(0),
    "query parameter extra is new and required": lambda d: listing(d)["parameters"].append(
        parameter("extra", required=True)
    ),
    "Job.poolId is gone": lambda d: job(d)["properties"].pop("poolId"),
    "Job.id may be left out now": lambda d: job(d)["required"].remove("id"),
    "Job.name: type was string and is integer": lambda d: job(d)["properties"].update(
        name={"type": "integer"}
    ),
    "Job.name: type was string and is null or string": lambda d: job(d)["properties"].update(
        name={"type": ["string", "null"]}
    ),
    "JobSubmission.Settings is gone": lambda d: sent(d)["properties"].pop("Settings"),
    "JobSubmission.Settings has become required": lambda d: sent(d)["required"].append("Settings"),
    "Settings: maxLength was None and is 5": lambda d: sent(d)["properties"]["Settings"].update(
        maxLength=5
    ),
    "value 'OnHold' is gone": lambda d: d["components"]["schemas"]["JobStatus"]["enum"].remove(
        "OnHold"
    ),
    "Priority: value 'Low' is gone": lambda d: d["components"]["schemas"]["Priority"][
        "enum"
    ].remove("Low"),
    "GET /jobs: response 200 is gone": lambda d: listing(d)["responses"].pop("200"),
    "response 204 is a new success": lambda d: listing(d)["responses"].update(
        {"204": {"description": "x"}}
    ),
    "GET /jobs 200: application/json is gone": lambda d: listing(d)["responses"]["200"].update(
        content={}
    ),
    "the request's body has become required": lambda d: d["paths"]["/files"]["get"].update(
        requestBody={"required": True, "content": {}}
    ),
    "security has changed": lambda d: d.update(security=[{"other": []}]),
    "schema ResizeRequest is gone": lambda d: d["components"]["schemas"].pop("ResizeRequest"),
}

HARMLESS: dict[str, Callable[[Document], object]] = {
    "words": lambda d: job(d).update(description="Other words.", examples=[]),
    "a new operation": lambda d: d["paths"].update({"/new": {"get": {"responses": {}}}}),
    "a new property in answers": lambda d: job(d)["properties"].update(more={"type": "string"}),
    "a new optional property in requests": lambda d: sent(d)["properties"].update(
        More={"type": "string"}
    ),
    "a new optional parameter": lambda d: listing(d)["parameters"].append(parameter("extra")),
    "a member that is always there now": lambda d: job(d)["required"].append("taskCount"),
    "a member that may be left out of requests now": lambda d: sent(d)["required"].remove("Name"),
    "a new value in an open list": lambda d: d["components"]["schemas"]["JobStatus"]["enum"].append(
        "Paused"
    ),
    "a new value that may be sent": lambda d: d["components"]["schemas"]["Priority"]["enum"].append(
        "Later"
    ),
    "more that may be sent": lambda d: sent(d)["properties"]["Settings"].update(
        type=["string", "integer"]
    ),
    "a new error": lambda d: listing(d)["responses"].update({"451": {"description": "x"}}),
    "parts written out": lambda d: job(d)["properties"].update(
        name={"allOf": [job(d)["properties"]["name"]], "description": "x"}
    ),
}


@pytest.mark.parametrize("told", BREAKING)
def test_a_change_that_breaks_is_told(description: Document, told: str) -> None:
    changed = copy.deepcopy(description)
    BREAKING[told](changed)
    # A schema that is gone cannot be followed from where it was used.
    if told.startswith("schema"):
        changed["paths"].pop("/pools/{poolId}/actions/resize")
    found = breaking_changes(description, changed)
    assert any(told in one for one in found), found
    assert len(found) <= 4, found


@pytest.mark.parametrize("change", HARMLESS)
def test_a_change_that_breaks_nothing_is_let_through(description: Document, change: str) -> None:
    changed = copy.deepcopy(description)
    HARMLESS[change](changed)
    assert changed != description
    assert breaking_changes(description, changed) == []


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose only commit, with the tag v1, is this checkout."""
    root = tmp_path_factory.mktemp("repository")
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for folder in ("batchapps", "generated", "scripts", "spec", "tests/typed"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"], ["tag", "v1"]):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *identity, *command], cwd=root, check=True)
    return root


def compared(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(
        [sys.executable, root / "scripts" / "api_changes.py", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), "utf-8")


def test_the_command_tells_what_breaks_and_nothing_else(repository: Path) -> None:
    package = repository / "batchapps"
    more = '    def more(self) -> int:\n        """More."""\n        return 1\n\n'
    edit(package / "pool_manager.py", "    def create(\n", f"{more}    def create(\n")
    edit(package / "pool.py", "def resize(self, target: int)", "def resize(self, target: float)")
    edit(package / "_progress.py", "def _takes(", "def _accepts(")
    harmless = compared(repository)
    assert harmless.stdout.count("nothing breaks") == 3, harmless.stdout + harmless.stderr
    assert harmless.returncode == 0
    edit(package / "pool_manager.py", "def clear_pools(", "def clear_all_pools(")
    edit(package / "job_manager.py", "-> list[SubmittedJob]:", "-> tuple[SubmittedJob, ...]:")
    edit(package / "pool_manager.py", "-> list[Pool]:", "-> tuple[Pool, ...]:")
    edit(package / "file_manager.py", "find_files(self, name:", "find_files(self, title:")
    edit(package / "pool.py", "    def created_at(", "    def made_at(")
    edit(repository / "spec" / "openapi.yaml", "operationId: listPools", "operationId: allPools")
    broken = compared(repository, "v1")
    assert broken.returncode == 1, broken.stderr
    for told in (
        "GET /pools: operationId was listPools and is allPools",
        "clear_pools",
        "find_files(name)",
        "tests/typed/first_job.py",
        '"Pool" has no attribute "created_at"',
    ):
        assert told in broken.stdout, broken.stdout


def test_without_a_release_or_with_a_wrong_name(repository: Path, tmp_path: Path) -> None:
    wrong = compared(repository, "v99")
    assert wrong.returncode != 0
    assert "v99" in wrong.stderr
    shutil.copytree(repository / "scripts", tmp_path / "scripts")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    first = compared(tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert "Nothing has been released yet" in first.stdout


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_the_typed_examples_check(checker: str, tmp_path: Path) -> None:
    examples = sorted((ROOT / "tests" / "typed").glob("*.py"))
    assert examples
    arguments = ["--strict", *map(str, examples)]
    if checker == "pyright":
        project = tmp_path / "pyrightconfig.json"
        settings = {
            "include": [str(ROOT / "tests" / "typed")],
            "extraPaths": [str(ROOT), str(ROOT / "generated")],
            "reportUnnecessaryTypeIgnoreComment": "error",
        }
        project.write_text(json.dumps(settings))
        arguments = ["--project", str(project), "--pythonpath", sys.executable]
    done = subprocess.run(
        [sys.executable, "-m", checker, *arguments],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": f"{ROOT}{os.pathsep}{ROOT / 'generated'}"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
