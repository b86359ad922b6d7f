"""Each folder of `translate/` is a project; beside it stands what it compiles to, a file for each kind of resource.

A new case is a new folder. `make golden` writes the outputs; read them before you commit them.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.envoy import static_bootstrap, validate
from tests.support.known_certificates import KnownCertificates
from tests.support.variables import GivenVariables
from wicketgate.compile import compile_project, system_roots
from wicketgate.envoy.resources import EnvoyResources
from wicketgate.ir.secrets import SecretSource, TextSecret, VariableRef

CASES = Path(__file__).parent / "translate"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())
USUAL_LISTENERS = "forward"
"""The one case without a `wicket.toml` that shows its listeners; the others have the same."""

ROOTS = Path("/roots.pem")
CANARY = "canary-value-of-a-secret"
CERTIFICATES = KnownCertificates(
    pairs={"client": None, "other-client": None}, trusted={"corporate": None, "private": None}
)
VARIABLES = GivenVariables(secret={"SECRET": CANARY, "OTHER_SECRET": CANARY}, plain={"ORIGIN": "http://127.0.0.1:9001"})


def _compiled(name: str) -> EnvoyResources:
    compiled = compile_project(CASES / name / "project", variables=VARIABLES, certificates=CERTIFICATES, roots=ROOTS)
    assert compiled.resources is not None, compiled.diagnostics
    return compiled.resources


def _outputs(name: str, resources: EnvoyResources) -> dict[str, str]:
    folder = str((CASES / name / "project").absolute())
    kinds: dict[str, Any] = {
        "listeners": resources.listeners,
        "clusters": resources.clusters,
        "routes": resources.routes,
        "secrets": {secret: _source(source) for secret, source in resources.secrets.items()},
    }
    return {
        f"{kind}.json": json.dumps(value, indent=1, sort_keys=True).replace(folder, "PROJECT") + "\n"
        for kind, value in kinds.items()
        if value and (kind != "listeners" or _has_listeners_of_its_own(name))
    }


def _has_listeners_of_its_own(name: str) -> bool:
    return name == USUAL_LISTENERS or (CASES / name / "project" / "wicket.toml").exists()


def _source(source: SecretSource) -> Any:
    match source:
        case TextSecret(parts, percent_encoded):
            shown = "".join(f"$env({part.name})" if isinstance(part, VariableRef) else part for part in parts)
            return {"text": shown, "percentEncoded": percent_encoded}
        case _:
            fields = {key: str(value) for key, value in dataclasses.asdict(source).items()}
            return {"kind": type(source).__name__, **fields}


def _golden(name: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in (CASES / name).glob("*.json")}


@pytest.mark.parametrize("name", NAMES)
def test_a_project_compiles_to_its_golden(name: str, update: bool) -> None:
    outputs = _outputs(name, _compiled(name))
    if update:
        for stale in _golden(name).keys() - outputs.keys():
            (CASES / name / stale).unlink()
        for file, text in outputs.items():
            (CASES / name / file).write_text(text)
    assert outputs == _golden(name)


def test_a_compile_leaves_nothing_behind_for_the_next() -> None:
    first = {name: _outputs(name, _compiled(name)) for name in NAMES}
    again = {name: _outputs(name, _compiled(name)) for name in reversed(NAMES)}
    assert first == again


def test_routes_and_policies_do_not_touch_listeners() -> None:
    """A changed listener drains its connections; a change of the project must not."""
    usual = [name for name in NAMES if not (CASES / name / "project" / "wicket.toml").exists()]
    assert len({json.dumps(_compiled(name).listeners) for name in usual}) == 1


def test_no_golden_holds_a_secret() -> None:
    assert [name for name in NAMES if CANARY in "".join(_golden(name).values())] == []


@pytest.mark.parametrize("name", NAMES)
def test_envoy_accepts_the_golden(name: str, tmp_path: Path) -> None:
    compiled = compile_project(
        CASES / name / "project", variables=VARIABLES, certificates=CERTIFICATES, roots=system_roots()
    )
    assert compiled.resources is not None
    validate(static_bootstrap(compiled.resources, tmp_path))
