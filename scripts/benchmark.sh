#!/usr/bin/env bash
# Measures the transfers beside their peers, which it installs under .cache the first time, prints a
# table and writes it to benchmarks/results. It takes a quarter of an hour and 40 GB of disk at most.
#
#   scripts/benchmark.sh --quick     little of everything in less than a minute, to see that it runs
#   scripts/benchmark.sh --service   the service under load instead, in a quarter of an hour
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/_venv.sh
install_project service
module=benchmarks
if [ "${1:-}" = --service ]; then
    module=benchmarks.service
    shift
fi
exec .venv/bin/python -m "$module" "$@"
