"""Rows of the table, as Markdown and as JSON."""

import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil


class Figure:
    """What several runs gave."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = list(values)
        self.median = statistics.median(values)

    def __str__(self) -> str:
        low, high = _short(min(self.values)), _short(max(self.values))
        return _short(self.median) + (f" ({low} to {high})" if low != high else "")

    def data(self) -> dict[str, Any]:
        ends = {"lowest": min(self.values), "highest": max(self.values)}
        return {"median": self.median, **ends, "runs": self.values}


@dataclass
class Row:
    """A row of the table.

    Args:
        work: What was done.
        goal: What was to be reached.
        measured: What was reached, in words.
        met: Whether that is the goal; None where there was nothing to reach.
        figures: What `measured` is made of.
    """

    work: str
    goal: str
    measured: str
    met: bool | None
    figures: dict[str, Figure] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        figures = {name: figure.data() for name, figure in self.figures.items()}
        told = {"work": self.work, "goal": self.goal, "measured": self.measured}
        return {**told, "met": self.met, "figures": figures}


def failure(name: str, error: Exception) -> Row:
    """What could not be measured."""
    words = str(error).strip().replace("\n", " ").replace("|", "/")
    return Row(name, "", f"failed: {words[-300:]}", False)


def machine() -> dict[str, Any]:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1),
        "date": time.strftime("%Y-%m-%d"),
    }


def markdown(
    rows: list[Row],
    about: dict[str, Any],
    absent: dict[str, str],
    profile: list[tuple[str, list[tuple[float, str, int]]]],
) -> str:
    """The table, and where the time of the upload of small files goes."""
    answers = {True: "yes", False: "**no**", None: "–"}
    lines = [
        f"Measured on {about['date']} on {about['cpu']}, {about['cores']} cores, "
        f"{about['memory_gib']} GiB, {about['system']}, Python {about['python']}. The load of the "
        f"machine was {about['load_before']} before. Client, service and peers ran on it "
        "together, over loopback and TLS. In brackets: the lowest and the highest of the runs, "
        "before them their median.",
        "",
        "| work | measured | goal | met |",
        "|---|---|---|---|",
        *(f"| {row.work} | {row.measured} | {row.goal} | {answers[row.met]} |" for row in rows),
    ]
    if absent:
        lines += ["", "Left out:", ""]
        lines += [f"- {name}: {reason}." for name, reason in absent.items()]
    for title, costs in profile:
        lines += ["", f"**{title}**", "", "| share | calls | function |", "|---|---|---|"]
        lines += [f"| {share:.0%} | {calls:,} | `{name}` |" for share, name, calls in costs]
    return "\n".join(lines) + "\n"


def save(folder: Path, name: str, text: str, data: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)
    (folder / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")


def _short(value: float) -> str:
    """Three digits of a number."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.{1 if abs(value) >= 10 else 2}f}"
