"""The tree answers like the list, stays small, and is quick to make."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.envoy.matcher_interpreter import evaluate
from tests.unit.envoy.routing import FALLBACKS, answer, entries, first_match, pattern, reply
from wicketgate.envoy.route_tree import RouteEntry, route_matcher

# Few words and all forms of segments, so that patterns overlap in every way.
_WORD = st.sampled_from(["a", "b", "ab", "abc", "a.b"])
_SEGMENT = st.one_of(
    _WORD,
    st.just("{}"),
    st.just("{}"),
    st.builds("{}{{}}".format, _WORD),
    st.builds("{{}}{}".format, _WORD),
    st.just("{}-{}"),
    st.just("%C3%A9"),
)
_URL_SEGMENT = st.sampled_from(
    ["a", "b", ":_", "*", "(\\d+)", "(a|b.*)", ":_?", "ab*", "{ab}?", ":_(ab?)", ":_+", "a{/b}*", "{:_.b}?"]
)


def _named(template: str, hole: str, form: str) -> str:
    first, *rest = template.split(hole)
    return first + "".join(form.format(number) + text for number, text in enumerate(rest))


_OPEN_API = st.lists(_SEGMENT, max_size=4).map(lambda parts: _named("/" + "/".join(parts), "{}", "{{p{}}}"))
_URL = st.lists(_URL_SEGMENT, max_size=4).map(lambda parts: "url:" + _named("/" + "/".join(parts), ":_", ":p{}"))
_TEMPLATE = st.one_of(_OPEN_API, _URL)
_PATH = st.lists(st.sampled_from(["a", "b", "ab", "abc", "a.b", "a-b", "b.a", "7", "%c3%A9", "c"]), max_size=5).map(
    lambda parts: "/" + "/".join(parts)
)
_TAIL = st.sampled_from(["", "", "/", "?", "?a/b", "?x=/a?b", "/?q=\xe9"])


def _ask(routes: list[RouteEntry], method: str, target: str, requested: str | None = None) -> tuple[int, str]:
    headers = {":method": method, ":path": target}
    if requested is not None:
        headers["access-control-request-method"] = requested
    route = evaluate(route_matcher(routes, FALLBACKS), headers)
    assert route is not None
    return answer(route)


def _agree(templates: list[str], targets: list[str]) -> None:
    routes = entries(*templates)
    matcher = route_matcher(routes, FALLBACKS)
    for target in targets:
        route = evaluate(matcher, {":method": "GET", ":path": target})
        assert route is not None
        assert answer(route) == first_match(routes, "GET", target), (templates, target)


@settings(max_examples=400, deadline=None)
@given(
    templates=st.lists(_TEMPLATE, min_size=1, max_size=24),
    targets=st.lists(st.builds(str.__add__, _PATH, _TAIL), min_size=1, max_size=30),
)
def test_tree_equals_list(templates: list[str], targets: list[str]) -> None:
    _agree(templates, targets)


@settings(max_examples=150, deadline=None)
@given(
    templates=st.lists(_TEMPLATE, min_size=1, max_size=24),
    targets=st.lists(st.builds(str.__add__, _PATH, _TAIL), min_size=1, max_size=30),
)
@pytest.mark.parametrize(("guards", "steps"), [(0, 400), (1, 400), (16, 3)])
def test_tree_equals_list_when_patterns_move(guards: int, steps: int, templates: list[str], targets: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wicketgate.envoy.route_placement.MOST_GUARDS", guards)
        patch.setattr("wicketgate.envoy.route_index.MOST_STEPS", steps)
        _agree(templates, targets)


@pytest.mark.parametrize(
    ("templates", "target", "expected"),
    [
        (["/a/{x}", "/a/b"], "/a/b", 0),
        (["/a/b", "/a/{x}"], "/a/b", 0),
        (["/a/b", "/a/{x}"], "/a/bc", 1),
        (["/a/b", "/a/bc"], "/a/bc?x=/a/b", 1),
        (["/{t}/x", "/s/{y}"], "/s/x", 0),
        (["/s/{y}", "/{t}/x"], "/s/x", 0),
        (["/{t}/x", "/s/{y}"], "/s/z", 1),
        (["url:/*", "/a"], "/a", 0),
        (["/a/b/{x}", "url:/a/*", "/a/b/{x}/{y}"], "/a/b/c/d", 1),
        (["url:/a{/b}?", "/a/b"], "/a/b", 0),
        (["/a/{x}", "/a/{x}/"], "/a/b/", 1),
        (["/a/{x}"], "/a/b?c/d", 0),
        (["/{x}", "/ab{y}"], "/abc", 0),
        (["url:/:p+", "/ab{y}"], "/abc", 0),
        (["url:/a*", "/a/{x}"], "/a/b", 0),
    ],
)
def test_first_in_document_order_wins(templates: list[str], target: str, expected: int) -> None:
    assert _ask(entries(*templates), "GET", target) == (200, f"{expected} {templates[expected]}")


@pytest.mark.parametrize(
    ("templates", "target", "expected"),
    [
        # The second moves to `/`; the third has no conflict with the first, but does with the second.
        (["/{t}/x", "/s/{y}", "/s/{y}-{z}"], "/s/a-b", 1),
        (["/{t}/bc", "/a/b{y}", "/a/{z}-{w}"], "/a/bq-w", 1),
        (["/{t}/x", "/s/{y}", "/s/a"], "/s/a", 1),
        (["/{t}/x", "/s/a", "/s/{y}"], "/s/a", 1),
    ],
)
def test_a_moved_pattern_keeps_its_place_in_the_order(
    monkeypatch: pytest.MonkeyPatch, templates: list[str], target: str, expected: int
) -> None:
    monkeypatch.setattr("wicketgate.envoy.route_placement.MOST_GUARDS", 0)
    assert _ask(entries(*templates), "GET", target) == (200, f"{expected} {templates[expected]}")


@settings(max_examples=250, deadline=None)
@given(
    templates=st.lists(_TEMPLATE, min_size=1, max_size=24),
    targets=st.lists(st.builds(str.__add__, _PATH, _TAIL), min_size=1, max_size=30),
)
def test_tree_equals_list_with_small_families(templates: list[str], targets: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wicketgate.envoy.route_families.FEWEST_MEMBERS", 1)
        _agree(templates, targets)


@pytest.mark.parametrize(
    ("templates", "target", "expected"),
    [
        (["/a/x", "/a/{x}", "/b/{x}"], "/a/x", 0),
        (["url:/*/x", "/a/{x}", "/b/{x}"], "/a/x", 0),
        (["/a/{x}", "/b/{x}", "/{t}/x"], "/a/x", 0),
        (["/a/{x}", "/{t}/{u}", "/b/{x}"], "/b/x", 1),
        (["/a/{x}/c", "/a/{x}/{y}"], "/a/b/c", 0),
    ],
)
def test_a_family_leaves_earlier_routes_first(
    monkeypatch: pytest.MonkeyPatch, templates: list[str], target: str, expected: int
) -> None:
    monkeypatch.setattr("wicketgate.envoy.route_families.FEWEST_MEMBERS", 1)
    assert _ask(entries(*templates), "GET", target) == (200, f"{expected} {templates[expected]}")


def test_a_query_never_completes_a_path() -> None:
    routes = entries("/a/{x}/d", "url:/b/(.*)/d", "url:/c/(\\D+)d")
    for target in ("/a/b?c=/d", "/b/x?/d", "/c/x?d"):
        assert _ask(routes, "GET", target) == (404, "not found")


def test_methods_are_apart() -> None:
    routes = [*entries("/a", method="POST"), *entries("/{x}", method="GET")]
    assert _ask(routes, "GET", "/a") == (200, "0 /{x}")
    assert _ask(routes, "POST", "/b") == (404, "not found")
    assert _ask(routes, "OPTIONS", "/a") == (404, "not found")
    assert _ask(routes, "BREW", "/a") == (501, "not implemented")


def test_preflights_go_by_the_requested_method() -> None:
    preflights = [
        RouteEntry("OPTIONS", pattern("/{x}"), reply("for GET"), "GET"),
        RouteEntry("OPTIONS", pattern("/a"), reply("for POST"), "POST"),
        RouteEntry("OPTIONS", pattern("/a"), reply("plain")),
    ]
    assert _ask(preflights, "OPTIONS", "/a", "GET") == (200, "for GET")
    assert _ask(preflights, "OPTIONS", "/a", "POST") == (200, "for POST")
    assert _ask(preflights, "OPTIONS", "/b", "POST") == (404, "not found")
    assert _ask(preflights, "OPTIONS", "/a", "DELETE") == (404, "not found")
    assert _ask(preflights, "OPTIONS", "/a") == (200, "plain")
    assert _ask(preflights, "OPTIONS", "/b") == (404, "not found")


def test_unsupported_method_is_refused() -> None:
    with pytest.raises(ValueError, match="BREW /a: the method is not supported"):
        route_matcher(entries("/a", method="BREW"), FALLBACKS)


def _interleaved(count: int) -> list[str]:
    return [name for i in range(count) for name in (f"/{{tenant}}/thing_{i}", f"/static_{i}/{{x}}")]


_LARGE = {
    "REST": ([f"/svc_{i}/items/{{id}}" for i in range(10_000)], "/svc_9999/items/1"),
    "exact": ([f"/svc_{i}/items" for i in range(10_000)], "/svc_9999/items"),
    "one prefix": ([f"/{{tenant}}/thing_{i}" for i in range(10_000)], "/t/thing_9999"),
    "interleaved": (_interleaved(5_000), "/static_4999/x"),
    "special cases": (
        [name for i in range(5_000) for name in (f"/svc_{i}/items/mine", f"/svc_{i}/items/{{id}}")],
        "/svc_4999/items/1",
    ),
    "broad first": (["/{a}/{b}", *(f"/svc_{i}/items/{{id}}" for i in range(9_999))], "/svc_9998/items/1"),
    "wildcard last": ([*(f"/svc_{i}/{{id}}" for i in range(9_999)), "url:/*"], "/nowhere"),
    "two parameters": (
        [name for i in range(5_000) for name in (f"/{{t}}/{{u}}/k_{i}", f"/{{t}}/thing_{i}/{{z}}")],
        "/t/thing_4999/x",
    ),
}


@pytest.mark.parametrize("kind", _LARGE)
def test_large_sets_stay_small_and_quick(kind: str) -> None:
    templates, target = _LARGE[kind]
    routes = entries(*templates)
    started = time.process_time()
    matcher = route_matcher(routes, FALLBACKS)
    spent = time.process_time() - started
    route = evaluate(matcher, {":method": "GET", ":path": target})
    assert route is not None
    assert answer(route) == first_match(routes, "GET", target)
    text = json.dumps(matcher)
    assert text.count('"inline_string"') <= len(routes) + 8, "each route stands once"
    assert len(text) < 1_500 * len(routes)
    assert spent < 5, "far above the usual time, far below what quadratic work would take"


def test_same_input_gives_the_same_bytes() -> None:
    templates = ["/b/{x}", "/{t}/x", "/a", "url:/a/*", "/b/c"]
    first = json.dumps(route_matcher(entries(*templates), FALLBACKS))
    route_matcher(entries("/other/{y}"), FALLBACKS)
    assert json.dumps(route_matcher(entries(*templates), FALLBACKS)) == first
