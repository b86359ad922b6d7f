"""Read a project folder: every file that describes the gateway becomes a document."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wicketgate.diagnostics import Diagnostics, Span
from wicketgate.json_types import Json
from wicketgate.project.document import Document, DocumentError, Place, Pointer, line_starts, span_at
from wicketgate.project.json_text import locate_json, parse_json
from wicketgate.project.toml_text import locate_toml, parse_toml
from wicketgate.project.yaml_text import locate_yaml, parse_yaml

POLICIES = "config/policies.json"
ORIGINS = "config/origins.json"
INSTALLATION = "wicket.toml"

MAX_FILE_BYTES = 64 * 1024 * 1024
"""A description larger than this is a mistake; reading it would stop the gateway for seconds."""

_Parser = Callable[[str], Json]
_Locator = Callable[[str], Mapping[Pointer, Place]]
_JSON: tuple[_Parser, _Locator] = (parse_json, locate_json)
_YAML: tuple[_Parser, _Locator] = (parse_yaml, locate_yaml)
_TOML: tuple[_Parser, _Locator] = (parse_toml, locate_toml)
_FORMATS = {".json": _JSON, ".yaml": _YAML, ".yml": _YAML, ".toml": _TOML}


@dataclass(frozen=True, slots=True)
class Documents:
    """The files of a project. An absent optional file is None."""

    folder: Path
    routes: tuple[Document, ...]
    policies: Document | None
    origins: Document | None
    installation: Document | None


def load_project(folder: Path, diagnostics: Diagnostics) -> Documents:
    """Read the project in `folder`. What cannot be read or parsed becomes a diagnostic and is left out."""
    config = folder / "config"
    routes = sorted(_route_files(config), key=lambda path: path.name)
    if not routes and not diagnostics.has_errors:
        diagnostics.error(
            "no-routes",
            Span("config"),
            "there is no config/*.oas.json (or .yaml): a gateway without routes answers nothing",
            hint="run `wicket init` for a first project, or name the folder with --project",
        )
    return Documents(
        folder=folder,
        routes=tuple(_documents(folder, routes, diagnostics)),
        policies=_optional(folder, folder / POLICIES, diagnostics),
        origins=_optional(folder, folder / ORIGINS, diagnostics),
        installation=_optional(folder, folder / INSTALLATION, diagnostics),
    )


def _route_files(config: Path) -> Iterator[Path]:
    for suffix in ("json", "yaml", "yml"):
        yield from config.glob(f"*.oas.{suffix}")


def _documents(folder: Path, paths: list[Path], diagnostics: Diagnostics) -> Iterator[Document]:
    for path in paths:
        document = _read(folder, path, diagnostics)
        if document is not None:
            yield document


def _optional(folder: Path, path: Path, diagnostics: Diagnostics) -> Document | None:
    # A link to nothing is a file that cannot be read: the gateway must not run as if it had never been there.
    return _read(folder, path, diagnostics) if os.path.lexists(path) else None


def _read(folder: Path, path: Path, diagnostics: Diagnostics) -> Document | None:
    file = path.relative_to(folder).as_posix()
    text = _text(path, file, diagnostics)
    if text is None:
        return None
    parse, locate = _FORMATS[path.suffix]
    try:
        return Document(file, text, parse(text), locate)
    except DocumentError as error:
        span = span_at(file, line_starts(text), min(error.offset, len(text)))
        diagnostics.error(error.code, span, error.message, hint=error.hint)
        return None


def _text(path: Path, file: str, diagnostics: Diagnostics) -> str | None:
    try:
        content = _bytes(path)
        if content is not None:
            return content.decode("utf-8-sig")
        diagnostics.error(
            "file-too-large",
            Span(file),
            f"the file has more than {MAX_FILE_BYTES // 2**20} MiB",
            hint="split it into several config/*.oas.json files",
        )
    except OSError as error:
        diagnostics.error(
            "unreadable",
            Span(file),
            f"the file cannot be read: {error.strerror}",
            hint="check that it is a file, and its permissions",
        )
    except UnicodeDecodeError as error:
        diagnostics.error("not-utf8", Span(file), f"byte {error.start} is not UTF-8", hint="save the file in UTF-8")
    return None


def _bytes(path: Path) -> bytes | None:
    """Read a file; None if it is too large. Raises `OSError`, also for what would never end, such as a pipe."""
    # Not blocking: to open a pipe is to wait for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is a folder, a pipe or a device")
        if status.st_size > MAX_FILE_BYTES:
            return None
        content = file.read(MAX_FILE_BYTES + 1)  # it may have grown meanwhile
        return content if len(content) <= MAX_FILE_BYTES else None
