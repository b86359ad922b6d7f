"""Every guard, each with a real server around it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.guards.stands.base import Stand
from tests.guards.stands.frameworks import FRAMEWORKS
from tests.guards.stands.proxies import PROXIES

STANDS: Mapping[str, Stand] = {stand.name: stand for stand in (*FRAMEWORKS, *PROXIES)}
