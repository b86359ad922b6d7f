"""The first project: `examples/quickstart`, copied and made runnable with a fresh secret."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from wicketgate.errors import WicketError
from wicketgate.secret_value import SecretValue

SECRET_BYTES = 32
GITIGNORE = "# Secrets and state stay out of version control.\n.env\n.wicket/\n"
_PACKAGE = Path(__file__).parent.parent
# In a wheel the example is part of the package; in a checkout it stands beside `src`.
_PLACES = (_PACKAGE / "examples" / "quickstart", _PACKAGE.parent.parent / "examples" / "quickstart")


class OverwriteError(WicketError):
    """The target holds files of the same names."""


def quickstart_folder() -> Path:
    """Return the folder of the quickstart project as it is shipped."""
    return next(place for place in _PLACES if place.is_dir())


def new_secret() -> SecretValue:
    """Return a random secret of 256 bits, fit for a header."""
    return SecretValue(secrets.token_hex(SECRET_BYTES))


def create_project(folder: Path, *, secret: SecretValue, origin_url: str) -> tuple[Path, ...]:
    """Write the quickstart project into `folder`, which may exist, and return its files, relative to it.

    Raises `OverwriteError` before anything is written, when one of the files is already there.
    """
    files = (*_shipped(), Path(".gitignore"), Path(".env"))
    taken = [file.as_posix() for file in files if (folder / file).exists()]
    if taken:
        raise OverwriteError(
            f"{folder} already has {', '.join(taken)}", hint="choose another folder, or move these files away"
        )
    for file in _shipped():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(quickstart_folder() / file, folder / file)
    (folder / ".gitignore").write_text(GITIGNORE)
    _write_private(folder / ".env", f"BACKEND_SECRET={secret.reveal()}\nORIGIN_URL={origin_url}\n")
    return files


def _shipped() -> tuple[Path, ...]:
    return tuple(sorted(_files(quickstart_folder())))


def _files(source: Path) -> Iterator[Path]:
    for path in source.rglob("*"):
        relative = path.relative_to(source)
        # What a run in the checkout leaves there is nobody's first project.
        if path.is_file() and relative.parts[0] != ".wicket" and relative.name != ".env":
            yield relative


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
