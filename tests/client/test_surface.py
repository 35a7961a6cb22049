"""The names and arguments of version 0.5.2, walked one by one, and the flat namespace of today."""

import importlib
import inspect
import re
import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import surface
from standin import FakeService

import batchapps
from batchapps import (
    AzureOAuth,
    Configuration,
    Credentials,
    FileManager,
    JobManager,
    PoolManager,
    RestCallException,
    SubmittedJob,
    Task,
)


@pytest.fixture
def instances(
    cfg: Configuration,
    creds: Credentials,
    jobs: JobManager,
    files: FileManager,
    pools: PoolManager,
) -> dict[str, object]:
    """One of each class whose attributes are in the list."""
    spec = pools.create_spec()
    return {
        "Configuration": cfg,
        "AzureOAuth": AzureOAuth,
        "Credentials": creds,
        "JobManager": jobs,
        "JobSubmission": jobs.create_job("x"),
        "SubmittedJob": SubmittedJob(jobs._api, "1", "n", "t"),
        "Task": Task(jobs._api, "1", id=1),
        "UserFile": files.file_from_path("x"),
        "PoolManager": pools,
        "Pool": batchapps.Pool(spec._api),
        "PoolSpecifier": spec,
        "RestCallException": RestCallException(None, "x", None),
    }


class Walk:
    """A walk over the list: how much was looked at, and what is wrong."""

    def __init__(self, instances: dict[str, object]) -> None:
        self.instances = instances
        self.names = self.arguments = 0
        self.problems: list[str] = []

    def over(self, listed: dict[str, Any]) -> "Walk":
        for module, contents in listed["modules"].items():
            for name, value in contents.get("switches", {}).items():
                self.switch(module, name, value)
        for module, name, details in surface.classes(listed):
            kind = getattr(self.imported(module), name, None)
            self.check(inspect.isclass(kind), f"{module}.{name} is missing")
            if kind is not None:
                self.walk_class(f"{module}.{name}", kind, details)
        for name in listed["package"]:
            self.check(hasattr(batchapps, name), f"batchapps.{name} is missing")
        return self

    def imported(self, module: str) -> object:
        try:
            return importlib.import_module(module)
        except ImportError:
            return None

    def check(self, good: bool, problem: str) -> None:
        self.names += 1
        if not good:
            self.problems.append(problem)

    def switch(self, module: str, name: str, value: object) -> None:
        found = getattr(self.imported(module), name, "missing")
        # What LOGGERS holds is noted by the first Configuration.
        same = isinstance(found, dict) if name == "LOGGERS" else found == value
        self.check(same, f"{module}.{name} is {found!r}")

    def walk_class(self, path: str, kind: type, details: dict[str, Any]) -> None:
        if "call" in details:
            text = details["call"]
            for name in details.get("keywords", []):
                text = text.replace("**kwargs", f"{name}=False, **kwargs")
            self.call(path, kind, text.replace(", **kwargs", "") if "keywords" in details else text)
        for name, text in details.get("methods", {}).items():
            method = getattr(kind, name, None)
            self.check(callable(method), f"{path}.{name} is missing")
            if method is not None:
                self.call(f"{path}.{name}", method, text)
        one = self.instances.get(kind.__name__)
        for name in details.get("attributes", []):
            with warnings.catch_warnings(action="ignore"):
                self.check(hasattr(one, name), f"{path} objects have no {name}")
        for name in details.get("settable", []):
            try:
                setattr(one, name, getattr(one, name))
            except AttributeError:
                self.problems.append(f"{path}.{name} cannot be set")

    def call(self, path: str, function: Callable[..., Any], text: str) -> None:
        wanted, present = surface.written(text), surface.arguments(function)
        self.arguments += len(wanted)
        if path.rpartition(".")[2].startswith("__"):  # called by Python, by place
            if len(wanted) != len(present):
                self.problems.append(f"{path} takes {len(present)} arguments")
        else:
            self.problems += [f"{path}: {one}" for one in surface.differences(wanted, present)]


