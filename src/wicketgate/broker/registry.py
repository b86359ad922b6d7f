"""The sources of credentials: every file of `wicketgate.broker.sources`, found by scanning the folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

import wicketgate.broker.sources
from wicketgate.broker.source import Obtain, Source, Surroundings
from wicketgate.ir.credentials.base import Credential, CredentialUse


@cache
def sources() -> Mapping[type[Credential], Source[Any]]:
    """Return the sources by the class that they serve. Raises `ValueError` if two files claim one class."""
    found: dict[type[Credential], Source[Any]] = {}
    for module in sorted(pkgutil.iter_modules(wicketgate.broker.sources.__path__), key=lambda module: module.name):
        source: Source[Any] = importlib.import_module(f"wicketgate.broker.sources.{module.name}").SOURCE
        if source.credential in found:
            raise ValueError(f"two sources serve {source.credential.__name__}")
        found[source.credential] = source
    return MappingProxyType(found)


def open_source(use: CredentialUse, *, surroundings: Surroundings) -> Obtain:
    """Return how a credential is obtained."""
    source = sources()[type(use.credential)]
    return source.open(use.credential, use.destination, replace(surroundings, provider=use.credential.asked))
