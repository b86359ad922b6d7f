"""Versions follow the content, and secrets do not show."""

from __future__ import annotations

import json

from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Offer, Resource, Snapshot, VersionKey

KEY = VersionKey(b"k" * 32)


def published(kind: Kind, **contents: str) -> Snapshot:
    return Snapshot({kind: {name: KEY.resource(name, {"name": name, "v": text}) for name, text in contents.items()}})


def offered(snapshot: Snapshot, kind: Kind, *names: str) -> Offer:
    offer = snapshot.offer(kind, names)
    assert offer is not None
    return offer


def test_the_same_content_has_the_same_version_whatever_the_order_of_keys() -> None:
    one = KEY.resource("a", {"x": 1, "y": {"b": 2, "a": 3}})
    other = KEY.resource("a", {"y": {"a": 3, "b": 2}, "x": 1})
    assert one == other
    assert KEY.resource("a", {"x": 2}).version != KEY.resource("a", {"x": 1}).version


def test_a_version_depends_on_the_key_so_that_it_gives_no_secret_away() -> None:
    message = {"generic_secret": "1234"}
    assert VersionKey(b"one").resource("a", message).version != VersionKey(b"two").resource("a", message).version


def test_the_repr_of_a_snapshot_holds_no_body() -> None:
    snapshot = published(Kind.SECRETS, a="canary")
    assert "canary" not in repr(snapshot)
    assert "kkkk" not in repr(KEY)


def test_routes_asked_for_by_name_have_a_version_of_their_own() -> None:
    before, after = published(Kind.ROUTES, a="1", b="1"), published(Kind.ROUTES, a="1", b="2")
    assert offered(before, Kind.ROUTES, "a").version == offered(after, Kind.ROUTES, "a").version
    assert offered(before, Kind.ROUTES, "b").version != offered(after, Kind.ROUTES, "b").version


def test_clusters_have_one_version_that_changes_with_any_of_them() -> None:
    before, after = published(Kind.CLUSTERS, a="1", b="1"), published(Kind.CLUSTERS, a="1")
    assert offered(before, Kind.CLUSTERS).version != offered(after, Kind.CLUSTERS).version


def test_nothing_answers_for_routes_that_are_not_published() -> None:
    assert published(Kind.ROUTES, a="1").offer(Kind.ROUTES, ("b",)) is None
    assert Snapshot().offer(Kind.CLUSTERS, ()) is None


def test_an_empty_kind_that_was_published_is_an_answer() -> None:
    assert offered(Snapshot({Kind.CLUSTERS: {}}), Kind.CLUSTERS).resources == ()


def test_the_body_is_a_discovery_response() -> None:
    offer = offered(published(Kind.CLUSTERS, b="2", a="1"), Kind.CLUSTERS)
    assert json.loads(offer.body()) == {
        "version_info": offer.version,
        "type_url": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "resources": [{"name": "a", "v": "1"}, {"name": "b", "v": "2"}],
    }


def test_extending_removes_nothing_and_takes_what_changed() -> None:
    extended = published(Kind.CLUSTERS, a="1", b="1").extended([Kind.CLUSTERS], published(Kind.CLUSTERS, b="2"))
    assert {name: json.loads(item.body)["v"] for name, item in extended.of(Kind.CLUSTERS).items()} == {
        "a": "1",
        "b": "2",
    }


def test_resources_are_compared_by_version() -> None:
    one = Snapshot({Kind.CLUSTERS: {"a": Resource("a", "v1", b"{}")}})
    assert not one.changed([Kind.CLUSTERS], Snapshot({Kind.CLUSTERS: {"a": Resource("a", "v1", b"{}")}}))
    assert one.changed([Kind.CLUSTERS], Snapshot({Kind.CLUSTERS: {"a": Resource("a", "v2", b"{}")}}))
