"""Facts about the machine: its processor, the versions that run, how many notebooks fit at once."""

from importlib import metadata
import os
from pathlib import Path
import platform
import re
import shutil
import subprocess

# The same seed gives other draws with another version of one of these.
PACKAGES = (
    "pymc", "pytensor", "nutpie", "numba", "arviz", "tensorflow-probability", "jax", "jaxlib", "numpy",
    "scipy", "pandas", "xarray", "statsmodels", "matplotlib",
)  # fmt: skip
# From the widest to the narrowest: the flag of the system, and the name that people use.
INSTRUCTION_SETS = {
    "avx512f": "AVX-512",
    "avx2": "AVX2",
    "avx": "AVX",
    "sse4_2": "SSE4.2",
    "sve": "SVE",
    "asimd": "NEON",
}
# These make XLA and numba compile for another processor than the one that is there.
COMPILED_FOR = ("XLA_FLAGS", "NUMBA_CPU_NAME")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

KERNEL_BYTES = 1.5e9  # the largest kernel of the course, with some room
MOST_AT_ONCE = 4


def _read(path: str) -> str:
    """Return the text of a file of the system, empty if this system has no such file."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _model_and_flags() -> tuple[str, set[str]]:
    """Return the processor's name and the names of its instruction sets, as the system knows them."""
    if platform.system() == "Darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True).stdout.strip(), set()
    lines: dict[str, str] = dict(
        re.findall(r"^([\w ]+?)\s*:\s*(.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    )
    flags = lines.get("flags", lines.get("Features", ""))
    return lines.get("model name", platform.processor()), set(flags.split())


def browser() -> str | None:
    """Return the path of a Chromium, or None if this machine has none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def processor() -> str:
    """Return the name and the instruction set of this machine's processor, for people to read.

    Returns
    -------
    str
        For example `AMD EPYC 7763 64-Core Processor (x86_64, AVX2)`. XLA and numba compile for it, so it
        decides which draws a seed gives.
    """
    model, flags = _model_and_flags()
    widest = next((name for flag, name in INSTRUCTION_SETS.items() if flag in flags), None)
    told = [f"{name}={os.environ[name]}" for name in COMPILED_FOR if os.environ.get(name)]
    inside = ", ".join(filter(None, [platform.machine(), widest, *told]))
    return f"{model or 'unknown processor'} ({inside})"


def versions() -> dict[str, str]:
    """Return the version of Python and of the packages on which draws depend."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def free_bytes() -> float:
    """Return the memory that new processes can have: what the system, or this container, has left.

    Returns
    -------
    float
        Infinity where a system other than Linux does not say.
    """
    available = re.search(r"^MemAvailable:\s*(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    free = float(available[1]) * 1024 if available else float("inf")
    most, used = (_read(f"/sys/fs/cgroup/memory.{name}").strip() for name in ("max", "current"))
    return min(free, float(most) - float(used)) if most.isdigit() and used.isdigit() else free


def cores() -> int:
    """Return how many cores this process may use, at most four."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(MOST_AT_ONCE, found or 1)


def workers() -> int:
    """Return how many notebooks run at once: as many as cores and memory allow, at most four."""
    return max(1, int(min(cores(), free_bytes() // KERNEL_BYTES)))
