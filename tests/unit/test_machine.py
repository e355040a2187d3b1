"""How many notebooks run at once: what this machine, and the container it may be, has room for."""

import machine
import pytest

MEMORY = "MemTotal:       16000000 kB\nMemFree:          500000 kB\nMemAvailable:    8000000 kB\n"


@pytest.fixture
def system(monkeypatch):
    """Return a function that says what the files of the system are, of which there are none at first."""
    files = {}
    monkeypatch.setattr(machine, "_read", lambda path: files.get(path, ""))
    return files.update


@pytest.mark.parametrize(
    ("memory", "most", "used", "free"),
    [
        (MEMORY, "", "", 8_192_000_000),
        (MEMORY, "max\n", "1000\n", 8_192_000_000),
        (MEMORY, "3000000000\n", "1000000000\n", 2_000_000_000),
        (MEMORY, "64000000000\n", "1000000000\n", 8_192_000_000),
        ("", "", "", float("inf")),
    ],
    ids=["no container", "no limit", "a small container", "a large container", "unknown"],
)
def test_free_is_what_the_system_has_left_or_its_container(system, memory, most, used, free):
    group = "/sys/fs/cgroup/memory"
    system({"/proc/meminfo": memory, f"{group}.max": most, f"{group}.current": used})
    assert machine.free_bytes() == free


@pytest.mark.parametrize(("kilobytes", "workers"), [(100_000, 1), (3_500_000, 2), (64_000_000, 4)])
def test_no_more_kernels_than_memory_holds_but_at_least_one(
    system, monkeypatch, kilobytes, workers
):
    monkeypatch.setattr(machine, "cores", lambda: 4)
    system({"/proc/meminfo": f"MemAvailable: {kilobytes} kB\n"})
    assert machine.workers() == workers
