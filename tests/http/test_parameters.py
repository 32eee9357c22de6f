"""Parameters are read strictly (H2, H7): `&` alone separates, UTF-8, no NUL, blank is absent, no name twice."""

from time import thread_time
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.http_headers import Headers

from iam.http.parameters import (
    FIELDS,
    NAME,
    VALUE,
    ParameterError,
    ParsedParameters,
    authorization,
    form_fields,
    form_parameters,
    parse,
    query_parameters,
)

FORM = "application/x-www-form-urlencoded"

# What a form may hold: any text that has a UTF-8, without NUL.
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
names = text.filter(bool)


def request(body: bytes = b"", query: bytes = b"", content_type: str | None = FORM) -> Any:
    headers = Headers({"content-type": [content_type]} if content_type is not None else {})
    return SimpleNamespace(body=body, query=query, requestHeaders=headers)


def outcome(form: bytes) -> ParsedParameters | ParameterError:
    try:
        return parse(form)
    except ParameterError as error:
        return error


def fault(form: bytes) -> str:
    with pytest.raises(ParameterError) as error:
        parse(form)
    assert error.value.status == 400
    return str(error.value)


@given(st.dictionaries(names, text, max_size=20))
def test_h7_what_a_browser_encodes_comes_back_letter_by_letter_and_blank_is_absent(fields: dict[str, str]) -> None:
    parsed = parse(urlencode(fields).encode())

    assert dict(parsed) == {name: value for name, value in fields.items() if value}


@given(st.binary(max_size=400))
def test_h7_any_bytes_are_parameters_in_utf8_without_nul_or_one_error(form: bytes) -> None:
    parsed = outcome(form)

    if isinstance(parsed, ParameterError):
        assert parsed.status == 400
        assert str(parsed).isascii()
        return
    for name in parsed:
        assert parsed[name]
        assert "\0" not in name + parsed[name]
        assert len(parsed.all(name)) == 1 or name in ("resource", "audience")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "1", "2"])), min_size=1, max_size=6))
def test_h7_a_name_twice_is_refused_even_if_blank(pairs: list[tuple[str, str]]) -> None:
    given_names = [name for name, _ in pairs]
    form = urlencode(pairs).encode()

    if len(set(given_names)) < len(given_names):
        assert "repeated" in fault(form)
    else:
        assert dict(parse(form)) == {name: value for name, value in pairs if value}


@given(st.text(max_size=200))
def test_h7_an_error_repeats_nothing_but_letters_digits_and_a_few_signs(name: str) -> None:
    encoded = urlencode({name: "a"}, errors="replace").encode()

    sentence = str(outcome(encoded + b"&" + encoded)) if name else ""

    assert set(sentence) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ")


