"""The real Envoy answers from the tree as the plain list does."""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tests.support.envoy import running
from tests.unit.envoy.routing import FALLBACKS, METHODS, entries, first_match, pattern, reply
from wicketgate.envoy.resources import EnvoyResources
from wicketgate.envoy.route_tree import RouteEntry, route_matcher
from wicketgate.json_types import JsonObject

_FILTERS = "type.googleapis.com/envoy.extensions.filters"

_TEMPLATES = [
    "/",
    "/a/b",
    "/a/bc",
    "/a/b/",
    "/a/{x}",
    "/a/b/{x}",
    "/a/bc/{x}.json",
    "/{t}/late",
    "/static/{x}",
    "/static/fixed",
    "/static/fixed/{x}",
    "url:/files/*",
    "/files/one",
    "url:/v(\\d+)/items{/:id}?",
    "/v1/items",
    "/v1/{x}/y",
    "/ab{x}",
    "/{x}-{y}",
    "/caf%C3%A9/{x}",
    "url:/repeat/:x+/end",
    "/{a}/{b}/{c}",
    "url:/deep/(.*)/end",
    "/deep/er/{x}",
    "/{t}/early/{z}",
    "/deep/er/still/{x}",
]
_WORDS = ["a", "b", "bc", "abc", "late", "static", "fixed", "files", "one", "v1", "v22", "items", "x.json"]
_WORDS += ["p-q", "caf%c3%a9", "repeat", "end", "deep", "er", "still", "early", "y", "7"]


def _listener(matcher: JsonObject) -> JsonObject:
    host = {"name": "all", "domains": ["*"], "matcher": matcher}
    manager = {
        "@type": f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "test",
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "route_config": {"name": "test", "virtual_hosts": [host]},
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{_FILTERS}.http.router.v3.Router"}}],
    }
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {"name": "test", "address": address, "filter_chains": [chain]}


@contextmanager
def _serving(routes: Sequence[RouteEntry], folder: Path) -> Iterator[http.client.HTTPConnection]:
    resources = EnvoyResources(listeners=(_listener(route_matcher(routes, FALLBACKS)),))
    with (
        running(resources, folder) as envoy,
        closing(http.client.HTTPConnection("127.0.0.1", envoy.port, timeout=10)) as connection,
    ):
        yield connection


def _ask(
    connection: http.client.HTTPConnection, method: str, target: str, requested: str | None = None
) -> tuple[int, str]:
    headers = {} if requested is None else {"Access-Control-Request-Method": requested}
    connection.request(method, target, headers=headers)
    response = connection.getresponse()
    return response.status, response.read().decode()


def _targets(words: Sequence[str], count: int) -> list[str]:
    pick = random.Random(7)
    tails = ["", "", "", "/", "?", "?x=/a/b", "/?late"]
    return ["/" + "/".join(pick.choices(words, k=pick.randrange(1, 5))) + pick.choice(tails) for _ in range(count)]


def _agree(connection: http.client.HTTPConnection, routes: Sequence[RouteEntry], targets: Sequence[str]) -> None:
    for target in targets:
        assert _ask(connection, "GET", target) == first_match(routes, "GET", target), target


def test_overlapping_routes_in_any_order(tmp_path: Path) -> None:
    shuffled = sorted(_TEMPLATES, key=len)
    for order in (_TEMPLATES, _TEMPLATES[::-1], shuffled):
        routes = entries(*order)
        with _serving(routes, tmp_path) as connection:
            _agree(connection, routes, [*_targets(_WORDS, 1_000), "/a/b?", "/a/b?/late", "/p-q?a/b", "/", "/?"])


def test_groups_beyond_one_expression(tmp_path: Path) -> None:
    templates = [
        name
        for i in range(1_500)
        for name in (f"/{{t}}/thing_{i}", f"/static_{i}/{{x}}", f"/static_{i}/thing_{i % 7}", f"/{{t}}/{{u}}/k_{i}")
    ]
    routes = entries(*templates)
    words = [f"{kind}_{i}" for i in (0, 3, 16, 17, 700, 1_499, 1_500) for kind in ("thing", "static", "k")]
    with _serving(routes, tmp_path) as connection:
        _agree(connection, routes, _targets(words, 400))


