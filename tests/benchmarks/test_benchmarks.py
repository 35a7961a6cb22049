"""A small version of the benchmarks, so that they do not rot."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT


@pytest.mark.skipif(
    "BATCHAPPS_BENCHMARKS" not in os.environ,
    reason="takes minutes; set BATCHAPPS_BENCHMARKS to run it",
)
def test_a_small_version_of_everything_runs_and_is_written_down(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--no-peers", "--results", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads((tmp_path / "quick.json").read_text())
    rows = {row["work"]: row for row in told["rows"]}
    assert len(rows) == 13
    assert (tmp_path / "quick.md").read_text() == done.stdout.removesuffix("\n")
    assert all(work in done.stdout for work in rows)
    # Speeds say nothing here; what is sent and what is read does.
    for begin in ("nothing changed", "1 % changed", "touched but not changed"):
        (row,) = (row for work, row in rows.items() if work.endswith(begin))
        assert begin == "nothing changed" or row["met"], row
    (unchanged,) = (row for work, row in rows.items() if work.endswith("nothing changed"))
    assert unchanged["measured"].endswith("0 opened, 0 sent")
    assert [len(part["costs"]) > 3 for part in told["profile"]] == [True, True]
