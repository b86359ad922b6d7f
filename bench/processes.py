"""Start a server on its core, know when it serves, count what it uses, end it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

STOP_SECONDS = 20.0


class BenchError(Exception):
    """The run is worth nothing: a server did not start, gave a wrong answer, or lost a request."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one group of processes: resident and proportional set size in bytes."""

    resident: int
    proportional: int


@dataclass(frozen=True, slots=True)
class Server:
    """A running peer; `h2c_port` is None when it speaks no HTTP/2 in clear text."""

    process: subprocess.Popen[bytes]
    port: int
    h2c_port: int | None
    log: Path

    def members(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def cpu(self) -> dict[str, float]:
        """CPU seconds (user and system, of `/proc/PID/stat`) of each group of processes of the same program."""
        seconds: dict[str, float] = {}
        for member in self.members():
            times = member.cpu_times()
            name = program(member)
            seconds[name] = seconds.get(name, 0.0) + times.user + times.system
        return seconds

    def memory(self) -> dict[str, Usage]:
        """Memory of each group, by the resident and the proportional set size."""
        groups: dict[str, Usage] = {}
        for member in self.members():
            info = member.memory_full_info()
            name, before = program(member), groups.get(program(member), Usage(0, 0))
            groups[name] = Usage(before.resident + info.rss, before.proportional + info.pss)
        return groups

    def stop(self) -> None:
        """End it politely, and for certain; raises `BenchError` when it had ended before."""
        early = self.process.poll()
        children = [] if early is not None else self.members()[1:]
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for child in psutil.wait_procs(children, timeout=STOP_SECONDS)[1]:
            child.kill()
        if early is not None:
            raise BenchError(f"the server of {self.log} ended by itself ({early}): {tail(self.log)}")


def program(member: psutil.Process) -> str:
    """Name the program of a process: Wicketgate's own are told apart by their module."""
    name = str(member.name())
    if not name.startswith(("python", "wicket")):
        return name
    return "control plane" if "wicketgate.control" in member.cmdline() else "supervisor"


def spawn(
    command: Sequence[str],
    *,
    core: int,
    log: Path,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` on one core; all it prints goes to `log`."""
    pinned = ["taskset", "--cpu-list", str(core), *command]
    with log.open("wb") as written:
        return subprocess.Popen(
            pinned,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
            cwd=cwd,
            process_group=0,
        )


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def tail(log: Path, size: int = 1500) -> str:
    """Return the end of a server's log."""
    return log.read_text(errors="replace")[-size:] if log.exists() else "(no log)"
