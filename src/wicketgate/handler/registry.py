"""The built-in handlers: every file of `wicketgate.handlers`, found by scanning the folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import wicketgate.handlers
from wicketgate.handler import Handler


@cache
def built_in_handlers() -> Mapping[str, Handler[Any]]:
    """Return the handlers by export."""
    names = sorted(module.name for module in pkgutil.iter_modules(wicketgate.handlers.__path__))
    handlers = (importlib.import_module(f"wicketgate.handlers.{name}").HANDLER for name in names)
    return MappingProxyType({handler.export: handler for handler in handlers})
