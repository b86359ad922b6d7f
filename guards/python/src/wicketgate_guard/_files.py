"""A file that is read again when it changes."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Generic, TypeVar

from wicketgate_guard._errors import GuardConfigurationError

if TYPE_CHECKING:
    import os

_logger = logging.getLogger("wicketgate_guard")

Content = TypeVar("Content")


class FollowedFile(Generic[Content]):
    """What a file says.

    A file that later vanishes, is empty or is not valid leaves the last good content in force and is logged once for
    each change. Write a new version beside it and rename it into place, so that no half of it is ever read.

    Args:
        parse: raises `GuardConfigurationError` for what is not valid.
        what: what is in it, in the plural.
        advice: what to do when there is no file.

    Raises:
        GuardConfigurationError: the file is not readable or not valid at start.
    """

    def __init__(
        self, path: str | os.PathLike[str], parse: Callable[[bytes], Content], *, what: str, advice: str
    ) -> None:
        self._path = Path(path)
        self._parse = parse
        self._what, self._advice = what, advice
        self._seen = self._stamp()
        self._content = self._read()

    def content(self) -> Content:
        stamp = self._stamp()
        if stamp != self._seen:
            self._reload()
            self._seen = stamp
        return self._content

    def _reload(self) -> None:
        try:
            self._content = self._read()
        except GuardConfigurationError as error:
            _logger.error("%s The last good %s stay in force.", error, self._what)
        else:
            _logger.info("%s: %s read again", self._path, self._what)

    def _read(self) -> Content:
        try:
            content = self._path.read_bytes()
        except OSError as error:
            raise GuardConfigurationError(f"{self._path}: {error.strerror}. {self._advice}") from None
        return self._parse(content)

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_dev, status.st_mtime_ns, status.st_ctime_ns, status.st_size
