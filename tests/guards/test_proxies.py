"""What only the printed configurations do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.guards.contract import CURRENT, HEADER, NEXT, ask
from tests.guards.stands import STANDS
from tests.guards.stands.base import logged
from tests.guards.stands.proxies import PROXIES


@pytest.mark.parametrize("name", [proxy.name for proxy in PROXIES])
def test_the_target_reaches_the_application_byte_for_byte(name: str, tmp_path: Path) -> None:
    targets = ["/a%2Fb/c%20d?x=%2F&y=a+b", "/caf%C3%A9;v=1/x'y", "/a//b", "/?"]
    with STANDS[name](tmp_path, mode="enforce", secrets=(CURRENT,)) as port:
        answers = [ask(port, ((HEADER, CURRENT),), target=target) for target in targets]
    assert [json.loads(answer.body)["target"] for answer in answers] == targets


def test_envoy_says_why_it_refused(tmp_path: Path) -> None:
    right = (HEADER, CURRENT)
    with STANDS["envoy"](tmp_path, mode="enforce", secrets=(CURRENT, NEXT)) as port:
        ask(port)
        ask(port, (right, (HEADER, NEXT)))
        ask(port, (right, ("backend_secret", CURRENT)))
        ask(port, ((HEADER, f"{CURRENT}0"),))
    said = [line for line in logged(tmp_path).splitlines() if "wicketgate guard: refused" in line]
    for line, reason in zip(said, ("missing", "duplicate", "aliased", "mismatch"), strict=True):
        assert f"header {HEADER} {reason}, path " in line