def test_families_and_what_stands_before_them(tmp_path: Path) -> None:
    templates = ["url:/*/items/first", "/svc_3/items/mine"]
    templates += [name for i in range(200) for name in (f"/svc_{i}/items/{{id}}", f"/svc_{i}/{{x}}-{{y}}", f"/svc_{i}")]
    templates += ["/svc_4/items/late", "url:/svc_5/*"]
    words = ["svc_0", "svc_3", "svc_4", "svc_5", "svc_199", "svc_200", "items", "first", "mine", "late", "a-b"]
    routes = entries(*templates)
    targets = [f"/{svc}/items/{last}" for svc in words[:6] for last in words[6:]]
    with _serving(routes, tmp_path) as connection:
        _agree(connection, routes, [*targets, *_targets(words, 600)])


def test_the_heaviest_patterns_are_accepted(tmp_path: Path) -> None:
    templates = [f"url:/a{i}/(\\W{{1000}})" for i in range(40)]
    templates += [f"url:/:t/b{i}/(.{{1000}})" for i in range(40)]
    templates += ["/" + "".join(f"{{{name}}}-" for name in range(330)) + f"/{i}" for i in range(20)]
    templates += [f"/{i}/" + "é" * 1000 + "{x}" for i in range(20)]
    targets = {"/a39/" + "-" * 1000: 39, "/t/b39/" + "x" * 1000: 79, "/" + "x-" * 330 + "/19": 99}
    with _serving(entries(*templates), tmp_path) as connection:
        for target, number in targets.items():
            assert _ask(connection, "GET", target) == (200, f"{number} {templates[number]}")
        assert _ask(connection, "GET", "/" + "x-" * 330 + "/20") == (404, "not found")


def test_methods_and_preflights(tmp_path: Path) -> None:
    routes = [
        *entries("/a", "/{x}", method="POST"),
        RouteEntry("OPTIONS", pattern("/{x}"), reply("for GET"), "GET"),
        RouteEntry("OPTIONS", pattern("/a"), reply("for POST"), "POST"),
        RouteEntry("OPTIONS", pattern("/a"), reply("plain")),
    ]
    with _serving(routes, tmp_path) as connection:
        for method in (*sorted(METHODS), "DELETE"):
            for target in ("/a", "/b", "/a/b", "/a?b"):
                for requested in (None, "GET", "POST", "DELETE", ""):
                    expected = first_match(routes, method, target, requested)
                    assert _ask(connection, method, target, requested) == expected, (method, target, requested)


def test_a_query_of_any_bytes_finds_its_route(tmp_path: Path) -> None:
    routes = entries("/a/{x}", "/b")
    with _serving(routes, tmp_path) as connection:
        for query in ("a=%FF", "%00", "x?y=/b", "[]{}|^`"):
            assert _ask(connection, "GET", f"/a/1?{query}") == (200, "0 /a/{x}")
            assert _ask(connection, "GET", f"/b?{query}") == (200, "1 /b")


def test_a_template_matches_as_envoy_normalises(tmp_path: Path) -> None:
    routes = entries("/café", "/%7Euser", "/a|b", "/a%20b", "/a!b", "/x(y='{z}')", "url:/star\\*")
    answers = {
        "/caf%C3%A9": 0,
        "/caf%c3%a9": 0,
        "/~user": 1,
        "/%7euser": 1,
        "/a|b": 2,
        "/a%7cb": 2,
        "/a%20b": 3,
        "/a!b": 4,
        "/x/../a!b": 4,
        "//a!b": 4,
        "/x(y='1')": 5,
        "/star*": 6,
    }
    with _serving(routes, tmp_path) as connection:
        for target, number in answers.items():
            assert _ask(connection, "GET", target)[1].startswith(f"{number} "), target
        for target in ("/a%21b", "/CAF%C3%A9", "/a!b/", "/A!b"):
            assert _ask(connection, "GET", target) == (404, "not found"), target
        for target in ("/a%2Fb", "/a%5Cb", "/a%00b"):
            assert _ask(connection, "GET", target)[0] == 400, target
