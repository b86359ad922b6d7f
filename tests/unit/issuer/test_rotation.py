"""Which key signs when, by a clock that the test turns."""

from __future__ import annotations

import dataclasses

import pytest

from wicketgate.issuer.keys import Algorithm, SigningKey, new_key
from wicketgate.issuer.rotation import DAY, LONGEST_LIFE, KeyInService, Plan, Schedule, Standing, plan

SCHEDULE = Schedule.for_tokens(30 * DAY, DAY)
OLD, NEW, OLDER = (new_key(Algorithm.EDDSA) for _ in range(3))


def _in_service(key: SigningKey, standing: Standing, since: float) -> KeyInService:
    return KeyInService(key, standing, since)


def _plan(*keys: KeyInService, now: float, asked: bool = False) -> Plan:
    return plan(keys, SCHEDULE, now=now, asked=asked)


def test_an_empty_store_gets_two_keys() -> None:
    due = _plan(now=0)
    assert (due.needs_current, due.needs_next) == (True, True)


def test_a_key_of_age_goes_when_the_next_is_known() -> None:
    keys = _in_service(OLD, Standing.CURRENT, 0), _in_service(NEW, Standing.NEXT, 0)
    assert _plan(*keys, now=30 * DAY - 1).promote is None
    assert _plan(*keys, now=30 * DAY).promote == NEW


def test_nobody_hurries_a_key_that_caches_do_not_know() -> None:
    """Asked for, and long past its age, the next key still waits until it has been published for `publish_ahead`."""
    made = 40 * DAY
    keys = _in_service(OLD, Standing.CURRENT, 0), _in_service(NEW, Standing.NEXT, made)
    early = _plan(*keys, now=made + DAY - 1, asked=True)
    assert (early.promote, early.at) == (None, made + DAY)
    assert _plan(*keys, now=made + DAY, asked=True).promote == NEW


def test_a_previous_key_stays_until_its_last_token_has_ended() -> None:
    rolled = 30 * DAY
    keys = (
        _in_service(OLD, Standing.CURRENT, rolled),
        _in_service(NEW, Standing.NEXT, rolled),
        _in_service(OLDER, Standing.PREVIOUS, rolled),
    )
    assert SCHEDULE.keep_after > LONGEST_LIFE + 60
    assert _plan(*keys, now=rolled + LONGEST_LIFE + 60).forget == ()
    assert _plan(*keys, now=rolled + SCHEDULE.keep_after).forget == (OLDER,)


@pytest.mark.parametrize("step", [600.0, 3600.0, 5 * 3600.0])
def test_a_year_of_rolls_never_surprises_a_verifier(step: float) -> None:
    """A verifier that learns the keys as seldom as it may, and tokens as old as they get, at every look."""
    keys: tuple[KeyInService, ...] = ()
    learned: set[str] = set()
    signers: list[tuple[float, str]] = []
    now, fetched, rolls = 0.0, float("-inf"), 0
    while now < 365 * DAY:
        before = _signer(keys)
        keys = _advance(keys, now)
        rolls += before not in ("", _signer(keys))
        if now - fetched >= SCHEDULE.publish_ahead - step:
            learned, fetched = {each.key.kid for each in keys}, now
        signers.append((now, _signer(keys)))
        signers = [each for each in signers if each[0] > now - LONGEST_LIFE]
        assert _signer(keys) in learned
        assert {kid for _, kid in signers} <= {each.key.kid for each in keys}
        assert len(keys) <= 3
        now += step
    assert rolls == 12 if step < 5000 else rolls >= 11


def _signer(keys: tuple[KeyInService, ...]) -> str:
    return next((each.key.kid for each in keys if each.standing is Standing.CURRENT), "")


def _advance(keys: tuple[KeyInService, ...], now: float) -> tuple[KeyInService, ...]:
    while not (due := _plan(*keys, now=now)).is_empty:
        keys = tuple(_moved(each, due, now) for each in keys if each.key not in due.forget)
        for needed, standing in ((due.needs_current, Standing.CURRENT), (due.needs_next, Standing.NEXT)):
            keys += (KeyInService(new_key(Algorithm.EDDSA), standing, now),) if needed else ()
    return keys


def _moved(each: KeyInService, due: Plan, now: float) -> KeyInService:
    if due.promote is None:
        return each
    if each.key is due.promote:
        return dataclasses.replace(each, standing=Standing.CURRENT, since=now)
    if each.standing is Standing.CURRENT:
        return dataclasses.replace(each, standing=Standing.PREVIOUS, since=now)
    return each
