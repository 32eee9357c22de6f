"""The password rule: length and guessability, nothing else (H13, NIST SP 800-63B)."""

import string
import time
import unicodedata
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iam.people import common_passwords, password_rule

ABOUT = ("alice", "alice.smith@example.org", "login.acme.example")


@pytest.mark.parametrize("password", ["", "1234567", "x9$Lq2v", "é" * 7, "e\u0301" * 7])
def test_a_short_password_is_refused(password: str) -> None:
    assert password_rule.complaint(password) == "Choose a password of at least 8 characters."


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "12345678",
        "aaaaaaaaaaaaaaa",
        "qwertyuiop",
        "Winter2024!",
        "alice2024",
        "alice.smith",
        "acmeacme",
        "P@ssw0rd1",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    assert "harder to guess" in (password_rule.complaint(password, *ABOUT) or "")


@pytest.mark.parametrize(
    ("password", "advice"),
    [
        ("Basketball1", "this one is among those that are tried first"),
        ("tractor-7", "add another word or two, because a part of this one is among those that are tried first"),
        ("PASSWORD1", "this one is among those that are tried first"),
        ("alice.smith", "leave out your name, your e-mail address and the name of this site"),
        ("alice&acme", "leave out your name, your e-mail address and the name of this site"),
        ("13.5.1987", "leave out dates"),
        ("rtrtrtrtrt", "repeat nothing"),
        ("hijklmnopq", "leave out rows such as abc or 123"),
        ("ghjkl;'][p", "leave out rows of keys"),
        ("underneath", "make it longer, by another word or two, and leave out names and dates"),
    ],
)
def test_a_refusal_says_what_to_change(password: str, advice: str) -> None:
    assert advice in (password_rule.complaint(password, *ABOUT) or "")


ALPHABETS = {
    "letters": string.ascii_letters,
    "small letters and digits": string.ascii_lowercase + string.digits,
    "letters and digits": string.ascii_letters + string.digits,
    "all": string.ascii_letters + string.digits + string.punctuation,
}


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_eight_characters_of_a_generator_are_enough_or_the_refusal_asks_for_more(alphabet: str) -> None:
    random = Random(alphabet)
    made = ["".join(random.choices(ALPHABETS[alphabet], k=8)) for _ in range(100)]

    refused = {password: told for password in made if (told := password_rule.complaint(password))}

    assert len(refused) <= 10  # what happens to contain a word or a row
    assert all("make it longer" in told or "add another word or two" in told for told in refused.values())
    assert not any(password_rule.complaint(password + " tractor sky") for password in refused)


@pytest.mark.parametrize("shortest", [9, 15, 64])
def test_the_shortest_password_is_a_setting(shortest: int) -> None:
    words = "kq!7 zebu violet kettles hum along the slow canal until the ferry comes back"

    assert password_rule.complaint(words[:shortest], shortest=shortest) is None
    short = password_rule.complaint(words[: shortest - 1], shortest=shortest)
    assert short == f"Choose a password of at least {shortest} characters."


def test_the_list_of_common_passwords_has_those_of_eight_characters_or_more() -> None:
    listed = common_passwords.lines().decode().strip().split("\n")

    assert len(listed) > 38_000
    assert listed == sorted(set(listed))
    assert min(map(len, listed)) == 8
    assert {"password1", "iloveyou", "trustno1"} <= set(listed)
    assert all(common_passwords.common(word.upper()) for word in listed[:100])


@pytest.mark.parametrize("password", ["", "password1x", "password1\npassword1x"])
def test_a_part_of_the_list_is_no_common_password(password: str) -> None:
    assert not common_passwords.common(password)


@pytest.mark.parametrize(
    "password", ["blue-tractor-42", "sunny day in june", "🦊🐻🐼🦁🐯🐨🐸🐵🦄", "пятьсот лиловых зонтов"]
)
def test_nothing_is_demanded_of_the_characters(password: str) -> None:
    assert password_rule.complaint(password, *ABOUT) is None


def test_a_password_of_1024_bytes_is_taken_whole() -> None:
    password = ("correct horse battery staple " * 40)[:1024]

    assert password_rule.complaint(password) is None
    assert len(password_rule.canonical(password) or b"") == 1024


@pytest.mark.parametrize("password", ["correct horse " * 74, "é" * 513, "x" * 1_000_000])
def test_a_longer_password_is_refused(password: str) -> None:
    assert password_rule.complaint(password) == "Choose a password of at most 1024 bytes."
    assert password_rule.canonical(password) is None


def test_what_cannot_be_written_in_utf_8_is_refused() -> None:
    assert password_rule.complaint("half a \udc80 character") == "Choose a password of at most 1024 bytes."


@given(st.text(max_size=100))
def test_composed_and_decomposed_letters_are_one_password(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))

    assert password_rule.canonical(composed) == password_rule.canonical(decomposed)


@settings(max_examples=20, deadline=None)
@given(st.text(alphabet="4@8({[<69!1|7$5+0e3x%2lz", min_size=60, max_size=90))
def test_a_hostile_password_is_judged_in_time(password: str) -> None:
    began = time.process_time()

    password_rule.complaint(password)

    assert time.process_time() - began < 3


def test_every_character_of_a_long_password_counts_also_those_that_combine() -> None:
    long = "\u03b1\u0313\u0301\u0345" * 300  # 1,200 characters, which become 300

    assert password_rule.canonical(long) == ("\u1f84" * 300).encode()
    assert password_rule.canonical(long) != password_rule.canonical(long[:-1])


@pytest.mark.parametrize("password", ["a" * 1025, "\u1f84" * 342, "\u03b1\u0313" * 2049])
def test_a_password_is_too_long_as_a_whole(password: str) -> None:
    assert password_rule.canonical(password) is None
    assert password_rule.complaint(password) == "Choose a password of at most 1024 bytes."
