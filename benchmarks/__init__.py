"""How fast the transfers are, beside their peers: `scripts/benchmark.sh`."""
