"""What mail says: who it is from, what happened, and what to do; nobody's name changes that."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from iam.administration.mail import CONTENTS
from iam.browser.theme import BUNDLED, Theme
from iam.operations.messages import DETAIL, Messages, Unwritable
from iam.people.mail import Mails
from iam.records.mail import Mail
from iam.store import new_passwords
from tests.http.conftest import settings
from tests.store.test_writing_statements import statements

ISSUER = "https://login.example.org/o"
LINK = ISSUER + "/reset#iam_xx_" + "s" * 100
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)
KINDS = [
    *("reset", "verify", "invite", "sign_up", "sign_up_known", "password_changed", "email_changed", "new_device"),
    *(
        "factor_added",
        "factor_removed",
        "factor_switched",
        "factors_reset",
        "recovery_code_used",
        "personal_token_made",
    ),
    *("account_deletion", "sessions_ended", "test"),
]
WITH_LINK = ("reset", "verify", "invite", "sign_up")
FULL: dict[str, object] = {
    "address": "192.0.2.7",
    "device": "Firefox on Linux",
    "username": "alice",
    "new_email": "bob@example.org",
    "factor": "a passkey called Phone",
    "token": "Backup",
    "left": 3,
    "until": "2027-03-05T14:30:00+01:00",
}
WORDS = re.compile(r"<(head|style)\b.*?</\1>|<[^>]*>", re.DOTALL)

Write = Callable[..., Any]
mails = Mails(bytes(32))


def writing(theme: Path | None = None, issuer: str = ISSUER, sender: str = "iam@example.org") -> Messages:
    made = Theme(settings(templates=theme, issuer=issuer))
    return Messages(made.text, mails, issuer, "login.example.org", made.site, sender)


def mail(template: str = "reset", *, name: str = "", recipient: str = "alice@example.org", **detail: object) -> Mail:
    secret = mails.seal(LINK) if template in WITH_LINK else None
    return Mail(UUID(int=7), template, recipient, None, detail, secret, NOON, 1, name)


def bodies(message: Any) -> tuple[str, str]:
    """The plain text and the HTML of a message."""
    return tuple(message.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))  # type: ignore[return-value]


def words(html: str) -> list[str]:
    return unescape(WORDS.sub(" ", html)).split()


def test_of_every_kind_an_administrator_is_told_what_the_person_gets() -> None:
    assert set(CONTENTS) == set(KINDS)


def test_every_kind_has_its_texts_and_there_are_no_others() -> None:
    (templates,) = (path / "mail" for path in BUNDLED if path.is_dir())

    assert {path.name for path in templates.iterdir()} == {
        f"{kind}{ending}" for kind in (*KINDS, "layout") for ending in (".txt", ".html")
    }


@pytest.mark.parametrize("by_administrator", [False, True], ids=["by oneself", "by an administrator"])
@pytest.mark.parametrize("detail", [{}, FULL], ids=["nothing", "everything"])
@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_say_the_same(kind: str, detail: dict[str, object], *, by_administrator: bool) -> None:
    told = {**detail, "by_administrator": by_administrator, "second": by_administrator}
    message = writing().write(mail(kind, name="Alice", **told)).message

    text, html = bodies(message)
    assert words(html) == text.split()
    assert message["Subject"]
    assert "Hello Alice," in text
    assert "When: 5 March 2027, 12:00 UTC" in text
    assert "  " not in text
    assert "\n\n\n" not in text
    assert ("Network address: 192.0.2.7" in text) == bool(detail)
    assert (LINK in text) == (kind in WITH_LINK)


@pytest.mark.parametrize("kind", WITH_LINK)
def test_a_mail_with_a_link_says_how_long_it_is_good(kind: str) -> None:
    text, _ = bodies(writing().write(mail(kind, **FULL)).message)

    assert "until 5 March 2027, 13:30 UTC" in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_address_in_a_mail_is_below_the_issuer(kind: str) -> None:
    """There is no request that one could come from."""
    text, html = bodies(writing().write(mail(kind, **FULL)).message)

    addresses = re.findall(r"https?:[^\s<\"]+", text + html)
    assert addresses
    assert [address for address in addresses if not re.match(re.escape(ISSUER) + r"($|/)", address)] == []
    assert re.findall(r'(?:href|src)="(?!https:)', html) == []


def test_the_headers_say_what_a_program_wants_to_know() -> None:
    message = writing().write(mail(name="Alice Miller")).message

    assert message["From"] == '"login.example.org" <iam@example.org>'
    assert message["To"] == "Alice Miller <alice@example.org>"
    assert message["Subject"] == "Choose a new password for login.example.org"
    assert message["Date"] == "Fri, 05 Mar 2027 12:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"


def test_a_mail_that_is_sent_again_has_the_same_id() -> None:
    first, second = (writing().write(mail()).message["Message-ID"] for _ in range(2))

    assert first == second == "<00000000-0000-0000-0000-000000000007@login.example.org>"


@pytest.mark.parametrize(
    "name",
    [
        "Alice\r\nBcc: mallory@evil.example",
        "Alice\n\nVisit us",
        'Alice" <mallory@evil.example>, "',
        "Alice, Bob",
        "\u2028Alice\x00\x85",
        "Zoë <b>",
        "名" * 300,
        "=?utf-8?q?=0D=0ABcc:_mallory@evil.example?=",
    ],
    ids=["header", "body", "quotes", "comma", "separators", "markup", "long", "encoded"],
)
def test_a_name_changes_no_header_and_no_line(name: str) -> None:
    message = writing().write(mail("factor_added", name=name, factor=name)).message
    read = message_from_bytes(message.as_bytes(), policy=message.policy)

    assert sorted(read.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert [address.addr_spec for address in read["To"].addresses] == ["alice@example.org"]
    text, html = bodies(read)
    assert len([line for line in text.splitlines() if line.startswith("Added: ")]) == 1
    assert not re.search(r"^(Bcc|Visit)", text, re.MULTILINE)
    assert "<b>" not in html


def test_h34_markup_in_a_name_is_text() -> None:
    text, html = bodies(writing().write(mail(name="<a href='https://evil.example'>Ada's</a>")).message)

    assert "Hello <a href='https://evil.example'>Ada's</a>," in text
    assert "Hello &lt;a href=&#39;https://evil.example&#39;&gt;Ada&#39;s&lt;/a&gt;," in html


def test_a_link_stands_on_a_line_of_its_own_as_it_is() -> None:
    octets = writing().write(mail(name="Zoë")).message.as_bytes()

    assert f"\r\n{LINK}\r\n".encode() in octets


@pytest.mark.parametrize(
    "recipient", ["", "alice", "alice@example.org\r\nRCPT TO:<bob@example.org>", "zoë@example.org"]
)
def test_who_has_no_address_gets_no_mail(recipient: str) -> None:
    with pytest.raises(Unwritable, match="no e-mail address"):
        writing().write(mail(recipient=recipient))


def test_a_link_that_another_key_sealed_is_not_guessed() -> None:
    theirs = Mail(UUID(int=7), "reset", "a@example.org", None, {}, Mails(bytes(31) + b"x").seal(LINK), NOON, 1, "")

    with pytest.raises(Unwritable, match="key of the server"):
        writing().write(theirs)


@pytest.mark.parametrize("until", ["soon", "", None, 7, "2027-03-05T14:30:00"])
def test_an_end_that_is_no_moment_is_not_said(until: object) -> None:
    text, _ = bodies(writing().write(mail(until=until)).message)

    assert "for a short time" in text


def test_a_theme_writes_mail_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "reset.txt").write_text(
        '{% extends "mail/layout.txt" %}{% block subject %}Ahoy {{ name }}{% endblock %}'
        "{% block what %}Here & now: {{ link }}{% endblock %}"
    )

    message = writing(tmp_path).write(mail(name="Ada & Co")).message

    assert message["Subject"] == "Ahoy Ada & Co"
    assert f"Here & now: {LINK}" in bodies(message)[0]


def test_a_theme_whose_subject_has_a_name_lets_it_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "reset.txt").write_text("Ahoy {{ name }}\n\nHere: {{ link }}")

    message = writing(tmp_path).write(mail(name="=?utf-8?q?=0D=0ABcc:_mallory@evil.example?=")).message

    assert "Bcc" not in message_from_bytes(message.as_bytes(), policy=message.policy)


def test_a_theme_whose_mail_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "reset.txt").write_text("{% if %}")

    with pytest.raises(Exception, match="Expected an expression"):
        writing(tmp_path)


def test_what_a_mail_may_say_is_what_the_templates_ask_for() -> None:
    (templates,) = (path / "mail" for path in BUNDLED if path.is_dir())
    asked = {name for path in templates.iterdir() for name in re.findall(r"{(?:{|% if) (\w+) [%}]}", path.read_text())}
    everywhere = {"issuer", "link", "when", "name", *Theme(settings())._environment.globals}

    assert asked - everywhere == set(DETAIL)


BALANCED = r"\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))*\)"
MAILED = re.compile(r"\bmailed" + BALANCED)


def mailed_calls() -> dict[str, str]:
    """The calls of mailed() in the store, by statement."""
    return {f"{name}: {call}": call for name, text in statements() for call in MAILED.findall(text)}


def test_every_kind_of_mail_is_written_by_somebody() -> None:
    """A text that nobody is sent promises a notice that never comes."""
    firsts = [call.partition("(")[2].partition(" end,")[0].split(", ")[0] for call in mailed_calls().values()]
    given = {"%(kind)s": {new_passwords.INVITATION, new_passwords.RESET}}

    assert {kind for first in firsts for kind in given.get(first) or re.findall(r"'(\w+)'", first)} == set(KINDS)


def test_whoever_writes_a_mail_says_what_the_templates_know() -> None:
    calls = mailed_calls()
    said = {
        name: set(re.findall(r"'(\w+)', ", call.partition("jsonb_build_object")[2])) for name, call in calls.items()
    }

    assert len(calls) >= 9
    assert {name: members - set(DETAIL) for name, members in said.items() if members - set(DETAIL)} == {}
