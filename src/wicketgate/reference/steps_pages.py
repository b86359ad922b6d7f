"""The pages of the built-in policies and handlers."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator
from typing import Any

from wicketgate.handler.registry import built_in_handlers
from wicketgate.policy import Policy
from wicketgate.policy.registry import built_in_policies
from wicketgate.reference.model_page import model_tables

_POLICIES = """\
# Policies

A policy stands in `config/policies.json` under a name; routes list names in `policies.inbound` and
`policies.outbound`, in the order in which they act. `$env(NAME)` may stand in any string of the options.
Inbound policies act on the request, outbound policies on the response."""

_HANDLERS = """\
# Handlers

What answers a request, in `handler` of `x-zuplo-route` (or `x-wicket-route`). `$env(NAME)` may stand in any
string of the options; in URLs write `${env.NAME}`."""


def policies_page() -> str:
    """Return a section for each policy, inbound ones first."""
    found = sorted(built_in_policies().values(), key=lambda policy: (policy.direction, policy.policy_type))
    return _page(_POLICIES, (_policy(policy) for policy in found))


def handlers_page() -> str:
    """Return a section for each handler."""
    return _page(_HANDLERS, (_handler(handler) for handler in built_in_handlers().values()))


def _page(head: str, sections: Iterable[str]) -> str:
    return "\n\n".join([head, *sections]) + "\n"


def _policy(policy: Policy[Any]) -> str:
    example = {
        "name": f"my-{policy.policy_type}",
        "policyType": policy.policy_type,
        "handler": {"export": policy.export, "module": "$import(wicketgate)", "options": {}},
    }
    return "\n\n".join(_section(policy.policy_type, policy, example))


def _handler(handler: Any) -> str:
    example = {"handler": {"export": handler.export, "module": "$import(wicketgate)", "options": {}}}
    return "\n\n".join(_section(handler.export, handler, example))


def _section(title: str, step: Any, example: dict[str, Any]) -> Iterator[str]:
    yield f"## {title}"
    yield _about(step)
    yield f"```json\n{json.dumps(example)}\n```"
    if tables := model_tables(step.options, level=3):
        yield tables


def _about(step: Any) -> str:
    """The text at the head of the file that defines the step is its description."""
    module = inspect.getmodule(step.options)
    return inspect.cleandoc((module.__doc__ if module else "") or "")
