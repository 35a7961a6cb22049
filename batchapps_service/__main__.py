"""The ``batchapps-service`` command, also as ``python -m batchapps_service``."""

import sys


def main() -> int:
    """Run the command; its exit status."""
    try:
        from batchapps_service._cli import main as command
    except ModuleNotFoundError as error:
        print(
            f"batchapps-service: the package '{error.name}' is missing. The service's packages come"
            " with its extra: pip install '.[service]' in a checkout of the project.",
            file=sys.stderr,
        )
        return 1
    return command()


if __name__ == "__main__":
    raise SystemExit(main())
