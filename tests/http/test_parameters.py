"""Parameters are read strictly (H2, H7): `&` alone separates, UTF-8, no NUL, blank is absent, no name twice."""

import re
from collections.abc import Callable
from time import thread_time
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from hypothesis import example, given
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
    shown,
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


def literally(part: bytes) -> str:
    try:
        text = unquote_to_bytes(part.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise ParameterError("A parameter is not UTF-8.") from None
    if "\0" in text:
        raise ParameterError("A parameter holds a NUL.")
    return text


def literal(form: bytes) -> dict[str, list[str]]:
    """What a form says, read one name and one value after the other."""
    found: dict[str, list[str]] = {}
    if len(form.split(b"&")) > FIELDS:
        raise ParameterError("There are too many parameters.")
    if re.search(rb"%(?![0-9A-Fa-f]{2})", form):
        raise ParameterError("A percent sign is not followed by two hexadecimal digits.")
    for pair in form.split(b"&"):
        name, value = [literally(part) for part in pair.partition(b"=")[::2]]
        if len(name) > NAME or len(value) > VALUE:
            raise ParameterError("A parameter is too long.")
        if name in found and name not in ("resource", "audience"):
            raise ParameterError(f"The parameter {shown(name)} is repeated.")
        if name or value:
            found.setdefault(name, []).append(value)
    return {name: some for name, given in found.items() if (some := [value for value in given if value])}


short = [
    b"a",
    b"resource",
    b"=",
    b"&",
    b"+",
    b"%",
    b"%41",
    b"%c3%a9",
    b"%00",
    b"%ff",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xa9",
    b" ",
]
long = [b"n" * (NAME // 2), b"v" * (VALUE // 2), b"&" * (FIELDS // 2)]


@given(st.lists(st.sampled_from(short + long), max_size=12).map(b"".join) | st.binary(max_size=60))
@example(b"resource=&resource=b&resource=&audience=&resource=a")
@example(b"n" * (NAME + 1) + b"&%00")
@example(b"%00&" + b"n" * (NAME + 1))
@example("é".encode() * NAME + b"=1")
@example("é".encode() * (NAME + 1) + b"=1")
def test_h7_what_is_decoded_at_once_is_what_each_part_says(form: bytes) -> None:
    assert said(form, every_value) == said(form, literal)


def every_value(form: bytes) -> dict[str, list[str]]:
    parsed = parse(form)
    return {name: parsed.all(name) for name in parsed}


def said(form: bytes, read: Callable[[bytes], dict[str, list[str]]]) -> dict[str, list[str]] | str:
    try:
        return read(form)
    except ParameterError as error:
        return str(error)


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
    def parsed() -> float:
        before = thread_time()
        with pytest.raises(ParameterError):
            parse(form)
        return thread_time() - before

    assert (
        min(parsed() for _ in range(5)) < 0.02
    )  # what falls upon one of them, such as garbage collection, is not counted


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
    assert ParsedParameters({}) == ParsedParameters({"a": []}) == {}


def test_h30_parameters_that_are_written_into_a_text_tell_no_value() -> None:
    assert "a secret" not in f"{parse(b'client_secret=a+secret')!r} {parse(b'client_secret=a+secret')}"
