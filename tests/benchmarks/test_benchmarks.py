"""A small version of the benchmarks, so that they do not rot."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import ROOT


def test_a_small_load_on_the_service_is_served_and_written_down(tmp_path: Path) -> None:
    parts = ("first_task", "large_job", "waiting", "crowd")
    told = _measured(tmp_path, "benchmarks.service", "--only", *parts)
    assert len(told["rows"]) == 7
    memory, clients = told["rows"].pop(), told["rows"].pop()
    assert "no error" in clients["measured"]
    assert memory["met"]
    assert not any(row["measured"].startswith("failed") for row in told["rows"])


def _measured(results: Path, *module: str) -> Any:
    """What a small version found; it must have printed the table that it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", *module, "--quick", "--results", results],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (table,) = results.glob("*.md")
    assert table.read_text() == done.stdout.removesuffix("\n")
    return json.loads(table.with_suffix(".json").read_text())


@pytest.mark.skipif(
    "BATCHAPPS_BENCHMARKS" not in os.environ,
    reason="takes minutes; set BATCHAPPS_BENCHMARKS to run it",
)
def test_a_small_version_of_everything_runs_and_is_written_down(tmp_path: Path) -> None:
    told = _measured(tmp_path, "benchmarks", "--no-peers")
    rows = {row["work"]: row for row in told["rows"]}
    assert len(rows) == 13
    table = (tmp_path / "quick.md").read_text()
    assert all(work in table for work in rows)
    # Speeds say nothing here; what is sent and what is read does.
    for begin in ("nothing changed", "1 % changed", "touched but not changed"):
        (row,) = (row for work, row in rows.items() if work.endswith(begin))
        assert begin == "nothing changed" or row["met"], row
    (unchanged,) = (row for work, row in rows.items() if work.endswith("nothing changed"))
    assert unchanged["measured"].endswith("0 opened, 0 sent")
    assert [len(part["costs"]) > 3 for part in told["profile"]] == [True, True]
