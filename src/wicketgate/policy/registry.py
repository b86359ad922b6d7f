"""The built-in policies: every file of `wicketgate.policies`, found by scanning the folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import wicketgate.policies
from wicketgate.policy import Policy


@cache
def built_in_policies() -> Mapping[str, Policy[Any]]:
    """Return the policies by export. Raises `ValueError` if two files claim one name."""
    found: dict[str, Policy[Any]] = {}
    for module in sorted(pkgutil.iter_modules(wicketgate.policies.__path__), key=lambda module: module.name):
        policy: Policy[Any] = importlib.import_module(f"wicketgate.policies.{module.name}").POLICY
        if policy.export in found:
            raise ValueError(f"two policies export {policy.export}")
        found[policy.export] = policy
    return MappingProxyType(found)
