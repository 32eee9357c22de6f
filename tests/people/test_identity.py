"""Usernames and e-mail addresses: one canonical form each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.people import names


@pytest.mark.parametrize("written", ["alice", "Alice", "ALICE", " alice ", "alice\t", "\uff41lice", "\uff21LICE"])
def test_every_way_of_writing_a_username_is_one_person(written: str) -> None:
    assert names.username_key(written) == "alice"
    assert names.login_key(written) == "alice"


@pytest.mark.parametrize(("one", "other"), [("straße", "STRASSE"), ("Å", "A\u030a"), ("ﬁona", "FIONA"), ("ς", "Σ")])
def test_compatible_characters_and_cases_are_one(one: str, other: str) -> None:
    assert names.username_key(one) == names.username_key(other)


@given(st.text(max_size=70))
def test_the_key_of_a_key_is_the_key(text: str) -> None:
    key = names.username_key(text)

    assert names.username_key(key) == key


@given(st.text(max_size=70))
def test_a_username_that_passes_has_a_key_that_passes(text: str) -> None:
    if names.username_complaint(text) is None:
        assert names.username_key(text)
        assert "@" not in names.username_key(text)
        assert not any(character.isspace() for character in names.username_key(text))


@pytest.mark.parametrize(
    "username",
    [
        "al\u200bice",
        "al ice",
        "al\u00a0ice",
        "al\nice",
        "\u202ealice",
        "al\u00adice",
        "alice\ufe0f",
        "a\u034fb",
        "\u3164",
        "a\0",
    ],
)
def test_spaces_and_invisible_characters_are_refused(username: str) -> None:
    assert names.username_complaint(username) == "Choose a username without spaces and invisible characters."
    assert names.login_key(username) == ""


@pytest.mark.parametrize("username", ["bob@example.org", "b@", "a\uff20b"])
def test_a_username_cannot_be_somebodys_email(username: str) -> None:
    assert "without @" in (names.username_complaint(username) or "")


@pytest.mark.parametrize("username", ["", " ", "\n"])
def test_a_username_is_not_empty(username: str) -> None:
    assert names.username_complaint(username) == "Choose a username."


@pytest.mark.parametrize("username", ["a" * 65, "a" * 100_000, "ﷺ" * 64])
def test_a_username_is_not_long(username: str) -> None:
    assert names.username_complaint(username) == "Choose a username of at most 64 characters."


@pytest.mark.parametrize("username", ["a", "a" * 64, "müller", "李小龍", "o'neil", "{{7*7}}", "<b>", "'or/1=1--"])
def test_other_usernames_are_fine(username: str) -> None:
    assert names.username_complaint(username) is None


@pytest.mark.parametrize(
    "email",
    ["alice@example.org", "Alice.B+tag@mail.example.org", "root@localhost", " a@b.c ", "o'neil@xn--mller-kva.example"],
)
def test_an_email_address_passes(email: str) -> None:
    assert names.email_complaint(email) is None


@pytest.mark.parametrize(
    "email",
    [
        "",
        "alice",
        "@example.org",
        "a@",
        "a@b@c",
        "a b@c.d",
        "a@b\r\nBcc: x@y",
        "a@-b.c",
        "a@b..c",
        ".a@b",
        "<a@b>",
        "\u0131@b.c",
        "a@b.c\0",
    ],
)
def test_what_is_no_email_address_is_refused(email: str) -> None:
    assert names.email_complaint(email) == "Give an e-mail address such as alice@example.org."


def test_an_email_address_is_not_long() -> None:
    assert "254" in (names.email_complaint("a@" + "b." * 200) or "")
    assert "254" in (names.email_complaint("a" * 100_000) or "")


def test_email_addresses_are_compared_in_lower_case() -> None:
    assert names.login_key(" Alice@Example.ORG ") == "alice@example.org"


@given(st.text(max_size=400))
def test_whatever_is_typed_has_a_login_key_that_the_database_takes(text: str) -> None:
    key = names.login_key(text)

    assert "\0" not in key
    assert len(key.encode()) < 2000


@pytest.mark.parametrize("name", ["Bank\u202e", "\u2066Bank", "Bank\u2069, which you know,", "a\u2028b"])
def test_a_name_turns_nothing_round_that_stands_beside_it(name: str) -> None:
    assert names.name_complaint(name) == "Give a name on one line, without control characters."


@pytest.mark.parametrize("name", ["\u200b", "\u00ad \u2060", "\u3164", "\u2800", "\ufe0f", "\u0301", " "])
def test_a_name_can_be_seen(name: str) -> None:
    assert names.name_complaint(name) == "Give a name that can be seen."


@pytest.mark.parametrize("name", ["", "商店", "בנק\u200f!", "👩\u200d💻", "क\u094d\u200dष", "❤\ufe0f"])
def test_a_name_is_of_any_script(name: str) -> None:
    assert names.name_complaint(name) is None


@pytest.mark.parametrize("name", ["a\nb", "a\0", "\ud800", "n" * 201])
def test_a_name_is_a_line(name: str) -> None:
    assert names.name_complaint(name) is not None
    assert names.name_complaint("Alice <script> {{7*7}}") is None
