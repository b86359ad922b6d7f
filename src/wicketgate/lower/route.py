"""One operation becomes one route."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from wicketgate.diagnostics import Diagnostics, Span, nearest
from wicketgate.handler import Handler, Target
from wicketgate.handler.registry import built_in_handlers
from wicketgate.ir.gateway import Action, Cors, Forward, Route
from wicketgate.ir.origin import Origin, Signing
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.ir.steps import InboundStep, OutboundStep
from wicketgate.ir.template import Inserted, Template
from wicketgate.json_types import JsonObject
from wicketgate.lower.credential_checks import CredentialCheck, CredentialTable
from wicketgate.lower.proofs import SplitSteps, speaks_beside_caller, split_proofs
from wicketgate.policy import Direction
from wicketgate.project.load import ORIGINS, POLICIES
from wicketgate.resolve.authority import AuthorityError, check_path, split_url
from wicketgate.resolve.links import identified
from wicketgate.resolve.modules import Module, module_of
from wicketgate.resolve.origins import OriginTable, warn_plaintext
from wicketgate.resolve.policies import PolicyTable, ResolvedPolicy
from wicketgate.resolve.reference_names import HANDLERS_ELSEWHERE
from wicketgate.spec.check import validated
from wicketgate.spec.openapi import Operation
from wicketgate.spec.variables import VariableScope

_NAMED = "origin://"
_OPEN_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
"""A URL whose host does not end before what comes from the request."""
_FOLLOWING = frozenset(("GET", "HEAD"))
_LATER = {"service": "tunnels", "local": "gateways that call one another"}


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that a route may name."""

    policies: PolicyTable
    origins: OriginTable
    cors: Mapping[str, Cors | None]
    api_documents: Mapping[str, JsonObject]
    scope: VariableScope
    credentials: CredentialTable


