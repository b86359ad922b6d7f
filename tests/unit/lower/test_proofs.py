"""Which steps are the route's and which are the origin's."""

from __future__ import annotations

import pytest

from wicketgate.ir.secrets import TextSecret, VariableRef
from wicketgate.ir.steps import (
    ClearHeaders,
    InboundStep,
    RemoveHeader,
    RemoveQuery,
    SecretHeader,
    SecretQuery,
    SetHeader,
    SetQuery,
)
from wicketgate.lower.proofs import split_proofs

SECRET = TextSecret((VariableRef("A"),))
HEADER, QUERY = SecretHeader("x-a", SECRET), SecretQuery("k", SECRET)


@pytest.mark.parametrize(
    ("step", "undone"),
    [
        (SetHeader("x-a", "v"), ["x-a"]),
        (RemoveHeader("x-a"), ["x-a"]),
        (ClearHeaders(), ["x-a"]),
        (SetQuery("k", "v"), ["k"]),
        (RemoveQuery("k"), ["k"]),
        (SetHeader("x-a", "v", overwrite=False), []),
        (SetQuery("k", "v", overwrite=False), []),
        (ClearHeaders(keep=("x-a",)), []),
        (RemoveHeader("x-b"), []),
    ],
)
def test_a_later_step_may_undo_a_secret(step: InboundStep, undone: list[str]) -> None:
    split = split_proofs([HEADER, QUERY, step])
    assert split.undone == undone
    assert len(split.proofs) == 2 - len(undone)
    assert split.filters == [step]


def test_an_earlier_step_undoes_nothing() -> None:
    split = split_proofs([ClearHeaders(), RemoveQuery("k"), HEADER, QUERY])
    assert (split.undone, len(split.proofs)) == ([], 2)


def test_the_last_secret_of_a_name_counts() -> None:
    other = TextSecret(("fixed ", VariableRef("B")))
    (proof,) = split_proofs([HEADER, SecretHeader("x-a", other)]).proofs
    assert proof.secret == other
