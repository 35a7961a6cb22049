"""Memory of a process, in bytes, as Linux tells it."""

from pathlib import Path


def resident(pid: int | str = "self") -> int:
    """What it uses now."""
    return _status(pid, "VmRSS")


def peak(pid: int | str = "self") -> int:
    """The most that it used since `forget_peak`."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int | str = "self") -> None:
    """Begin anew to look for the peak."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _status(pid: int | str, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))
