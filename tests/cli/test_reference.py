"""The reference says what the code does, and the schemas accept what the program accepts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wicketgate.handler.registry import built_in_handlers
from wicketgate.policy.registry import built_in_policies
from wicketgate.reference.model_docs import field_texts, models_below, schema_of
from wicketgate.reference.pages import all_pages
from wicketgate.reference.write import stale, write
from wicketgate.spec.installation import Installation
from wicketgate.spec.origins_file import OriginsFile
from wicketgate.spec.policies_file import CorsPolicyEntry, PolicyEntry
from wicketgate.spec.route import PathExtension, RouteExtension

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_the_reference_is_fresh() -> None:
    assert stale(REFERENCE, all_pages()) == [], "run `make generate`"


def test_what_is_stale_is_named(tmp_path: Path) -> None:
    pages = {"a.md": "a", "sub/b.md": "b", "c.md": "c"}
    write(tmp_path, pages)
    assert stale(tmp_path, pages) == []
    (tmp_path / "a.md").write_text("changed")
    (tmp_path / "sub" / "b.md").unlink()
    (tmp_path / "extra.md").write_text("")
    assert stale(tmp_path, pages) == ["a.md", "extra.md", "sub/b.md"]


def test_every_command_policy_handler_and_option_is_there() -> None:
    pages = all_pages()
    for command in ("init", "check", "run", "dev", "reload", "demo", "routes", "explain", "compile", "diff", "doctor"):
        assert f"## wicket {command}" in pages["commands.md"]
    for policy in built_in_policies().values():
        assert f"## {policy.policy_type}\n" in pages["policies.md"]
        for name, field in policy.options.model_fields.items():
            assert f"| `{field.alias or name}` |" in pages["policies.md"]
    for handler in built_in_handlers().values():
        assert f"## {handler.export}\n" in pages["handlers.md"]


def _models() -> Iterator[Any]:
    yield from (Installation, OriginsFile, PolicyEntry, CorsPolicyEntry, RouteExtension, PathExtension)
    yield from (policy.options for policy in built_in_policies().values())
    yield from (handler.options for handler in built_in_handlers().values())


def test_every_plain_option_is_explained() -> None:
    """A key whose value is an object of its own is explained by that object."""
    silent = {
        f"{below.__name__}.{name}"
        for model in _models()
        for below in models_below(model)
        for name, value in schema_of(below)["properties"].items()
        if "description" not in value and "$ref" not in json.dumps(value)
    }
    assert silent == set()


def test_texts_come_from_the_source() -> None:
    assert field_texts(Installation.model_fields["log"].default.__class__)["level"].startswith("Level of")


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


@pytest.mark.parametrize("name", ["policies", "x-zuplo-route", "origins", "wicket.toml"])
def test_schemas_are_closed(name: str) -> None:
    schema = json.loads(all_pages()[f"schemas/{name}.json"])
    references = set(_references(schema))
    assert references
    assert references <= {f"#/$defs/{definition}" for definition in schema["$defs"]}
