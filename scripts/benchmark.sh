#!/usr/bin/env bash
# Measures the transfers beside their peers, which it installs under .cache the first time, prints a
# table and writes it to benchmarks/results. It takes a quarter of an hour and 40 GB of disk at most.
#
#   scripts/benchmark.sh --quick     little of everything in less than a minute, to see that it runs
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/_venv.sh
install_project service
exec .venv/bin/python -m benchmarks "$@"
