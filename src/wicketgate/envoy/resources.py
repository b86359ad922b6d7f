"""The compiler's output: Envoy resources as plain JSON, and the secrets they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wicketgate.ir.secrets import SecretSource
from wicketgate.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class EnvoyResources:
    """Each resource is the JSON of one protobuf message with its `@type`.

    `secrets` maps an SDS name to where its value comes from; values join at publish time.
    """

    listeners: tuple[JsonObject, ...] = ()
    clusters: tuple[JsonObject, ...] = ()
    routes: tuple[JsonObject, ...] = ()
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
