"""What `wicket doctor` looks at: the machine, the state folder, the listeners. Each check is a function."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

OLDEST_PYTHON = (3, 11)
OPEN_FILES = 4096
"""A gateway with fewer descriptors refuses callers under load: each request may hold two."""
RELEASED = 1_767_225_600
"""2026-01-01 UTC: a clock before it is wrong, and TLS fails by it."""
ENVOY_SECONDS = 10.0
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing looked at."""

    subject: str
    level: Level
    text: str
    hint: str = ""


def python_sign(version: tuple[int, ...] = sys.version_info[:3]) -> Sign:
    text = ".".join(str(part) for part in version)
    if version < OLDEST_PYTHON:
        return Sign("python", Level.BAD, text, "Python 3.11 or newer is needed")
    return Sign("python", Level.OK, text)


def system_sign() -> Sign:
    text = f"{platform.system()} {platform.machine()}"
    if platform.system() != "Linux":
        return Sign("system", Level.BAD, text, "the gateway runs on Linux")
    return Sign("system", Level.OK, text)


def envoy_sign() -> Sign:
    """Start the Envoy of the wheel to see that it runs here."""
    from wicketgate.supervise.envoy_command import envoy_path

    try:
        found = subprocess.run([envoy_path(), "--version"], capture_output=True, text=True, timeout=ENVOY_SECONDS)
    except (OSError, ImportError, subprocess.TimeoutExpired) as error:
        return Sign("envoy", Level.BAD, f"does not start: {error}", "install again: make install")
    words = found.stdout.split("version:")[-1].strip().split("/")
    if found.returncode or len(words) < 2:
        return Sign("envoy", Level.BAD, "does not run on this machine", "see that it is x86-64 or arm64 with glibc")
    return Sign("envoy", Level.OK, words[1])


def open_files_sign() -> Sign:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        hint = f"raise it: ulimit -n {OPEN_FILES * 16}, or LimitNOFILE= in the systemd unit"
        return Sign("open files", Level.WARN, f"limit {soft} (hard {hard})", hint)
    return Sign("open files", Level.OK, f"limit {soft}")


def clock_sign(now: float | None = None) -> Sign:
    moment = time.time() if now is None else now
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    if moment < RELEASED:
        return Sign("clock", Level.BAD, text, "set the clock: certificates are judged by it")
    if _kernel_clock_state() == _UNSYNCHRONISED:
        return Sign("clock", Level.WARN, f"{text}, not synchronised", "run an NTP client (chrony, systemd-timesyncd)")
    return Sign("clock", Level.OK, text)


def _kernel_clock_state() -> int | None:
    """Ask the kernel whether something disciplines the clock; adjtimex(2) without a mode changes nothing."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        # struct timex is 208 bytes on 64-bit Linux; the rest is room for a longer one.
        state = libc.adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return int(state) if state >= 0 else None


def state_sign(state: Path) -> Sign:
    if not state.exists():
        parent = next(folder for folder in (state.absolute(), *state.absolute().parents) if folder.exists())
        if os.access(parent, os.W_OK):
            return Sign("state", Level.OK, f"{state} will be made")
        return Sign("state", Level.BAD, f"{state} cannot be made", f"make {parent} writable, or choose with --state")
    status = state.stat()
    if status.st_uid != os.geteuid() or not os.access(state, os.W_OK):
        return Sign("state", Level.BAD, f"{state} belongs to another user", "run as its owner, or choose with --state")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return Sign("state", Level.BAD, f"{state} can be written by others", f"chmod go-w {state}")
    return Sign("state", Level.OK, str(state))


def private_file_signs(paths: Iterable[Path]) -> Iterator[Sign]:
    """Look at each file that holds secrets; one that is missing is no sign."""
    for path in paths:
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield Sign("permissions", Level.BAD, f"{path} has mode {mode:04o}", f"chmod 600 {path}")
        else:
            yield Sign("permissions", Level.OK, f"{path} has mode {mode:04o}")


def port_sign(host: str, port: int) -> Sign:
    """See whether this process could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    text = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return Sign(
                "port",
                Level.BAD,
                f"{text}: {error.strerror}",
                "choose another with --listen, or stop what uses it",
            )
    return Sign("port", Level.OK, f"{text} is free")
