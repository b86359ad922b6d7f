"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import psutil

from bench.peers.program import first_line


def describe_machine() -> dict[str, str]:
    """Return the class of the machine, without its name."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "distribution": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        "Python": platform.python_version(),
        "virtual": "yes" if " hypervisor" in _cpuinfo() else "no",
        "wrk": first_line("wrk", "-v").split()[1].removeprefix("debian/"),
        "h2load": first_line("h2load", "--version").rpartition("/")[2],
        "load before the run": f"{os.getloadavg()[0]:.2f}",
    }


def _cpuinfo() -> str:
    return Path("/proc/cpuinfo").read_text()


def _processor() -> str:
    lines = (line.partition(":") for line in _cpuinfo().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == "model name"), platform.machine())
