"""Templates of both modes: what they match, what they give, and what is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wicketgate.ir.path_pattern import MAX_TEMPLATE_LENGTH, PathPattern, PathPatternError, parse_open_api
from wicketgate.ir.url_pattern import parse_url_pattern


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("/", "/", {}),
        ("/pizza/{size}", "/pizza/large", {"size": "large"}),
        ("/pizza/{size}", "/pizza/", None),
        ("/pizza/{size}", "/pizza/large/", None),
        ("/pizza/{size}", "/pizza/large/thin", None),
        ("/pizza/{size}", "/Pizza/large", None),
        ("/a/{x}.json", "/a/b.json", {"x": "b"}),
        ("/a/{x}.json", "/a/bxjson", None),
        ("/{a}-{b}", "/1-2-3", {"a": "1", "b": "2-3"}),
        ("/{name}.{ext}", "/a.b.c", {"name": "a", "ext": "b.c"}),
        ("/v1/{name}:cancel", "/v1/x:cancel", {"name": "x"}),
        ("/x(p='{q}')", "/x(p='1')", {"q": "1"}),
        ("/{drive-id}/{user.id}", "/1/2", {"drive-id": "1", "user.id": "2"}),
        ("/a/{x}/", "/a/b/", {"x": "b"}),
        ("/café/{x}", "/caf%c3%A9/b", {"x": "b"}),
        ("/caf%c3%a9", "/caf%C3%A9", {}),
        ("/%7Eme", "/~me", {}),
        ("/a%20b", "/a%20b", {}),
        ("/a|b", "/a%7cb", {}),
        ("/{x}.", "/a.", {"x": "a"}),
    ],
)
def test_open_api(template: str, path: str, params: dict[str, str] | None) -> None:
    assert parse_open_api(template).match(path) == params


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("/a/:x", "/a/b", {"x": "b"}),
        ("/a/:x", "/a/b/", None),
        ("/a/:x/", "/a/b/", {"x": "b"}),
        ("/a/:x?", "/a", {"x": ""}),
        ("/a/:x?", "/a/b", {"x": "b"}),
        ("/a/:x?", "/a/", None),
        ("/a/:x*", "/a", {"x": ""}),
        ("/a/:x*", "/a/b/c", {"x": "b/c"}),
        ("/a/:x+", "/a", None),
        ("/a/:x+", "/a/b/c", {"x": "b/c"}),
        ("/a/(\\d+)", "/a/17", {"0": "17"}),
        ("/a/(\\d+)", "/a/x", None),
        ("/a/(\\d+)", "/a/\u0661", None),
        ("/a/:id(\\d{2,3})", "/a/1234", None),
        ("/a/:id(\\d{2,3})", "/a/123", {"id": "123"}),
        ("/(a|bc)/d", "/bc/d", {"0": "bc"}),
        ("/(a|bc)/d", "/a", None),
        ("/x:y(a|b)?", "/x", {"y": ""}),
        ("/files/*", "/files/a/b", {"0": "a/b"}),
        ("/files/*", "/files/", {"0": ""}),
        ("/files/*", "/files", None),
        ("/files/*?", "/files", {"0": ""}),
        ("/*/x/*", "/a/b/x/c", {"0": "a/b", "1": "c"}),
        ("/a{/b}?", "/a", {}),
        ("/a{/b}?", "/a/b", {}),
        ("/a{/b}*", "/a/b/b", {}),
        ("/a{/:x}", "/a/b", {"x": "b"}),
        ("/a{/v:x.y}+", "/a/v1.y/v2.y", {"x": "1.y/v2"}),
        ("/:a-:b", "/1-2-3", {"a": "1", "b": "2-3"}),
        ("/:a(.*)-:b", "/1-2-3", {"a": "1-2", "b": "3"}),
        ("/\\:a\\(b\\)", "/:a(b)", {}),
        ("/a\\{b\\}", "/a%7Bb%7D", {}),
        ("/(é+)", "/%C3%A9%c3%a9", {"0": "%C3%A9%c3%a9"}),
        ("/(\\w+)-(\\W)(\\S*)(\\D)", "/a-!xyz", {"0": "a", "1": "!", "2": "xy", "3": "z"}),
    ],
)
def test_url_pattern(template: str, path: str, params: dict[str, str] | None) -> None:
    assert parse_url_pattern(template).match(path) == params


@pytest.mark.parametrize(
    ("template", "message", "offset"),
    [
        ("a/b", "a path starts with `/`", 0),
        ("", "a path starts with `/`", 0),
        ("/a/{x", "a `{` is not closed", 3),
        ("/a/x}", "a `}` closes nothing", 4),
        ("/{a{b}}", "a `{` stands inside a parameter", 3),
        ("/{}", "the parameter has no name", 2),
        ("/{a}/{a}", "the parameter `a` stands twice", 6),
        ("/{Key+}", "`Key+` is not a parameter name", 2),
        ("/{+path}", "`+path` is not a parameter name", 2),
        ("/{id:int}", "`id:int` is not a parameter name", 2),
        ("/a?b", "a path holds no `?`", 2),
        ("/a#b", "a path holds no `#`", 2),
        ("/a b", "the path holds the character U+0020, which no request can send", 2),
        ("/a\n", "the path holds the character U+000A, which no request can send", 2),
        ("/a\x00", "the path holds the character U+0000, which no request can send", 2),
        ("/a\ud800", "the path holds the character U+D800, which no request can send", 2),
        ("/*", "an OpenAPI path has no wildcard", 1),
        ("/a//b", "the path holds an empty segment", 2),
        ("/a/../b", "the path holds a `.` or `..` segment", 2),
        ("/a/%2e%2E", "the path holds a `.` or `..` segment", 2),
        ("/a%2fb", "no request can send `%2F` in a path: Envoy refuses it", 2),
        ("/a%00", "no request can send `%00` in a path: Envoy refuses it", 2),
        ("/a\\b", "a path holds no backslash: Envoy reads it as a slash", 2),
        ("/100%", "`%` stands without two hex digits", 4),
        ("/" + "a" * MAX_TEMPLATE_LENGTH, f"the path is longer than {MAX_TEMPLATE_LENGTH} characters", 2048),
    ],
)
def test_open_api_refuses(template: str, message: str, offset: int) -> None:
    with pytest.raises(PathPatternError) as caught:
        parse_open_api(template)
    assert (caught.value.message, caught.value.offset) == (message, offset)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("template", "message", "offset"),
    [
        ("*", "a path starts with `/`", 0),
        ("/a/([a-z])", "character classes are not supported", 4),
        ("/a/((a))", "an expression holds no group, look-around or flag of its own", 4),
        ("/a/(?=a)", "an expression holds no group, look-around or flag of its own", 4),
        ("/a/(a(?<!b))", "an expression holds no group, look-around or flag of its own", 5),
        ("/a/(\\1)", "`\\1` is not supported", 4),
        ("/a/(\\bx)", "`\\b` is not supported", 4),
        ("/a/(\\p{L})", "`\\p` is not supported", 4),
        ("/a/(^a)", "anchors are not supported", 4),
        ("/a/(a$)", "anchors are not supported", 5),
        ("/a/(a", "the parenthesis is not closed", 3),
        ("/a/()", "the expression is empty", 3),
        ("/a/(a**)", "the quantifier `*` has nothing to repeat", 6),
        ("/a/(a*+)", "the quantifier `+` has nothing to repeat", 6),
        ("/a/(|*)", "the quantifier `*` has nothing to repeat", 5),
        ("/a/(\\d{3,2})", "the counts of the quantifier are out of range", 6),
        ("/a/(\\d{1001})", "the counts of the quantifier are out of range", 6),
        ("/a/(a{600})/(b{3,401})", "the counts in the pattern make more than 1000 together", 5),
        ("/a/:x(a{600})+", "the counts in the pattern make more than 1000 together", 7),
        ("/a/(.*)+", "`+` cannot repeat this part", 7),
        ("/a/**", "`*` cannot repeat this part", 4),
        ("/a{:x}*", "`*` cannot repeat this part", 2),
        ("/a{b", "the group is not closed", 2),
        ("/a{b{c}}", "the group is not closed", 2),
        ("/a{:x:y}", "the group is not closed", 2),
        ("/a{}?", "the group is empty", 2),
        ("/a}", "a `}` closes nothing", 2),
        ("/a)", "`)` stands alone", 2),
        ("/a?b=1", "`?` stands alone", 2),
        ("/a+b", "`+` stands alone", 2),
        ("/a\\?", "a path holds no `?`", 3),
        ("/a\\", "a backslash ends the path", 2),
        ("/:", "`:` stands without a name", 1),
        ("/:1", "`:` stands without a name", 1),
        ("/:x/:x", "the parameter `x` stands twice", 5),
        ("/a//b", "the path holds an empty segment", 2),
    ],
)
def test_url_pattern_refuses(template: str, message: str, offset: int) -> None:
    with pytest.raises(PathPatternError) as caught:
        parse_url_pattern(template)
    assert (caught.value.message, caught.value.offset) == (message, offset)
    assert caught.value.hint


def test_greedy_parameters_are_pointed_to_the_other_mode() -> None:
    with pytest.raises(PathPatternError) as caught:
        parse_open_api("/files/{path+}")
    assert caught.value.hint == 'for several segments use "pathMode": "url-pattern" and `:path(.*)`'


def test_shape_ignores_names_only() -> None:
    assert parse_open_api("/a/{x}").shape == parse_open_api("/a/{other}").shape == parse_url_pattern("/a/:x").shape
    assert parse_open_api("/a/{x}").shape != parse_open_api("/a/{x}/").shape
    assert parse_open_api("/a.b").shape != parse_open_api("/a{x}b").shape


@pytest.mark.parametrize(
    ("pattern", "prefix", "exact"),
    [
        (parse_open_api("/a/b"), "/a/b", True),
        (parse_open_api("/a/{x}/c"), "/a/", False),
        (parse_open_api("/a{x}"), "/a", False),
        # The case of hex letters is the caller's, so the text ends before them.
        (parse_open_api("/a/é"), "/a/", False),
        (parse_open_api("/a%20b"), "/a%20b", True),
        (parse_url_pattern("/a/:x?"), "/a", False),
        (parse_url_pattern("/:x?"), "/", False),
        (parse_url_pattern("/a/\\:b"), "/a/:b", True),
    ],
)
def test_static_prefix(pattern: PathPattern, prefix: str, exact: bool) -> None:
    assert (pattern.static_prefix, pattern.is_exact) == (prefix, exact)


_TEXT = st.text(st.sampled_from("/ab.{}:()*+?|\\d1%2F-[]^$#é"), max_size=14).map("/".__add__)


@given(template=_TEXT, mode=st.sampled_from([parse_open_api, parse_url_pattern]))
def test_any_text_is_a_pattern_or_refused(template: str, mode: object) -> None:
    parse = parse_open_api if mode is parse_open_api else parse_url_pattern
    try:
        pattern = parse(template)
    except PathPatternError as error:
        complete = bool(error.message and error.hint) and 0 <= error.offset <= len(template)
        if not complete:
            raise
        return
    assert re.compile(pattern.regex).groups == len(pattern.params)
    assert re.compile(pattern.shape).groups == 0
    assert not re.search(r"\(\?[^:]", pattern.regex), "nothing that RE2 does not have"
    if pattern.is_exact:
        assert pattern.match(pattern.static_prefix) == {}


@given(template=_TEXT, path=st.text(st.sampled_from("/ab.:1%2C-"), max_size=12).map("/".__add__), mode=st.booleans())
def test_acceptance_equals_the_expression(template: str, path: str, mode: bool) -> None:
    try:
        pattern = (parse_open_api if mode else parse_url_pattern)(template)
    except PathPatternError:
        return
    assert pattern.accepts(path) == (re.fullmatch(pattern.regex, path) is not None)


@pytest.mark.timeout(5)
def test_many_parameters_in_a_segment_do_not_explode() -> None:
    pattern = parse_open_api("/" + "".join(f"{{{name}}}-" for name in range(100)) + "end")
    assert pattern.match("/" + "x-" * 500) is None


@given(path=st.text(st.sampled_from("/ab-.1?"), max_size=12).map("/".__add__))
def test_no_pattern_reaches_into_the_query(path: str) -> None:
    for template in ("/:x/*", "/(.*)", "/(\\D+)", "/a(\\W*\\S*)", "/:x+", "/a{/:x}*"):
        if parse_url_pattern(template).match(path) is not None:
            assert "?" not in path


@pytest.mark.parametrize(
    ("template", "edges"),
    [
        ("/x/:a", (("a", ("x",)),)),
        ("/x/:a(\\d*)", (("a", ("x", "")),)),
        ("/x/:a(.*)", (("a", ("x", "", "x/")),)),
        ("/x:a(.*)", (("a", ("x", "", "x/", "/x", "/x/", "/")),)),
        ("/:a/:b?", (("a", ("x",)), ("b", ("x", "", "x/", "/x", "/x/", "/")))),
    ],
)
def test_what_parameters_can_be_at_the_edges_of_segments(template: str, edges: object) -> None:
    assert parse_url_pattern(template).edges == edges