@pytest.mark.parametrize(
    ("form", "parameters"),
    [
        (b"", {}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (b"a=1;b=2&c=3", {"a": "1;b=2", "c": "3"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"a=&b=1", {"b": "1"}),
        (b"a&b=1", {"b": "1"}),
        (b"&&a=1&&", {"a": "1"}),
        (b"=1", {"": "1"}),
        (b"a=+b", {"a": " b"}),
        (b"a=%2B%26%3D", {"a": "+&="}),
        (b"a=%2", None),
        (b"a=%", None),
        (b"a=%zz", None),
        (b"%=a", None),
        (b"a=%ff", None),
        (b"a=\xff", None),
        (b"\xff=a", None),
        (b"a=%c0%af", None),
        (b"a=%ed%a0%80", None),
        (b"a=%f4%90%80%80", None),
        (b"a=%c3", None),
        (b"a=%00", None),
        (b"a=\0", None),
        (b"a%00b=1", None),
        (b"a=1&a=2", None),
        (b"a=1&a=1", None),
        (b"a=1&a=", None),
        (b"a=&a=1", None),
        (b"a=1&%61=2", None),
        (b"a=%c3%a9", {"a": "é"}),
        (b"a=\xc3\xa9", {"a": "é"}),
        (b"a=%F0%9F%94%91", {"a": "🔑"}),
        (b"a[]=1&a[]=2", None),
        (b"a[b]=1", {"a[b]": "1"}),
        (b"a=%0d%0aX:%20y", {"a": "\r\nX: y"}),
    ],
    ids=repr,
)
def test_h7_the_table_of_forms(form: bytes, parameters: dict[str, str] | None) -> None:
    parsed = outcome(form)

    assert (None if isinstance(parsed, ParameterError) else dict(parsed)) == parameters


def test_h2_the_limits_are_those_of_the_rule() -> None:
    assert (FIELDS, NAME, VALUE) == (128, 128, 16_384)


@pytest.mark.parametrize("count", [127, 128])
def test_h2_so_many_fields_are_read(count: int) -> None:
    assert len(parse(b"&".join(b"f%d=1" % number for number in range(count)))) == count


@pytest.mark.parametrize(
    "form",
    [
        b"&".join(b"f%d=1" % number for number in range(129)),
        b"a=1&" * 10_000,
        b"&" * 65_536,
        b"n" * 129 + b"=1",
        b"a=" + b"v" * 16_385,
    ],
    ids=["129 fields", "10,000 fields", "65,536 separators", "name of 129", "value of 16,385"],
)
def test_h2_more_than_that_is_refused(form: bytes) -> None:
    assert "too" in fault(form)


@pytest.mark.parametrize(
    "form",
    [b"a=1&" * 16_384, b"%41" * 21_845, b"a=" + b"%41" * 21_844, b"%" * 65_536, b"&".join([b"a=" + b"+" * 500] * 128)],
    ids=["fields", "escapes", "one value", "percent signs", "pluses"],
)
def test_h2_no_body_that_is_let_in_holds_the_reactor_for_long(form: bytes) -> None:
    before = thread_time()
    with pytest.raises(ParameterError):
        parse(form)
    passed = thread_time() - before

    assert passed < 0.02


@pytest.mark.parametrize(
    "content_type",
    [FORM, FORM.upper(), FORM + ";charset=utf-8", FORM + '; charset="UTF-8"', FORM + " ; Charset=Utf-8", f" {FORM} "],
)
def test_h2_a_form_in_utf8_is_read(content_type: str) -> None:
    assert dict(form_parameters(request(b"a=1", content_type=content_type))) == {"a": "1"}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
        FORM + "; charset=latin-1",
        FORM + "; charset=utf-7",
        FORM + "; charset=utf-8; charset=latin-1",
        FORM + "; boundary=x",
        FORM + ", application/json",
        FORM + "x",
    ],
)
def test_h2_anything_else_is_415(content_type: str | None) -> None:
    with pytest.raises(ParameterError) as error:
        form_parameters(request(b"a=1", content_type=content_type))

    assert error.value.status == 415


def test_h2_two_content_types_are_415() -> None:
    two = request(b"a=1")
    two.requestHeaders.addRawHeader("content-type", FORM)

    with pytest.raises(ParameterError) as error:
        form_parameters(two)

    assert error.value.status == 415


def test_h7_query_and_body_are_never_merged() -> None:
    both = request(b"a=body", b"a=query")

    with pytest.raises(ParameterError):
        form_parameters(both)
    assert dict(form_fields(both)) == {"a": "body"}
    assert dict(query_parameters(both)) == {"a": "query"}


def test_a_parameter_that_may_be_repeated_keeps_every_value() -> None:
    parsed = parse(b"resource=a&resource=&resource=b&scope=c", repeatable=frozenset({"resource"}))

    assert parsed.all("resource") == ["a", "b"]
    assert parsed["resource"] == "a"
    assert parsed.all("nothing") == []


@given(st.binary(max_size=100).filter(lambda value: b"\n" not in value and b"\r" not in value))
def test_the_authorization_header_is_text_whatever_bytes_it_holds(value: bytes) -> None:
    headers = Headers()
    headers.addRawHeader(b"authorization", value)

    assert authorization(SimpleNamespace(requestHeaders=headers)) == value.decode("latin-1")  # type: ignore[arg-type]


def test_no_parameters_are_no_parameters() -> None:
    assert dict(ParsedParameters({})) == {}