def test_all_names_and_arguments_of_the_original_are_there(
    instances: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    walk = Walk(instances).over(surface.listed())
    with capsys.disabled():
        print(f"\nwalked {walk.names} names and {walk.arguments} arguments of 0.5.2")
    assert walk.problems == []
    assert walk.names >= 200
    assert walk.arguments > 100


def test_the_walk_finds_what_is_missing(instances: dict[str, object]) -> None:
    listed = deepcopy(surface.listed())
    modules = listed["modules"]
    modules["batchapps.pool"]["classes"]["Pool"]["methods"]["fill"] = "()"
    modules["batchapps.pool"]["classes"]["Pool"]["attributes"].append("depth")
    modules["batchapps.job"]["classes"]["Task"]["methods"]["cancel"] = "(softly=False)"
    modules["batchapps.files"]["classes"]["UserFile"]["methods"]["upload"] = "(callback, force)"
    modules["batchapps.files"]["classes"]["Folder"] = {"call": "()"}
    modules["batchapps.config"]["switches"]["STREAM_LOG"] = False
    modules["batchapps.gone"] = {"switches": {"X": 1}}
    listed["package"].append("upload_wrapper")
    problems = Walk(instances).over(listed).problems
    for problem in (
        "Pool.fill is missing",
        "Pool objects have no depth",
        "Task.cancel: argument softly is missing",
        "UserFile.upload: argument 1 is force, not callback",
        "files.Folder is missing",
        "STREAM_LOG is True",
        "gone.X is 'missing'",
        "batchapps.upload_wrapper is missing",
    ):
        assert any(problem in each for each in problems), problem


@pytest.mark.parametrize(
    ("wanted", "present", "problem"),
    [
        ("(a)", "(a, b)", "b is new"),
        ("(a=1)", "(a=2)", "by default"),
        ("(a)", "(*, a)", "argument 1"),
        ("(a, **b)", "(a)", "b is missing"),
        ("(a, b)", "(b, a)", "argument 1"),
        ("(a, b=None)", "(a, b=None, c=3, *, d=4)", ""),
        ("(a)", "(a=None)", ""),
        ("(a, **rest)", "(a, *, b=1, **others)", ""),
    ],
)
def test_what_counts_as_a_difference(wanted: str, present: str, problem: str) -> None:
    found = surface.differences(surface.written(wanted), surface.written(present))
    assert bool(found) == bool(problem)
    assert problem in "".join(found)


def test_former_names_warn_and_name_their_successors(
    instances: dict[str, Any], cfg: Configuration, service: FakeService, files: FileManager
) -> None:
    cfg.add_jobtype("Test")
    calls: dict[str, Callable[[], object]] = {
        "Configuration.application=": lambda: Configuration(application="Test"),
        "Configuration.job_type": lambda: cfg.job_type,
        "Configuration.set_default_application": cfg.set_default_application,
        "Configuration.application": cfg.application,
        "Configuration.applications": cfg.applications,
        "Configuration.add_application": lambda: cfg.add_application("Test", "ignored"),
        "AzureOAuth.get_principal_token": lambda: AzureOAuth.get_principal_token(cfg),
        "SubmittedJob.['jobId']": lambda: instances["SubmittedJob"]["jobId"],
        "FileManager.create_file": lambda: files.create_file("x"),
    }
    deprecated = {
        f"{name}.{old}": new
        for _, name, details in surface.classes(surface.listed())
        for old, new in details.get("deprecated", {}).items()
    }
    assert calls.keys() == deprecated.keys()
    for old, call in calls.items():
        with pytest.warns(DeprecationWarning, match=re.escape(f"use {deprecated[old]}")) as caught:
            call()
        places = {one.filename for one in caught if one.category is DeprecationWarning}
        assert places == {__file__}, old


def test_the_length_of_a_manager_and_the_message_of_a_job(
    jobs: JobManager, pools: PoolManager
) -> None:
    for manager in (jobs, pools):
        assert len(manager) == 0
        assert manager
        manager.count = 7
        assert len(manager) == 7
    assert set(jobs.create_job("x")._create_job_message()) >= {
        *("Name", "Type", "RequiredFiles", "Parameters", "JobFile", "Settings"),
        *("Priority", "autoPoolSpecification"),
    }


def test_the_namespace_is_what_it_says() -> None:
    assert len(set(batchapps.__all__)) == len(batchapps.__all__)
    for name in batchapps.__all__:
        assert getattr(batchapps, name) is not None
    assert batchapps.__version__ == "1.0.0"
    for module in ("config", "credentials", "job", "files", "pool", "exceptions"):
        found = importlib.import_module(f"batchapps.{module}")
        public = {name for name in found.__all__ if inspect.isclass(getattr(found, name))}
        assert public <= set(batchapps.__all__)


@pytest.mark.parametrize("module", surface.listed()["gone"])
def test_what_was_not_carried_over(module: str) -> None:
    with pytest.raises(ImportError):
        importlib.import_module(module)
