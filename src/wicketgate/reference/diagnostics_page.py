"""The page of the messages, from the registry of their codes."""

from __future__ import annotations

from wicketgate.diagnostic_codes import CODES

_HEAD = """\
# Messages of `wicket check`

Each message has a place, a code that does not change, what is wrong, and what to do.

| code | meaning |
|---|---|"""


def diagnostics_page() -> str:
    """Return a row for each code, sorted."""
    rows = [f"| `{code}` | {text} |" for code, text in sorted(CODES.items())]
    return "\n".join([_HEAD, *rows]) + "\n"
