"""Each `.case` file is a bad project and what the user is told: files, a divider, the messages with their places.

    === config/routes.oas.json
    { … }
    --- messages
    config/routes.oas.json:3:5: error code: message
      hint

`make golden` rewrites the messages; read them before you commit them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.known_certificates import KnownCertificates
from tests.support.variables import GivenVariables
from wicketgate.compile import compile_project
from wicketgate.diagnostic_codes import CODES

CASES = sorted(Path(__file__).parent.glob("cases/*.case"))
CANARY = "canary-value-of-a-secret"
VARIABLES = GivenVariables(
    secret={"SECRET": CANARY, "EMPTY": ""},
    plain={"ORIGIN": "http://127.0.0.1:9001"},
    unmarked={"UNMARKED": CANARY},
)
CERTIFICATES = KnownCertificates(pairs={"client": None}, disabled=["resting"], trusted={"corporate": None})
_DIVIDER = "--- messages\n"


def _split(text: str) -> tuple[dict[str, str], str]:
    project, _, messages = text.partition(_DIVIDER)
    parts = re.split(r"^=== (.+)\n", project, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)), messages


def _messages(folder: Path) -> tuple[str, set[str]]:
    compiled = compile_project(folder, variables=VARIABLES, certificates=CERTIFICATES, roots=Path("/roots.pem"))
    lines = [
        f"{item.span}: {item.severity} {item.code}: {item.message}\n  {item.hint}".rstrip()
        for item in compiled.diagnostics
    ]
    return "\n".join([*lines, ""]), {item.code for item in compiled.diagnostics}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_user_is_told(case: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    files, expected = _split(case.read_text())
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    messages, codes = _messages(tmp_path)
    if request.config.getoption("--update-golden"):
        case.write_text(case.read_text().partition(_DIVIDER)[0] + _DIVIDER + messages)
        return
    assert messages == expected
    assert case.stem.partition(".")[0] in codes, "a case is named after the code that it is about"
    assert CANARY not in messages


def test_every_code_has_a_case() -> None:
    shown = {case.stem.partition(".")[0] for case in CASES}
    shown |= {"file-too-large", "unreadable", "not-utf8", "too-deep"}  # in test_hostile_files.py
    shown |= {"certificate-expiring", "certificate-unusable"}  # in tests/cli/test_certificates_checked.py
    shown |= {"account-unusable"}  # in tests/cli/test_accounts_checked.py
    assert CODES.keys() - shown == set()
