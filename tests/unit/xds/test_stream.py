"""Each secret that is asked for is sent once a version; a refusal finds the one that is meant."""

from __future__ import annotations

from wicketgate.xds.refusal import RETRY_FIRST_SECONDS
from wicketgate.xds.snapshot import Collection, VersionKey
from wicketgate.xds.stream import MOST_AT_ONCE, Batch, Stream
from wicketgate.xds.subscription import Standing

NOW = 1000.0


def published(**texts: str) -> Collection:
    key = VersionKey()
    return {name: key.resource(name, {"name": name, "v": text}) for name, text in texts.items()}


def asking(*names: str) -> Stream:
    stream = Stream("envoy")
    stream.ask(names, held={})
    return stream


def sent(stream: Stream, found: Collection, now: float = NOW) -> Batch:
    batch = stream.next(found, now)
    assert batch is not None
    return batch


def names(batch: Batch) -> set[str]:
    return {resource.name for resource in batch.resources}


def standing(stream: Stream, found: Collection) -> dict[str, Standing]:
    return {name: how for name, _, how in stream.standings(found)}


def test_what_is_asked_for_is_sent_once() -> None:
    stream, found = asking("a", "b"), published(a="1", b="1", c="1")
    first = sent(stream, found)
    assert names(first) == {"a", "b"}
    assert stream.next(found, NOW) is None
    assert standing(stream, found) == {"a": Standing.WAITING, "b": Standing.WAITING}
    stream.accepted(first.nonce)
    assert standing(stream, found) == {"a": Standing.ACCEPTED, "b": Standing.ACCEPTED}
    stream.touch({"a", "b"})
    assert stream.next(found, NOW) is None


def test_what_is_not_published_yet_is_sent_when_it_is() -> None:
    stream = asking("a")
    assert stream.next({}, NOW) is None
    assert standing(stream, {}) == {}
    stream.touch({"a"})
    assert names(sent(stream, published(a="1"))) == {"a"}


def test_many_go_in_several_answers() -> None:
    wanted = [f"s{number}" for number in range(2 * MOST_AT_ONCE + 1)]
    stream, found = asking(*wanted), published(**dict.fromkeys(wanted, "1"))
    answers = [sent(stream, found) for _ in range(3)]
    assert [len(answer.resources) for answer in answers] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
    assert set().union(*map(names, answers)) == set(wanted)
    assert len({answer.nonce for answer in answers}) == 3
    assert stream.next(found, NOW) is None


def test_a_newer_version_waits_for_no_answer_to_the_older_one() -> None:
    stream = asking("a")
    older = sent(stream, published(a="1"))
    found = published(a="2")
    stream.touch({"a"})
    newer = sent(stream, found)
    stream.accepted(older.nonce)
    assert standing(stream, found) == {"a": Standing.WAITING}
    stream.accepted(newer.nonce)
    assert standing(stream, found) == {"a": Standing.ACCEPTED}


def test_a_refusal_of_the_older_version_says_nothing_of_the_newer_one() -> None:
    stream = asking("a")
    older = sent(stream, published(a="bad"))
    found = published(a="2")
    stream.touch({"a"})
    newer = sent(stream, found)
    stream.refused(older.nonce, NOW)
    assert stream.next(found, NOW) is None
    assert standing(stream, found) == {"a": Standing.WAITING}
    stream.accepted(newer.nonce)
    assert standing(stream, found) == {"a": Standing.ACCEPTED}


def test_the_one_that_is_meant_by_a_refusal_is_found() -> None:
    stream, found = asking("a", "bad", "c"), published(a="1", bad="1", c="1")
    stream.refused(sent(stream, found).nonce, NOW)
    assert set(standing(stream, found).values()) == {Standing.WAITING}
    for _ in range(3):
        (one,) = (batch := sent(stream, found)).resources
        stream.refused(batch.nonce, NOW) if one.name == "bad" else stream.accepted(batch.nonce)
    assert standing(stream, found) == {"a": Standing.ACCEPTED, "bad": Standing.REJECTED, "c": Standing.ACCEPTED}
    assert stream.next(found, NOW) is None


def test_others_do_not_wait_behind_the_one_that_is_refused() -> None:
    stream, found = asking("bad"), published(bad="1", c="1")
    stream.refused(sent(stream, found).nonce, NOW)
    stream.ask(["c"], held={})
    assert names(sent(stream, found)) == {"c"}


def test_a_refused_version_is_sent_again_after_a_growing_pause_and_another_one_at_once() -> None:
    stream, found = asking("a"), published(a="bad")
    stream.refused(sent(stream, found).nonce, NOW)
    assert stream.next(found, NOW) is None
    assert stream.retry_at() == NOW + RETRY_FIRST_SECONDS
    again = NOW + RETRY_FIRST_SECONDS
    stream.refused(sent(stream, found, again).nonce, again)
    assert stream.retry_at() == again + 2 * RETRY_FIRST_SECONDS
    stream.touch({"a"})
    assert names(sent(stream, published(a="mended"), again)) == {"a"}


def test_what_envoy_kept_over_a_lost_stream_is_not_sent_again() -> None:
    found = published(a="1", b="2")
    stream = Stream("envoy")
    stream.ask(["a", "b"], held={"a": found["a"].version, "b": published(b="1")["b"].version})
    assert names(sent(stream, found)) == {"b"}
    assert standing(stream, found) == {"a": Standing.ACCEPTED, "b": Standing.WAITING}


def test_what_is_asked_for_anew_is_sent_anew() -> None:
    stream, found = asking("a"), published(a="1")
    stream.accepted(sent(stream, found).nonce)
    stream.leave(["a"])
    assert standing(stream, found) == {}
    stream.ask(["a"], held={})
    assert names(sent(stream, found)) == {"a"}


def test_a_late_answer_about_what_was_left_is_no_news() -> None:
    stream, found = asking("a"), published(a="1")
    batch = sent(stream, found)
    stream.leave(["a"])
    stream.accepted(batch.nonce)
    assert standing(stream, found) == {}
    assert stream.retry_at() == float("inf")
