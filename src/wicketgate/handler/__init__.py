"""What a built-in handler is: its export, its options, and the action it comes down to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from wicketgate.ir.gateway import Action
from wicketgate.ir.origin import Origin, Signing
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.ir.template import Template
from wicketgate.json_types import JsonObject
from wicketgate.spec.base import Options

O = TypeVar("O", bound=Options)  # noqa: E741 - the letter of the concept


@dataclass(frozen=True, slots=True)
class Target:
    """An origin, and what follows the authority in the URL: empty, or from a slash on."""

    origin: Origin
    rest: Template


class HandlerContext(Protocol):
    """What a handler may ask while its route is lowered."""

    @property
    def pattern(self) -> PathPattern:
        """The route's path."""

    @property
    def signing(self) -> Signing | None:
        """How a policy of the route signs requests."""

    def target(self, url: Template, *, option: str, certificate: str | None = None) -> Target | None:
        """Find the origin of a URL, and show it a certificate (by name); None after an error has been reported."""

    def api_document(self, path: str) -> JsonObject | None:
        """Return a document of the project by its file name."""

    def error(self, code: str, message: str, *, option: str, hint: str = "") -> None:
        """Report a fault of one option."""

    def warn(self, code: str, message: str, *, option: str, hint: str = "") -> None:
        """Tell the user something about one option."""


@dataclass(frozen=True, slots=True)
class Handler(Generic[O]):
    """One kind of handler."""

    export: str
    """The reference's export, such as `urlForwardHandler`."""
    options: type[O]
    lower: Callable[[O, HandlerContext], Action | None]
    """Returns the action, or None after an error has been reported."""
