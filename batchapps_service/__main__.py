"""``python -m batchapps_service`` is the ``batchapps-service`` command."""

from batchapps_service._cli import main

if __name__ == "__main__":
    raise SystemExit(main())
