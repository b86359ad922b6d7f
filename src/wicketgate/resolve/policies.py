"""Policies by name, each lowered once to the steps it comes down to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from wicketgate.diagnostics import Diagnostics, Span, nearest
from wicketgate.policy import Direction, Policy, Step
from wicketgate.policy.registry import built_in_policies
from wicketgate.project.load import POLICIES
from wicketgate.resolve.modules import Module, module_of
from wicketgate.resolve.reference_names import KNOWN_ELSEWHERE, PER_CALLER
from wicketgate.spec.check import validated
from wicketgate.spec.located import Located
from wicketgate.spec.policies_file import PolicyEntry
from wicketgate.spec.variables import VariableScope


@dataclass(frozen=True, slots=True)
class ResolvedPolicy:
    """A policy of the project. `steps` is empty for one that had an error."""

    name: str
    kind: Policy[Any]
    steps: tuple[Step, ...]


@dataclass(slots=True)
class PolicyTable:
    """The policies of a project."""

    entries: dict[str, Located[PolicyEntry]]
    scope: VariableScope
    diagnostics: Diagnostics
    resolved: dict[str, ResolvedPolicy | None] = field(default_factory=dict)

    def find(self, name: str, direction: Direction, at: Callable[[], Span]) -> ResolvedPolicy | None:
        """Return the policy that `at` names; report a name that is none, or one of the other direction."""
        if name not in self.entries and self.diagnostics.has_errors_in(POLICIES):
            return None
        if name not in self.entries:
            hint = nearest(name, self.entries) or "add it to config/policies.json"
            self.diagnostics.error("unknown-policy", at(), f"there is no policy `{name}`", hint=hint)
            return None
        policy = self._resolve(name)
        if policy is not None and policy.kind.direction is not direction:
            self.diagnostics.error(
                "wrong-direction",
                at(),
                f"`{name}` is an {policy.kind.direction} policy",
                hint=f"move it to `policies.{policy.kind.direction}`, or use its {direction} sister",
            )
            return None
        return policy

    def resolve_all(self) -> None:
        """Resolve every policy, so that faults of one that no route uses are reported too."""
        for name in self.entries:
            self._resolve(name)

    def _resolve(self, name: str) -> ResolvedPolicy | None:
        if name not in self.resolved:
            self.resolved[name] = None
            self.resolved[name] = self._lowered(self.entries[name])
        return self.resolved[name]

    def _lowered(self, entry: Located[PolicyEntry]) -> ResolvedPolicy | None:
        kind = find_kind(entry, self.diagnostics)
        if kind is None:
            return None
        options = validated(
            kind.options,
            entry.value.handler.options,
            document=entry.document,
            pointer=(*entry.pointer, "handler", "options"),
            scope=self.scope,
            diagnostics=self.diagnostics,
        )
        if options is None:
            return ResolvedPolicy(entry.value.name, kind, ())
        steps = kind.lower(options, _Context(self, entry, kind))
        return ResolvedPolicy(entry.value.name, kind, tuple(steps))


@dataclass(frozen=True, slots=True)
class _Context:
    table: PolicyTable
    entry: Located[PolicyEntry]
    kind: Policy[Any]

    def include(self, name: str) -> Iterable[Step]:
        inner = self.table.entries.get(name)
        if inner is not None and _is_composite(inner):
            self.table.diagnostics.error(
                "nested-composite",
                self._place(),
                f"the composite `{self.entry.value.name}` holds the composite `{name}`",
                hint="list the policies of the inner one here: composites are flat",
            )
            return ()
        policy = self.table.find(name, self.kind.direction, self._place)
        return policy.steps if policy else ()

    def _place(self) -> Span:
        return self.entry.span("handler", "options", "policies")

    def warn(self, code: str, message: str, *, hint: str = "") -> None:
        self.table.diagnostics.warning(code, self.entry.span("handler", "options"), message, hint=hint)


def _is_composite(entry: Located[PolicyEntry]) -> bool:
    kind = built_in_policies().get(entry.value.handler.export)
    return kind is not None and kind.composite


def find_kind(entry: Located[PolicyEntry], diagnostics: Diagnostics) -> Policy[Any] | None:
    """Return the built-in that an entry names; the export decides, as in the reference."""
    handler = entry.value.handler
    module = module_of(handler.module, lambda: entry.span("handler", "module"), diagnostics)
    if module is not Module.BUILT_IN:
        return None
    kind = built_in_policies().get(handler.export)
    if kind is None:
        _report_unknown(entry, diagnostics)
    elif kind.policy_type != entry.value.policy_type:
        diagnostics.error(
            "policy-type-mismatch",
            entry.span("policyType"),
            f"`{handler.export}` is a `{kind.policy_type}`, not a `{entry.value.policy_type}`",
            hint=f"write `{kind.policy_type}`, or name the right export",
        )
        return None
    return kind


def _why(policy_type: str) -> str:
    return ": a token for each caller needs code for each request" if policy_type in PER_CALLER else ""


def _report_unknown(entry: Located[PolicyEntry], diagnostics: Diagnostics) -> None:
    export, policy_type = entry.value.handler.export, entry.value.policy_type
    if policy_type in KNOWN_ELSEWHERE:
        diagnostics.error(
            "policy-not-available",
            entry.span("policyType"),
            f"`{policy_type}` is not built into this version{_why(policy_type)}",
            hint="remove the policy from the project; docs/reference/policies.md lists what is there",
        )
        return
    kinds = built_in_policies()
    same_type = [kind.export for kind in kinds.values() if kind.policy_type == policy_type]
    hint = f"`{policy_type}` exports `{same_type[0]}`" if same_type else nearest(export, kinds)
    diagnostics.error("unknown-policy-export", entry.span("handler", "export"), f"unknown policy `{export}`", hint=hint)
