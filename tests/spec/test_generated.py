"""`scripts/regen.sh` and the package that it makes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from typing import Any

import batchapps_management
import pytest
import yaml
from batchapps_management import models

from .conftest import ROOT, Checkout

SCHEMAS: dict[str, Any] = yaml.safe_load(
    (ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8")
)["components"]["schemas"]


def test_check_passes_on_a_clean_tree(checkout: Checkout) -> None:
    before = checkout.content()
    # With the order of sets fixed to an arbitrary one: the result must not depend on it.
    run = checkout.regen("--check", PYTHONHASHSEED="20141001")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert checkout.content() == before


def test_check_names_what_differs_and_leaves_it(copied: Checkout) -> None:
    edited = copied.package / "models" / "job.py"
    edited.write_text(edited.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
    (copied.package / "api" / "pools" / "get_pool.py").unlink()
    (copied.package / "helpers.py").write_text("", encoding="utf-8")
    (copied.package / "__pycache__").mkdir()
    (copied.package / "__pycache__" / "client.cpython-311.pyc").write_bytes(b"")
    before = copied.content()

    run = copied.regen("--check")

    assert run.returncode == 1
    found = {line.strip() for line in run.stderr.splitlines() if line.startswith("  ")}
    assert found == {
        "differs: models/job.py",
        "missing: api/pools/get_pool.py",
        "not generated: helpers.py",
    }
    assert copied.content() == before


def test_regeneration_undoes_edits_by_hand(copied: Checkout, checkout: Checkout) -> None:
    (copied.package / "client.py").write_text("", encoding="utf-8")
    (copied.package / "api" / "pools" / "get_pool.py").unlink()
    (copied.package / "api" / "old").mkdir()
    (copied.package / "api" / "old" / "gone.py").write_text("", encoding="utf-8")

    run = copied.regen()

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    wanted = {
        name: content
        for name, (content, _) in checkout.content().items()
        if "__pycache__" not in name
    }
    assert {name: content for name, (content, _) in copied.content().items()} == wanted
    assert not (copied.package / "api" / "old").exists()


def test_a_new_property_becomes_a_typed_attribute(copied: Checkout) -> None:
    copied.replace(
        "        percentComplete:\n",
        "        secondsLeft:\n"
        "          type: integer\n"
        "          description: How long the job still takes, in seconds.\n"
        "        percentComplete:\n",
    )
    assert copied.regen().returncode == 0
    program = f"""
import sys
sys.path.insert(0, {str(copied.package.parent)!r})
from batchapps_management.models import Job
from batchapps_management.types import UNSET
job = {{"id": "i", "name": "n", "type": "t"}}
print(Job.__annotations__["seconds_left"])
print(Job.from_dict(job | {{"secondsLeft": 90}}).seconds_left)
print(Job.from_dict(job).seconds_left is UNSET)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == ["int | Unset", "90", "True"]
    text = (copied.package / "models" / "job.py").read_text(encoding="utf-8")
    assert "How long the job still takes, in seconds." in text


def test_a_broken_description_is_refused(copied: Checkout) -> None:
    before = copied.content()
    copied.replace("$ref: '#/components/schemas/JobLog'", "$ref: '#/components/schemas/Log'")
    run = copied.regen()
    assert run.returncode != 0
    assert "Log" in run.stderr
    assert copied.content() == before


def test_package_carries_its_description_and_is_typed(description: dict[str, Any]) -> None:
    package = resources.files(batchapps_management)
    assert json.loads((package / "openapi.json").read_text(encoding="utf-8")) == description
    assert (package / "py.typed").is_file()


@pytest.mark.parametrize("name", [name for name in SCHEMAS if "properties" in SCHEMAS[name]])
def test_models_give_back_what_they_read(name: str) -> None:
    for example in SCHEMAS[name]["examples"]:
        assert getattr(models, name).from_dict(example).to_dict() == example


def test_models_take_what_is_new_to_them() -> None:
    message = {"id": "i", "name": "n", "type": "t", "status": "Sleeping", "mood": "good"}
    job = models.Job.from_dict(message)
    assert job.status == "Sleeping"
    assert job.additional_properties == {"mood": "good"}
    assert job.to_dict() == message
    assert models.Job.from_dict(message | {"status": "OnHold"}).status is models.JobStatus.ON_HOLD
