"""Generate `generated/batchapps_management` from the description of the API.

Run by `scripts/regen.sh`, which sees to the versions of the generator and of ruff. Beside what the
generator makes, the package gets `py.typed` and `openapi.json`, the description in the form that
the service reads.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTION = ROOT / "spec" / "openapi.yaml"
CONFIGURATION = ROOT / "spec" / "client.yaml"
TEMPLATES = ROOT / "spec" / "templates"
PACKAGE = ROOT / "generated" / "batchapps_management"


def parameters_described_in_schemas(description: dict[str, Any]) -> dict[str, Any]:
    """Copy the text of each parameter to its schema, where the generator looks for docstrings."""
    result = copy.deepcopy(description)
    parameters = list(result["components"].get("parameters", {}).values())
    for path_item in result["paths"].values():
        parameters += path_item.get("parameters", [])
        for operation in path_item.values():
            if isinstance(operation, dict):
                parameters += operation.get("parameters", [])
    for parameter in parameters:
        if "schema" in parameter:
            parameter["schema"].setdefault("description", parameter["description"].strip())
    return result


def generate(workplace: Path) -> dict[str, bytes]:
    """Generate into a folder of its own; return the content of each file by its relative path."""
    with DESCRIPTION.open(encoding="utf-8") as stream:
        description = YAML(typ="safe").load(stream)
    source = workplace / "openapi.json"
    source.write_text(json.dumps(parameters_described_in_schemas(description)), encoding="utf-8")
    package = workplace / PACKAGE.name
    command = [sys.executable, "-m", "openapi_python_client", "generate"]
    command += ["--path", str(source), "--config", str(CONFIGURATION)]
    command += ["--custom-template-path", str(TEMPLATES)]
    command += ["--meta", "none", "--output-path", str(package), "--fail-on-warning"]
    # The ruff of the hooks is the one beside this Python, whatever else is on PATH.
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "PYTHONUTF8": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"regen.sh: the generator refuses {DESCRIPTION}:\n{run.stdout}{run.stderr}")
    compact = json.dumps(description, ensure_ascii=False, separators=(",", ":"))
    (package / "openapi.json").write_bytes(compact.encode() + b"\n")
    (package / "py.typed").write_bytes(b"")
    return files_of(package)


def files_of(package: Path) -> dict[str, bytes]:
    """Read all files of a package but Python's own caches."""
    return {
        path.relative_to(package).as_posix(): path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(wanted: dict[str, bytes], present: dict[str, bytes]) -> list[str]:
    """Say of each file in which the two packages are not the same what is the matter with it."""
    found = []
    for name in sorted(wanted.keys() | present.keys()):
        if name not in present:
            found.append(f"missing: {name}")
        elif name not in wanted:
            found.append(f"not generated: {name}")
        elif wanted[name] != present[name]:
            found.append(f"differs: {name}")
    return found


def write(wanted: dict[str, bytes], present: dict[str, bytes]) -> None:
    """Bring the package up to date, touching only the files that change."""
    for name in present.keys() - wanted.keys():
        (PACKAGE / name).unlink()
    for name, content in wanted.items():
        if present.get(name) != content:
            target = PACKAGE / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    for folder in [path for path in PACKAGE.rglob("*") if path.is_dir()]:
        if folder.name != "__pycache__" and not any(
            name.startswith(f"{folder.relative_to(PACKAGE).as_posix()}/") for name in wanted
        ):
            shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Write the package, or with `--check` compare it; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/regen.sh",
        description="Generate generated/batchapps_management from spec/openapi.yaml.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail naming each file that differs"
    )
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory(prefix="batchapps-regen-") as folder:
        wanted = generate(Path(folder))
    present = files_of(PACKAGE) if PACKAGE.is_dir() else {}
    if not check:
        write(wanted, present)
        return 0
    found = differences(wanted, present)
    if found:
        print(f"{PACKAGE.relative_to(ROOT)} is not what spec/openapi.yaml gives:", file=sys.stderr)
        print("\n".join(f"  {line}" for line in found), file=sys.stderr)
        print("Nothing in it is edited by hand. Run scripts/regen.sh.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
