"""The token of a form, and where forms come from (H18)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from iam.browser import csrf
from tests.http.conftest import settings

NOW = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(cookie=TEXT, purpose=TEXT)
def test_h18_the_token_of_a_form_is_genuine(cookie: str, purpose: str) -> None:
    token = csrf.token(cookie, purpose, NOW)

    assert csrf.genuine(cookie, purpose, token, NOW, 600)


@given(one=st.tuples(TEXT, TEXT), other=st.tuples(TEXT, TEXT))
def test_h18_the_token_of_another_cookie_or_purpose_is_not(one: tuple[str, str], other: tuple[str, str]) -> None:
    assume(one[1] != other[1] or one[0].rstrip("\0") != other[0].rstrip("\0"))  # HMAC fills keys up with zeros

    assert not csrf.genuine(*other, csrf.token(*one, NOW), NOW)


@given(given_token=TEXT)
def test_h18_no_text_is_a_token(given_token: str) -> None:
    assert not csrf.genuine("cookie", "login", given_token, NOW)


@pytest.mark.parametrize(("cookie", "token"), [(None, "x"), ("cookie", None), (None, None), ("", "")])
def test_h18_without_cookie_or_token_nothing_is_genuine(cookie: str | None, token: str | None) -> None:
    assert not csrf.genuine(cookie, "login", token, NOW)


def test_a_token_ends_when_it_is_to_end() -> None:
    token = csrf.token("cookie", "consent", NOW)
    late = NOW + timedelta(seconds=601)

    assert not csrf.genuine("cookie", "consent", token, late, 600)
    assert csrf.genuine("cookie", "consent", token, late)


def test_the_time_and_the_purpose_cannot_be_shifted_into_each_other() -> None:
    check = csrf.sign("cookie", "2 login", "1").partition(".")[2]

    assert csrf.genuine("cookie", "2 login", f"1.{check}", NOW)
    assert not csrf.genuine("cookie", "login", f"1 2.{check}", NOW)


@given(shown=st.lists(TEXT | st.none() | st.lists(TEXT)))
def test_a_token_tells_what_its_page_showed(shown: list[object]) -> None:
    digest = csrf.digest(*shown)
    token = csrf.token("cookie", "consent", NOW, digest)

    assert csrf.genuine("cookie", "consent", token, NOW, 600)
    assert csrf.same(token, digest)
    assert not csrf.same(token, csrf.digest(*shown, "more"))


def test_what_a_page_showed_cannot_be_changed_in_its_token() -> None:
    token = csrf.token("cookie", "consent", NOW, csrf.digest("read"))
    opened, _, check = token.split(".")
    other = csrf.digest("read", "write")

    edited = [f"{opened}.{other}.{check}", f"{opened}.{check}", f"{opened}..{check}", f"{opened}.{other}"]

    assert not any(csrf.genuine("cookie", "consent", each, NOW) for each in edited)


@pytest.mark.parametrize("given_token", [None, "", "x", csrf.token("cookie", "consent", NOW)])
def test_a_token_without_it_shows_nothing(given_token: str | None) -> None:
    assert not csrf.same(given_token, csrf.digest("read"))
    assert not csrf.same(given_token, "")


def test_the_digest_of_a_page_tells_its_parts_apart() -> None:
    digests = [csrf.digest("a", "b"), csrf.digest("ab"), csrf.digest(["a", "b"]), csrf.digest("a", "b", None)]

    assert len(set(digests)) == 4
    assert csrf.digest({"x": 1, "y": 2}) == csrf.digest({"y": 2, "x": 1})


@pytest.mark.parametrize(
    ("issuer", "origin", "ours"),
    [
        ("https://login.example", "https://login.example", True),
        ("https://login.example", "http://login.example", False),
        ("https://login.example", "https://login.example:443", False),
        ("https://login.example", "https://a.login.example", False),
        ("https://login.example", "https://login.example.evil", False),
        ("https://login.example", "https://localhost", False),
        ("https://login.example", "null", False),
        ("https://login.example", "", False),
        ("http://localhost:8000", "http://localhost:8000", True),
        ("http://localhost:8000", "http://127.0.0.1:8000", True),
        ("http://localhost:8000", "http://[::1]:8000", True),
        ("http://localhost:8000", "http://localhost:8001", False),
        ("http://localhost:8000", "https://localhost:8000", False),
        ("http://localhost:8000", "http://localhost.evil:8000", False),
        ("http://localhost:8000", "http://localhost:x", False),
        ("http://localhost:8000", "http://[", False),
    ],
)
def test_h18_our_origin_is_the_issuers_and_on_this_machine_any_of_its_names(
    issuer: str, origin: str, ours: bool
) -> None:
    assert csrf.our_origin(origin, settings(issuer=issuer)) == ours


@pytest.mark.parametrize(
    ("issuer", "sent"),
    [("https://login.example", True), ("http://localhost:8000", True), ("http://iam.lan:8000", False)],
)
def test_browsers_say_where_a_form_comes_from_only_to_addresses_they_trust(issuer: str, sent: bool) -> None:
    assert csrf.trustworthy(settings(issuer=issuer)) == sent
