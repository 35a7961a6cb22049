"""What is read when a program begins, each time in a process of its own, and what is not."""

import json
import subprocess
import sys
from typing import Any

import pytest

#: What takes long to read, and is not needed before something is done.
LATE = {"asyncio", "attr", "keyring", "msal", "rich", "sqlite3"}


def run(program: str) -> Any:
    """What the program calls `found`."""
    whole = f"import json, sys\n{program}\nprint(json.dumps(found))"
    command = [sys.executable, "-c", whole]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read_by(statement: str, before: str = "") -> set[str]:
    """The modules that are read by `statement` and not by `before`."""
    return set(
        run(f"{before}\nknown = set(sys.modules)\n{statement}\nfound = [*set(sys.modules) - known]")
    )


def test_the_package_alone_reads_almost_nothing() -> None:
    read = read_by("import batchapps")
    ours = {name for name in read if name.startswith("batchapps")}
    assert ours == {"batchapps", "batchapps._version", "batchapps.exceptions"}
    assert not read & (LATE | {"httpx", "ssl", "logging"})


@pytest.mark.parametrize("name", ["AzureOAuth", "JobManager", "FileManager", "PoolManager", "*"])
def test_no_name_reads_what_only_its_use_needs(name: str) -> None:
    read = read_by(f"from batchapps import {name}", before="import httpx")
    assert "batchapps.credentials" in read
    assert not read & LATE
    generated = {name for name in read if name.startswith("batchapps_management")}
    assert generated <= {"batchapps_management", "batchapps_management.models"}


def test_modules_and_names_are_there_before_they_are_read() -> None:
    dir_, star, modules, switch = run(
        "import batchapps\n"
        "batchapps.credentials.VERIFY = False\n"
        "from batchapps.credentials import VERIFY\n"
        "names = {}\n"
        "exec('from batchapps import *', names)\n"
        "modules = 'config credentials exceptions file_manager files job pool'.split()\n"
        "found = [sorted({*batchapps.__all__, *modules} - {*dir(batchapps)}),\n"
        "    sorted({*batchapps.__all__} - {*names}),\n"
        "    [getattr(batchapps, each).__name__ for each in modules], VERIFY]"
    )
    assert (dir_, star, switch) == ([], [], False)
    assert modules[-1] == "batchapps.pool"


@pytest.mark.parametrize("package", ["batchapps", "batchapps_management.models"])
def test_what_is_not_there_is_missed_by_name(package: str) -> None:
    statement = f"import {package} as package\ntry: package.Jobs\nexcept AttributeError as error:"
    assert run(f"{statement} found = str(error)") == f"module '{package}' has no attribute 'Jobs'"


def test_a_model_is_read_with_those_that_it_needs() -> None:
    read = read_by("from batchapps_management.models import Link")
    assert "batchapps_management.models.link" in read
    assert "batchapps_management.models.job" not in read
