"""`.env` in the project's folder, read with python-dotenv. Values are literal: `${OTHER}` is not expanded."""

from __future__ import annotations

import io
from pathlib import Path

from dotenv.parser import parse_stream

from wicketgate.errors import WicketError
from wicketgate.secret_value import SecretValue


class DotenvError(WicketError):
    """The file cannot be read. The message names the line, never what stands in it."""


def read_dotenv(path: Path) -> dict[str, SecretValue]:
    """Return the variables of a file; none if there is no file. Raises `DotenvError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DotenvError(f"cannot read {path.name}: {reason}", hint="one NAME=value a line") from None
    found: dict[str, SecretValue] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            raise DotenvError(
                f"{path.name}:{binding.original.line}: this is not NAME=value", hint="quote values with blanks"
            )
        if binding.key is not None and binding.value is not None:
            found[binding.key] = SecretValue(binding.value)
    return found
