"""The pages of the built-in policies and handlers."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from wicketgate.handler import Handler
from wicketgate.handler.registry import built_in_handlers
from wicketgate.policy import Policy
from wicketgate.policy.registry import built_in_policies
from wicketgate.reference.model_page import model_tables
from wicketgate.spec.policies_file import CorsPolicyEntry

_POLICIES = """\
# Policies

A policy stands in `config/policies.json` under a name; routes list names in `policies.inbound` and
`policies.outbound`, in the order in which they act. `$env(NAME)` may stand in any string of the options.
Inbound policies act on the request, outbound policies on the response.

```json
{
  "policies": [
    {
      "name": "any-name",
      "policyType": "set-headers-inbound",
      "handler": {
        "export": "SetHeadersInboundPolicy",
        "module": "$import(wicketgate)",
        "options": { "headers": [{ "name": "x-tenant", "value": "a" }] }
      }
    }
  ]
}
```

`$import(@zuplo/runtime)` is the same module."""

_HANDLERS = """\
# Handlers

What answers a request, in `handler` of `x-zuplo-route` (or `x-wicket-route`). `$env(NAME)` may stand in any
string of the options; in URLs write `${env.NAME}`."""


_CORS = """\
## corsPolicies

CORS policies stand beside the policies, in `corsPolicies` of `config/policies.json`; a route names one in
`corsPolicy`. `none` and `anything-goes` are built in."""


def policies_page() -> str:
    """Return a section for each policy, inbound ones first, and one for CORS policies."""
    found = sorted(built_in_policies().values(), key=lambda policy: (policy.direction, policy.policy_type))
    sections = (_section(policy.policy_type, policy) for policy in found)
    return _page(_POLICIES, (*sections, f"{_CORS}\n\n{model_tables(CorsPolicyEntry, level=3)}"))


def handlers_page() -> str:
    """Return a section for each handler."""
    return _page(_HANDLERS, (_section(handler.export, handler) for handler in built_in_handlers().values()))


def _page(head: str, sections: Iterable[str]) -> str:
    return "\n\n".join([head, *sections]) + "\n"


def _section(title: str, step: Policy[Any] | Handler[Any]) -> str:
    tables = model_tables(step.options, level=3, prefix=title)
    return "\n\n".join(part for part in (f"## {title}", _about(step), f"Export: `{step.export}`", tables) if part)


def _about(step: Policy[Any] | Handler[Any]) -> str:
    """The text at the head of the file that defines the step is its description."""
    module = inspect.getmodule(step.options)
    return inspect.cleandoc((module.__doc__ if module else "") or "")
