"""The recipes for clouds: what they show can be read, and is what the vendor's own model of its API knows."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = [
    *sorted(GUIDE.glob("seal-*.md")),
    *(GUIDE / f"upstream-{cloud}.md" for cloud in ("aws", "azure", "google")),
    GUIDE / "aws-alb-trust-store.md",
    GUIDE / "gateway-tokens.md",
]

_FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_AWS = re.compile(r"^ *\$ (aws (?!s3 )(?:.*\\\n)*.*)$", re.MULTILINE)
_OTHERS = re.compile(r"\$ (?:\w+=\$\()?((?:gcloud|az) (?:.*\\\n)*.*?)\)?$", re.MULTILINE)
"""Commands of Google's and Microsoft's command lines, of whose options there is no model to hold them against."""
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
_EVERYWHERE = {"query", "output"}
"""Options of every command of AWS."""


def _blocks(page: Path, language: str) -> list[str]:
    return [text for _, found, text in _FENCE.findall(page.read_text()) if found == language]


def _commands() -> Iterator[tuple[str, str, list[str]]]:
    """Service, operation and option names of each command."""
    for page in PAGES:
        for command in _AWS.findall(page.read_text()):
            words = shlex.split(command.replace("\\\n", " "), comments=True)
            yield words[1], words[2], [word[2:] for word in words if word.startswith("--")]


def _members(service: str, operation: str) -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    return {xform_name(name, "-"): member for name, member in shape.members.items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_can_be_read(page: Path) -> None:
    for text in _blocks(page, "json"):
        json.loads(text)
    for text in _blocks(page, "xml"):
        ElementTree.fromstring(text)  # noqa: S314 - our own page
    for target in _LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize(("service", "operation", "options"), list(_commands()))
def test_aws_knows_each_command_and_option(service: str, operation: str, options: list[str]) -> None:
    assert set(options) - _EVERYWHERE <= set(_members(service, operation))


def _others() -> Iterator[list[str]]:
    for page in PAGES:
        for command in _OTHERS.findall(page.read_text()):
            yield shlex.split(command.replace("\\\n", ""), comments=True)


@pytest.mark.parametrize("words", list(_others()), ids=" ".join)
def test_a_command_of_google_or_microsoft_is_one(words: list[str]) -> None:
    """A group, what to do, a name perhaps, and then options, each once and with one value at most."""
    first = next(index for index, word in enumerate(words) if word.startswith("--"))
    assert [word for word in words[1:first] if not re.fullmatch("[a-z][a-z0-9-]*", word)] == []
    options = [word.partition("=")[0] for word in words[first:] if word.startswith("-")]
    assert [option for option in options if not re.fullmatch("--[a-z][a-z-]*", option)] == []
    assert len(set(options)) == len(options)
    assert len(words[first:]) <= 2 * len(options)
    if words[0] == "gcloud":
        assert words[first:] == [word for word in words[first:] if word.startswith("--")], "gcloud: --name=value"


def test_every_cloud_has_commands() -> None:
    assert {words[0] for words in _others()} == {"gcloud", "az"}


def test_aws_takes_the_actions_of_the_load_balancer() -> None:
    (text,) = _blocks(GUIDE / "seal-aws-load-balancer.md", "json")
    actions = json.loads(text)
    shape = _members("elbv2", "modify-listener")["default-actions"]
    assert ParamValidator().validate(actions, shape).has_errors() is False
    assert [action["Type"] for action in actions] == ["jwt-validation", "forward"]
    assert {action["Type"] for action in actions} <= set(shape.member.members["Type"].enum)
    (claim,) = actions[0]["JwtValidationConfig"]["AdditionalClaims"]
    assert claim["Name"] == "aud"
    known = shape.member.members["JwtValidationConfig"].members["AdditionalClaims"].member
    assert claim["Format"] in known.members["Format"].enum
