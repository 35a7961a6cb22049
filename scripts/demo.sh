#!/usr/bin/env bash
# Runs the demonstration: installs the project into .venv (the first time), starts a service of its
# own in .demo, has the photographs in examples/photos resized by it, and stops it again.
#
#   scripts/demo.sh [FOLDER]     with the photographs (.png, .jpg) of another folder
#
# It needs Python 3.11 or later, and a package index the first time. Ctrl-C ends it cleanly.
set -euo pipefail
trap 'echo Stopped. >&2; exit 130' INT

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
for python in python3.11 python3 python python3.12 python3.13 python3.14; do
    if "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" "$root/scripts/run_demo.py" "$@"
    fi
done
echo "demo.sh: Python 3.11 or later with venv is needed, and none is on PATH." >&2
echo "Get it from python.org or from the system's packages (Debian, Ubuntu: python3-venv)." >&2
exit 1
