#!/usr/bin/env bash
# Generates generated/batchapps_management from spec/openapi.yaml.
#
#   scripts/regen.sh           writes the package
#   scripts/regen.sh --check   writes nothing, names every file that differs and exits with 1
#
# The generator and ruff must have exactly the pinned versions, or the result would differ from one
# machine to the next. Where the Python at hand does not have them, a private environment under
# .cache is made once, from scripts/regen-requirements.txt.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
requirements=$root/scripts/regen-requirements.txt

find_python() {
    local candidate
    for candidate in python3 python python3.11 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "regen.sh: Python 3.11 or later is needed and is not on PATH." >&2
    return 1
}

has_pinned_versions() {
    "$1" - "$requirements" 2>/dev/null <<'PYTHON'
import re
import sys
from importlib.metadata import version

pins = dict(re.findall(r"^([\w.-]+)==(\S+)", open(sys.argv[1], encoding="utf-8").read(), re.M))
sys.exit(any(version(name) != pins[name] for name in ("openapi-python-client", "ruff")))
PYTHON
}

make_environment() {
    local base=$1 target=$2 fresh
    echo "regen.sh: making an environment for the generator in ${target#"$root"/} (once)" >&2
    mkdir -p "$root/.cache"
    echo '*' >"$root/.cache/.gitignore"
    # Made under another name and then renamed, so that an interrupted run leaves no half environment.
    fresh=$(mktemp -d "$root/.cache/regen-venv.XXXXXX")
    if ! { "$base" -m venv "$fresh" &&
        "$fresh/bin/python" -m pip --quiet --disable-pip-version-check install \
            --require-hashes --only-binary :all: -r "$requirements" >&2; }; then
        rm -rf "$fresh"
        echo "regen.sh: could not install what $requirements lists; see above." >&2
        return 1
    fi
    rm -rf "$target"
    mv "$fresh" "$target"
}

environment=$root/.cache/regen-venv
python=$(find_python)
for candidate in "$python" "$root/.venv/bin/python" "$environment/bin/python"; do
    if has_pinned_versions "$candidate"; then
        exec "$candidate" "$root/scripts/regen.py" "$@"
    fi
done
make_environment "$python" "$environment"
exec "$environment/bin/python" "$root/scripts/regen.py" "$@"
