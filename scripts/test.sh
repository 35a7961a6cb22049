#!/usr/bin/env bash
# Install what the tests need into .venv and run them all; arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/_venv.sh
install_project dev
exec .venv/bin/python -m pytest "$@"
