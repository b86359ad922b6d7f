"""Every option of every policy with a credential, as it stands in policies.json, and the proof that comes of it."""

from __future__ import annotations

import dataclasses
import typing
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.policies.rows import aws
from tests.unit.policies.rows.row import Row
from tests.unit.policies.rows.table import FIRST, POLICIES, WRITTEN, compiled_with
from wicketgate.control.secret_sources import described, source_of
from wicketgate.ir.credentials.aws import RoleByKeyPair
from wicketgate.ir.credentials.base import Renewal
from wicketgate.ir.gateway import Forward
from wicketgate.ir.origin import SignatureProof
from wicketgate.ir.secrets import SigningKeys
from wicketgate.spec.credentials import MemoryOptions


def _common(row: Row) -> Iterator[Row]:
    """Return rows of the options that all of them have."""
    yield _kept(row, {"tokenRetries": 1}, Renewal(1))
    yield _kept(row, {"expirationOffsetSeconds": 60}, Renewal(offset=60))
    yield row.but({"allowedHosts": ["elsewhere.example.com", row.host]})
    yield row.but({"allowedHosts": [f"*.{row.host.partition('.')[2]}"]})
    if issubclass(POLICIES[row.export].options, MemoryOptions):
        yield row.but({"useMemoryCacheOnly": False})
        yield _kept(row, {"useMemoryCacheOnly": True}, Renewal(remembered=False))


def _kept(row: Row, options: dict[str, Any], renewal: Renewal) -> Row:
    credential = dataclasses.replace(row.credential, renewal=renewal)
    if isinstance(credential, RoleByKeyPair):
        credential = dataclasses.replace(credential, keys=dataclasses.replace(credential.keys, renewal=renewal))
    return row.to(options, credential)


TABLE = [*WRITTEN, *(row for first in (*FIRST.values(), aws.ROLE_BY_KEYS) for row in _common(first))]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_what_is_written_is_the_proof(tmp_path: Path, row: Row) -> None:
    compiled = compiled_with(row, tmp_path)
    assert compiled.gateway is not None, compiled.diagnostics
    action = compiled.gateway.routes[0].action
    assert isinstance(action, Forward)
    assert action.upstream.proofs == (row.proof,)
    source = SigningKeys(row.proof.keys) if isinstance(row.proof, SignatureProof) else row.proof.token
    assert source_of(described(source)) == source, "the last good version is written down"


@pytest.mark.parametrize("row", FIRST.values(), ids=str)
def test_a_credential_goes_nowhere_else(tmp_path: Path, row: Row) -> None:
    compiled = compiled_with(row.but({"allowedHosts": ["elsewhere.example.com"]}), tmp_path)
    assert [item.code for item in compiled.diagnostics if item.is_error] == ["credential-elsewhere"]


@pytest.mark.parametrize("export", POLICIES)
def test_every_option_has_a_row(export: str) -> None:
    written = defaultdict(list)
    for row in (row for row in TABLE if row.export == export):
        for option, value in row.options.items():
            written[option].append(value)
    for name, field in POLICIES[export].options.model_fields.items():
        option = field.alias or name
        assert written[option], f"no row of the table has `{option}`"
        for choice in _choices(field.annotation):
            assert choice in written[option], f"no row of the table has `{option}` as `{choice}`"


def _choices(annotation: Any) -> Iterable[Any]:
    """Return all values of a type that lists them."""
    if annotation is bool:
        return (True,)
    return typing.get_args(annotation) if typing.get_origin(annotation) is typing.Literal else ()
