"""Each secret that is asked for is sent once a version, and what Envoy says of it is remembered."""

from __future__ import annotations

from wicketgate.xds.snapshot import Collection, VersionKey
from wicketgate.xds.stream import Answer, Stream
from wicketgate.xds.subscription import Standing


def published(**texts: str) -> Collection:
    key = VersionKey()
    return {name: key.resource(name, {"name": name, "v": text}) for name, text in texts.items()}


def asking(*names: str) -> Stream:
    stream = Stream("envoy")
    stream.ask(names, held={})
    return stream


def sent(stream: Stream, found: Collection) -> Answer:
    answer = stream.next(found)
    assert answer is not None
    return answer


def all_sent(stream: Stream, found: Collection) -> dict[str, str]:
    """Return the nonces of everything that is sent, by name."""
    answers = iter(lambda: stream.next(found), None)
    return {answer.resource.name: answer.nonce for answer in answers}


def standing(stream: Stream, found: Collection) -> dict[str, Standing]:
    return {name: how for name, _, how in stream.standings(found)}


def test_what_is_asked_for_is_sent_once() -> None:
    stream, found = asking("a", "b"), published(a="1", b="1", c="1")
    nonces = all_sent(stream, found)
    assert nonces.keys() == {"a", "b"}
    assert len(set(nonces.values())) == 2
    assert standing(stream, found) == {"a": Standing.WAITING, "b": Standing.WAITING}
    stream.accepted(nonces["a"])
    assert standing(stream, found) == {"a": Standing.ACCEPTED, "b": Standing.WAITING}
    stream.touch({"a", "b"})
    assert all_sent(stream, found) == {}


def test_what_is_not_published_yet_is_sent_when_it_is() -> None:
    stream = asking("a")
    assert all_sent(stream, {}) == {}
    assert standing(stream, {}) == {}
    stream.touch({"a"})
    assert all_sent(stream, published(a="1")).keys() == {"a"}


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
    stream.refused(older.nonce)
    assert standing(stream, found) == {"a": Standing.WAITING}
    stream.accepted(newer.nonce)
    assert standing(stream, found) == {"a": Standing.ACCEPTED}


def test_a_refused_version_is_never_sent_again_for_envoy_would_take_it_unseen() -> None:
    stream, found = asking("a"), published(a="bad")
    stream.refused(sent(stream, found).nonce)
    stream.touch({"a"})
    assert all_sent(stream, found) == {}
    assert standing(stream, found) == {"a": Standing.REJECTED}


def test_the_version_before_a_refused_one_is_sent_when_it_is_put_back() -> None:
    stream, before = asking("a"), published(a="1")
    stream.accepted(sent(stream, before).nonce)
    stream.touch({"a"})
    stream.refused(sent(stream, published(a="bad")).nonce)
    stream.touch({"a"})
    sent(stream, before)
    assert standing(stream, before) == {"a": Standing.ACCEPTED}


def test_what_envoy_kept_over_a_lost_stream_is_not_sent_again() -> None:
    found = published(a="1", b="2")
    stream = Stream("envoy")
    stream.ask(["a", "b"], held={"a": found["a"].version, "b": published(b="1")["b"].version})
    assert all_sent(stream, found).keys() == {"b"}
    assert standing(stream, found) == {"a": Standing.ACCEPTED, "b": Standing.WAITING}


def test_what_is_asked_for_anew_is_sent_anew() -> None:
    stream, found = asking("a"), published(a="1")
    stream.accepted(sent(stream, found).nonce)
    stream.leave(["a"])
    assert standing(stream, found) == {}
    stream.ask(["a"], held={})
    assert all_sent(stream, found).keys() == {"a"}


def test_a_late_answer_about_what_was_left_is_no_news() -> None:
    stream, found = asking("a", "b"), published(a="1", b="1")
    nonces = all_sent(stream, found)
    stream.leave(["a", "b"])
    stream.accepted(nonces["a"])
    stream.refused(nonces["b"])
    stream.accepted("never given")
    assert standing(stream, found) == {}
