"""Measures the transfers beside their peers and writes a table: ``scripts/benchmark.sh``."""

import argparse
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks import _report, _rows
from benchmarks._peers import CACHE, Peers
from benchmarks._service import ROOT, Service


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/benchmark.sh", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="little of everything, once, to see that it runs; the figures say nothing",
    )
    parser.add_argument("--no-peers", action="store_true", help="leave them out, curl apart")
    parser.add_argument("--only", nargs="+", choices=[each.__name__ for each in _rows.ALL])
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--name", help="of the two files in the folder of results")
    options = parser.parse_args()
    about = _report.machine()
    sizes = _rows.QUICK if options.quick else _rows.Sizes()
    CACHE.mkdir(parents=True, exist_ok=True)
    peers = Peers(install=not options.quick, leave_out=options.no_peers)
    rows: list[_report.Row] = []
    failed = 0
    started = time.monotonic()
    text = ""
    with tempfile.TemporaryDirectory(prefix="work-", dir=CACHE) as folder:
        service = Service(Path(folder, "service"))
        bench = _rows.Bench(Path(folder), service, peers, sizes)
        try:
            for function in _rows.ALL:
                if options.only and function.__name__ not in options.only:
                    continue
                _say(f"{function.__name__}, {time.monotonic() - started:.0f} s")
                try:
                    for row in function(bench):
                        rows.append(row)
                        _say(f"  {row.work}: {row.measured}")
                except _rows.FAILURES as error:
                    failed += 1
                    rows.append(_report.failure(function.__name__, error))
                    _say(f"  failed: {error}")
                # After each, so that what was measured stays when the next is interrupted.
                text = _report.markdown(rows, about, peers.absent, bench.profile)
                data = {
                    "machine": about,
                    "sizes": asdict(sizes),
                    "seconds": round(time.monotonic() - started),
                    "absent": peers.absent,
                    "rows": [row.data() for row in rows],
                    "profile": [{"of": title, "costs": costs} for title, costs in bench.profile],
                }
                name = options.name or ("quick" if options.quick else "latest")
                _report.save(options.results, name, text, data)
        finally:
            service.stop()
    print(text)
    return 1 if failed else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