@dataclass(frozen=True, slots=True)
class RouteLowering:
    """Lowers one operation; is also what a handler may ask (`HandlerContext`)."""

    operation: Operation
    tables: Tables
    diagnostics: Diagnostics
    signing: Signing | None = None

    def lower(self) -> Route | None:
        """Return the route, or None after an error has been reported."""
        inbound = list(self._policies("inbound", Direction.INBOUND))
        outbound = list(self._policies("outbound", Direction.OUTBOUND))
        cors = self._cors()
        steps = [step for policy in inbound for step in policy.steps if isinstance(step, InboundStep)]
        split = split_proofs(steps)
        action = dataclasses.replace(self, signing=split.signing).action()
        if action is None:
            return None
        if isinstance(action, Forward) and action.follow_redirects and self.operation.method not in _FOLLOWING:
            action = self._not_following(action)
        if cors is not None and not isinstance(action, Forward):
            self._warn_cors()
        self._warn_undone(split)
        if speaks_beside_caller(steps):
            self._warn_subject()
        names = self.operation.route.policies
        return Route(
            name=self.operation.operation_id or f"{self.operation.method} {self.pattern.text}",
            method=self.operation.method,
            pattern=self.pattern,
            action=self._proven(action, split),
            inbound=tuple(split.filters),
            outbound=tuple(step for policy in outbound for step in policy.steps if isinstance(step, OutboundStep)),
            cors=cors,
            inbound_policies=names.inbound,
            outbound_policies=names.outbound,
            file=self.operation.document.file,
        )

    @property
    def pattern(self) -> PathPattern:
        return self.operation.pattern

    def target(self, url: Template, *, option: str, certificate: str | None = None) -> Target | None:
        """Find the origin of a URL: by name, by its authority, or made from it."""
        found = self._found(url, option)
        return found if found is None or certificate is None else self._identified(found, certificate)

    def _identified(self, target: Target, certificate: str) -> Target | None:
        try:
            identity = self.tables.origins.certificates.identity(certificate)
            return dataclasses.replace(target, origin=identified(target.origin, identity))
        except AuthorityError as error:
            self.error(error.code, error.message, option="mtlsCertificate", hint=error.hint)
            return None

    def _found(self, url: Template, option: str) -> Target | None:
        head, rest = url[0], url[1:]
        if isinstance(head, Inserted):
            self._dynamic_origin(option)
            return None
        try:
            found = self._named(head, rest) if head.startswith(_NAMED) else self._plain(head, rest, option)
            for text in found.rest if found else ():
                if isinstance(text, str):
                    check_path(text)
            return found
        except AuthorityError as error:
            if error.code == "unknown-origin" and self.diagnostics.has_errors_in(ORIGINS):
                return None
            self.error(error.code, error.message, option=option, hint=error.hint)
            return None

    def api_document(self, path: str) -> JsonObject | None:
        name = path.removeprefix("./")
        document = self.tables.api_documents.get(name) or self.tables.api_documents.get(f"config/{name}")
        if document is None:
            hint = nearest(name, self.tables.api_documents)
            self.error("unknown-document", f"there is no `{path}`", option="openApiFilePath", hint=hint)
        return document

    def error(self, code: str, message: str, *, option: str, hint: str = "") -> None:
        self.diagnostics.error(code, self._span("handler", "options", option), message, hint=hint)

    def warn(self, code: str, message: str, *, option: str, hint: str = "") -> None:
        self.diagnostics.warning(code, self._span("handler", "options", option), message, hint=hint)

    def _named(self, head: str, rest: Template) -> Target:
        name, slash, tail = head.removeprefix(_NAMED).partition("/")
        if rest and not slash:
            raise AuthorityError("not-a-url", "a `/` must follow the name of an origin", "write origin://NAME/${…}")
        origin, path = self.tables.origins.named(name)
        return Target(origin, _joined(path.rstrip("/") + slash + tail, rest))

    def _plain(self, head: str, rest: Template, option: str) -> Target | None:
        scheme = head.partition("://")[0]
        if scheme in _LATER:
            self.error(
                "scheme-not-available",
                f"`{scheme}://` needs {_LATER[scheme]}, which this version does not have",
                option=option,
                hint="use https:// or origin://NAME",
            )
            return None
        if rest and _OPEN_AUTHORITY.fullmatch(head):
            self._dynamic_origin(option)
            return None
        authority, tail = split_url(head)
        if tail and not tail.startswith(("/", "?")):
            raise AuthorityError("not-a-url", "this is not a URL", "write https://HOST[:PORT]/PATH")
        origin = self.tables.origins.at(authority)
        if scheme != "https":
            self._warn_plaintext(origin, option)
        return Target(origin, _joined(tail if tail.startswith("/") or not tail else f"/{tail}", rest))

    def _warn_plaintext(self, origin: Origin, option: str) -> None:
        if origin not in self.tables.origins.warned:
            self.tables.origins.warned.add(origin)
            warn_plaintext(origin, partial(self._span, "handler", "options", option), self.diagnostics)

    def _dynamic_origin(self, option: str) -> None:
        self.error(
            "dynamic-origin",
            "scheme, host and port must not come from the request: the caller would choose who gets the credentials",
            option=option,
            hint="write the host out or take it from ${env.NAME}; the path and the query may come from the request",
        )

    def _policies(self, key: str, direction: Direction) -> Iterator[ResolvedPolicy]:
        for index, name in enumerate(getattr(self.operation.route.policies, key)):
            policy = self.tables.policies.find(name, direction, partial(self._span, "policies", key, index))
            if policy is not None:
                yield policy

    def _cors(self) -> Cors | None:
        name = self.operation.route.cors_policy
        if name not in self.tables.cors and self.diagnostics.has_errors_in(POLICIES):
            return None
        if name not in self.tables.cors:
            hint = nearest(name, self.tables.cors)
            span = self._span("corsPolicy")
            self.diagnostics.error("unknown-cors-policy", span, f"there is no CORS policy `{name}`", hint=hint)
            return None
        return self.tables.cors[name]

    def action(self) -> Action | None:
        """Return what the handler does, or None after an error has been reported."""
        handler = self._handler()
        if handler is None:
            return None
        options = validated(
            handler.options,
            self.operation.route.handler.options,
            document=self.operation.document,
            pointer=(*self.operation.pointer, "handler", "options"),
            scope=self.tables.scope,
            diagnostics=self.diagnostics,
        )
        return handler.lower(options, self) if options is not None else None

    def _handler(self) -> Handler[Any] | None:
        reference = self.operation.route.handler
        if (
            module_of(reference.module, partial(self._span, "handler", "module"), self.diagnostics)
            is not Module.BUILT_IN
        ):
            return None
        handlers = built_in_handlers()
        if reference.export in handlers:
            return handlers[reference.export]
        span = self._span("handler", "export")
        if reference.export in HANDLERS_ELSEWHERE:
            message = f"`{reference.export}` is not built into this version"
            self.diagnostics.error(
                "handler-not-available", span, message, hint="docs/reference/handlers.md lists what is there"
            )
        else:
            message = f"unknown handler `{reference.export}`"
            self.diagnostics.error("unknown-handler", span, message, hint=nearest(reference.export, handlers))
        return None

    def _proven(self, action: Action, split: SplitSteps) -> Action:
        if isinstance(action, Forward):
            origin = action.upstream.origin
            check = CredentialCheck(self.tables.credentials, self.diagnostics, self._span, origin)
            check.check(split, action, self.pattern)
            proofs = (*split.proofs(origin), *action.upstream.proofs)
            return dataclasses.replace(action, upstream=dataclasses.replace(action.upstream, proofs=proofs))
        if split.proves:
            self.diagnostics.warning(
                "proof-without-origin",
                self._span("policies", "inbound"),
                "this route has no origin that could check a secret",
                hint="remove the policy that sends it",
            )
        return action

    def _not_following(self, forward: Forward) -> Forward:
        self.warn(
            "redirects-not-followed",
            f"redirects of a {self.operation.method} go back to the caller: its body would have to be sent twice",
            option="followRedirects",
            hint="leave it out here; GET and HEAD follow",
        )
        return dataclasses.replace(forward, follow_redirects=False)

    def _warn_cors(self) -> None:
        self.diagnostics.warning(
            "cors-without-origin",
            self._span("corsPolicy"),
            "a route that the gateway answers itself sends no CORS headers",
            hint="forward to an origin that serves it, or leave `corsPolicy` out",
        )

    def _warn_undone(self, split: SplitSteps) -> None:
        for name in split.undone:
            self.diagnostics.warning(
                "secret-undone",
                self._span("policies", "inbound"),
                f"a later policy takes away the secret that an earlier one put into `{name}`",
                hint="change the order, or remove one of the two",
            )

    def _warn_subject(self) -> None:
        self.diagnostics.warning(
            "gateway-subject",
            self._span("policies", "inbound"),
            "the token's `sub` is the gateway; in the reference it is the caller, whose certificate is checked before",
            hint="let the origin trust the gateway alone: a subject for each caller needs code, which this version does"
            " not run",
        )

    def _span(self, *below: str | int) -> Span:
        return self.operation.document.span((*self.operation.pointer, *below))


def _joined(text: str, rest: Template) -> Template:
    return (text, *rest) if text else rest
