"""Descriptions of secrets as JSON, for the last good version on disk. None holds a value."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, get_args

import wicketgate.ir.credentials
from wicketgate.ir import secrets
from wicketgate.ir.secrets import SecretSource
from wicketgate.json_types import Json

_CLASS = "class"
_PATH = "path"


def described(value: object) -> Json:
    """Return a description: `{"class": NAME, FIELD: …}` for what is made of fields, a list for a tuple."""
    if isinstance(value, Path):
        return {_PATH: str(value)}
    if isinstance(value, tuple):
        return [described(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: described(getattr(value, field.name)) for field in fields(value)}
        return {_CLASS: type(value).__name__, **found}
    return value


def source_of(description: Json) -> SecretSource:
    """Return what `described` was given. Raises `ValueError` for what it has not written."""
    found = _read(description)
    if not isinstance(found, get_args(SecretSource)):
        raise ValueError("this is no source of a secret")
    return found  # type: ignore[no-any-return]


def _read(description: Json) -> Any:
    match description:
        case {"class": str(name), **found} if name in _classes():
            return _classes()[name](**{str(key): _read(item) for key, item in found.items()})
        case {"path": str(path)}:
            return Path(path)
        case dict():
            raise ValueError("this is no source of a secret")
        case list():
            return tuple(_read(item) for item in description)
        case _:
            return description


@cache
def _classes() -> Mapping[str, type[Any]]:
    """Every class of which a description may be made, by name. Raises `ValueError` if two have one name."""
    found: dict[str, type[Any]] = {}
    for each in (each for module in _modules() for each in vars(module).values() if _is_ours(each, module)):
        if each.__name__ in found:
            raise ValueError(f"two classes are called {each.__name__}")
        found[each.__name__] = each
    return MappingProxyType(found)


def _modules() -> Iterator[ModuleType]:
    yield secrets
    for module in pkgutil.iter_modules(wicketgate.ir.credentials.__path__):
        yield importlib.import_module(f"wicketgate.ir.credentials.{module.name}")


def _is_ours(each: object, module: ModuleType) -> bool:
    return isinstance(each, type) and is_dataclass(each) and each.__module__ == module.__name__
