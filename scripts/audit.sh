#!/usr/bin/env bash
# Known weaknesses of what requirements/service.txt installs, where their database can be reached.
set -euo pipefail
cd "$(dirname "$0")/.."
report=$(mktemp)
trap 'rm -f "$report"' EXIT
options=(--disable-pip --require-hashes --vulnerability-service osv --progress-spinner off)
if timeout 60 .venv/bin/pip-audit "${options[@]}" --timeout 3 -r requirements/service.txt \
    >"$report" 2>&1 || grep -q 'Found .* known vulnerabilit' "$report"; then
    cat "$report"
    ! grep -q 'Found .* known vulnerabilit' "$report"
else
    echo "Not audited, as the database cannot be reached: $(tail -n 1 "$report" | cut -c 1-160)"
fi
