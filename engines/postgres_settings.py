"""Settings of the embedded PostgreSQL, sized by the memory and the processors of the machine."""

import os
import shutil
from pathlib import Path

_MIB = 1024 * 1024
_GIB = 1024 * _MIB
_CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),  # cgroup version 2; contains "max" without a limit
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # cgroup version 1
)
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (only its size is read)


def available_memory_bytes() -> int:
    """Return the memory of the machine, or the limit of the container if that is lower."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in _CONTAINER_LIMITS:
        if path.is_file() and (text := path.read_text(encoding="ascii").strip()).isdigit():
            memory = min(memory, int(text))
    return memory


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def postgres_settings(profile: str, folder: Path) -> dict[str, str]:
    """Return the settings for a server of ``profile`` with its data in ``folder``.

    For example ``{"max_connections": "100", "shared_buffers": "2048MB"}``. ``folder`` must exist,
    because the free space of its disk limits the size of the write-ahead log. ``shared_buffers`` is
    a quarter of the memory, as PostgreSQL's manual advises, but at most 2 GiB: the web server, the
    workers and the cache of the operating system need the rest.
    """
    memory, cores = available_memory_bytes(), available_processors()
    settings = {
        "listen_addresses": "",  # only the socket, no network
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "max_connections": "100",
        "shared_buffers": _megabytes(memory // 4, 64 * _MIB, 2 * _GIB),
        "effective_cache_size": _megabytes(memory // 2, 128 * _MIB, 256 * _GIB),
        "work_mem": _megabytes(memory // 128, 8 * _MIB, 128 * _MIB),
        "maintenance_work_mem": _megabytes(memory // 16, 64 * _MIB, _GIB),
        # At least PostgreSQL's default of 8, and a few more than the parallel workers below.
        "max_worker_processes": str(max(8, cores + 4)),
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(min(4, cores)),
        "max_parallel_maintenance_workers": str(min(4, cores)),
        # On an SSD a random read costs little more than a sequential one. The default is 4.
        "random_page_cost": "1.1",
        # The longest queries take seconds: compiling them costs more than it saves.
        "jit": "off",
        # There is no standby server, so the rows of a table that CREATE TABLE AS or COPY fills in
        # the transaction that created it need not be written to the write-ahead log as well.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": _megabytes(shutil.disk_usage(folder).free // 10, 256 * _MIB, 4 * _GIB),
    }
    if _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).total < 512 * _MIB:
        # Containers often have 64 MB there, which is too little for a parallel hash join. With
        # mmap, PostgreSQL uses files in its data folder as shared memory.
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings | (_test_profile_settings(memory) if profile == "test" else {})


def _test_profile_settings(memory: int) -> dict[str, str]:
    """Return settings that trade durability for speed: test data may be lost in a power cut."""
    return {
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "shared_buffers": _megabytes(memory // 32, 64 * _MIB, 256 * _MIB),
        "work_mem": "16MB",
        "maintenance_work_mem": "64MB",
        "max_wal_size": "1024MB",
    }


def _megabytes(size: int, minimum: int, maximum: int) -> str:
    """Return ``size`` bytes, limited to the range, as a setting such as ``64MB``."""
    return f"{min(max(size, minimum), maximum) // _MIB}MB"
