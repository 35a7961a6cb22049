#!/usr/bin/env bash
# Install what the tests need into .venv and run them all; arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/_venv.sh
install_project dev
# Side by side, as the tests wait more than they work; "-n 0" runs them one after the other.
exec .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
