"""`iam overview`, `mail`, `invitation`, `setting`, `refusal` and `user explain`: what there is to see and to mend."""

import pytest

from tests.command_line import Iam


@pytest.fixture(scope="module", autouse=True)
def bob(iam: Iam) -> None:
    """Somebody who is invited by mail."""
    assert iam("user", "invite", "bob", "--email", "bob@example.org").status == 0


def test_the_overview_tells_numbers_and_what_needs_attention(iam: Iam) -> None:
    told, words = iam("overview", "--json").json, iam("overview").out

    assert (told["people"], told["mail_waiting"]) == (1, 1)
    assert "mail waiting" in words
    assert "remedy" in words


def test_mail_that_waits_is_listed_sent_now_and_discarded(iam: Iam) -> None:
    (mail,) = iam("mail", "list", "--state", "waiting", "--json").json

    retried = iam("mail", "retry", mail["id"])
    shown = iam("mail", "show", mail["id"], "--json").json
    kept = iam("mail", "discard", mail["id"])
    discarded = iam("mail", "discard", mail["id"], "--yes", "--json").json

    assert (mail["template"], mail["recipient"]) == ("invite", "bob@example.org")
    assert retried.out == f"The mail {mail['id']} is sent now.\n"
    assert shown["id"] == mail["id"]
    assert kept.status == 2
    assert discarded == {"id": mail["id"], "discarded": True}
    assert iam("mail", "list").out == "There is no mail.\n"


def test_an_invitation_is_listed_shown_and_withdrawn(iam: Iam) -> None:
    (link,) = iam("invitation", "list", "--user", "bob", "--json").json

    shown = iam("invitation", "show", link["id"], "--json").json
    withdrawn = iam("invitation", "withdraw", link["id"], "--yes", "--json").json

    assert shown == link
    assert withdrawn == {"id": link["id"], "withdrawn": True}
    assert iam("invitation", "list").out == "There are no links that are good.\n"


def test_settings_are_told_with_where_they_come_from(iam: Iam) -> None:
    shown = iam("setting", "show", "database", "--json").json

    assert shown["source"] == "environment"
    assert "issuer" in iam("setting", "list").out
    assert iam("setting", "show", "nothing").complaint == "There is no setting nothing."


def test_why_somebody_cannot_log_in_is_said(iam: Iam) -> None:
    iam("user", "create", "--username", "carol")
    iam("user", "disable", "carol")

    told = iam("user", "explain", "carol", "--json").json

    assert "disabled" in [each["kind"] for each in told]
    assert iam("user", "unthrottle", "carol").out == "The person carol may try again.\n"
    assert iam("user", "explain", "nobody").complaint == "There is no person nobody."


def test_all_sessions_of_a_person_are_ended(iam: Iam) -> None:
    ended = iam("session", "revoke", "--user", "bob", "--json").json

    assert ended == {"user": "bob", "ended": 0, "revoked": True}
    assert iam("session", "revoke").status == 2


def test_refusals_are_listed_by_what_was_wrong(iam: Iam) -> None:
    iam.execute(
        "insert into refusals (day, id, at, endpoint, error, failed, expected, got)"
        " values (current_date + 1, '4fT0aZ81kLmQ', now(), '/token', 'invalid_client', 'client secret', 'x', 'y')"
    )

    (refusal,) = iam("refusal", "list", "--error", "invalid_client", "--json").json

    assert refusal == iam("explain", refusal["id"], "--json").json
    assert iam("refusal", "list", "--error", "invalid_scope").out == "Nothing was refused.\n"
