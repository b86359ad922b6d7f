"""One lease, by the clock of the test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wicketgate.broker.lease import FIRST_PAUSE, LONGEST_PAUSE, LONGEST_WISH, Lease, Standing
from wicketgate.broker.source import Obtained, ProviderError
from wicketgate.ir.credentials.base import Renewal
from wicketgate.secret_value import SecretValue

NOW = 1_000_000.0


def _lease(*, chance: float = 0.0, retries: int = 3, offset: float = 300.0) -> Lease:
    return Lease(Renewal(retries, offset), lambda: chance, due=NOW)


def _held(life: float, *, chance: float = 0.0) -> Lease:
    lease = _lease(chance=chance)
    lease.ask()
    lease.took(Obtained(SecretValue("value"), NOW + life), NOW)
    return lease


def test_a_long_life_is_renewed_before_its_end_by_the_offset() -> None:
    assert _held(3600).due == NOW + 3300
    assert _held(3600, chance=1.0).due == NOW + 3300 - 360


def test_a_short_life_is_renewed_at_two_thirds() -> None:
    assert _held(30).due == NOW + 20


def test_a_value_is_let_go_before_its_end() -> None:
    lease = _held(60)
    assert lease.value(NOW + 58.9) is not None
    assert lease.value(NOW + 59.0) is None
    assert lease.expire(NOW + 59.0)
    assert not lease.expire(NOW + 60.0)
    assert lease.standing(NOW + 60) is Standing.WAITING


def test_a_failed_renewal_keeps_the_value_that_lives() -> None:
    lease = _held(60)
    lease.failed(ProviderError("down"), NOW + 40)
    assert lease.standing(NOW + 41) is Standing.FAILING
    assert lease.value(NOW + 41) is not None
    lease.expire(NOW + 59)
    assert lease.problem == "down"


def test_pauses_double_up_to_the_cap() -> None:
    lease, pauses = _lease(), []
    for _ in range(8):
        lease.failed(ProviderError("down"), NOW)
        pauses.append(lease.due - NOW)
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0])
    assert (FIRST_PAUSE, LONGEST_PAUSE) == (0.2, 5.0)


def test_retries_come_before_a_credential_counts_as_missing() -> None:
    lease, seen = _lease(retries=2), []
    for _ in range(3):
        lease.failed(ProviderError("down"), NOW)
        seen.append(lease.standing(NOW))
    assert seen == [Standing.WAITING, Standing.WAITING, Standing.MISSING]


def test_what_will_not_change_by_itself_is_asked_for_seldom() -> None:
    lease = _lease()
    lease.failed(ProviderError("unknown client", final=True), NOW)
    assert lease.due == NOW + LONGEST_PAUSE


@pytest.mark.parametrize(("wish", "pause"), [(20.0, 20.0), (3600.0, LONGEST_WISH), (0.01, 0.2)])
def test_a_provider_is_left_alone_as_long_as_it_wishes(wish: float, pause: float) -> None:
    lease = _lease()
    lease.failed(ProviderError("busy", retry_after=wish), NOW)
    assert lease.due - NOW == pytest.approx(pause)


@pytest.mark.parametrize(("text", "life"), [("", 60.0), ("value", 0.0), ("value", -5.0)])
def test_an_empty_or_ended_value_is_none(text: str, life: float) -> None:
    lease = _lease()
    lease.ask()
    lease.took(Obtained(SecretValue(text), NOW + life), NOW)
    assert lease.value(NOW) is None
    assert lease.problem
    assert not lease.asking


def test_a_renewal_on_demand_keeps_what_is_held() -> None:
    lease = _held(3600)
    lease.renew(NOW + 10)
    assert lease.wakes() == NOW + 10
    assert lease.value(NOW + 10) is not None


@given(
    life=st.floats(0.01, 1e6),
    offset=st.floats(0, 1e6),
    chance=st.floats(0, 1),
    later=st.floats(0, 2e6),
)
def test_no_value_is_ever_used_past_its_end(life: float, offset: float, chance: float, later: float) -> None:
    lease = _lease(chance=chance, offset=offset)
    lease.took(Obtained(SecretValue("value"), NOW + life), NOW)
    assert (lease.value(NOW + later) is None) or later < life
    assert lease.held is not None
    assert NOW <= lease.due < lease.held.expires_at
    assert lease.wakes() <= NOW + life
