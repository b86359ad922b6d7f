"""The parts of a URL template: literals, and what a request gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class UrlPart(StrEnum):
    """Parts of the caller's URL, named as in the URL standard (https://url.spec.whatwg.org/#api)."""

    URL = "url"
    ORIGIN = "origin"
    PROTOCOL = "protocol"
    HOST = "host"
    HOSTNAME = "hostname"
    PORT = "port"
    PATHNAME = "pathname"
    SEARCH = "search"
    METHOD = "method"
    REQUEST_ID = "requestId"


@dataclass(frozen=True, slots=True)
class Param:
    """A path parameter of the route."""

    name: str


@dataclass(frozen=True, slots=True)
class Query:
    """The first value of a query parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Header:
    """A request header."""

    name: str


@dataclass(frozen=True, slots=True)
class Env:
    """A variable; resolved before the template leaves validation."""

    name: str


Source = Param | Query | Header | Env | UrlPart


@dataclass(frozen=True, slots=True)
class Inserted:
    """A value put into the URL; `encoded` when the author asked for percent-encoding."""

    source: Source
    encoded: bool = False


TemplatePart = str | Inserted
Template = tuple[TemplatePart, ...]
