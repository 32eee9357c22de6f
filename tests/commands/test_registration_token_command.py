"""`iam registration-token`."""

import re

import pytest

from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.command_line import Iam


def test_a_token_is_created_shown_once_listed_and_revoked(iam: Iam) -> None:
    told = ("--uses", "2", "--expires", "2100-01-31T12:00:00+01:00", "--scope", "read write")

    created = iam("registration-token", "create", *told, "--json").json
    listed = iam("registration-token", "list", "--json")
    revoked = iam("registration-token", "revoke", created["id"], "--json").json
    again = iam("registration-token", "revoke", created["id"])

    text = created.pop("initial_access_token")
    assert minted.well_formed(text, Kind.INITIAL_ACCESS_TOKEN)
    assert (created["uses_left"], created["scope"]) == (2, "read write")
    assert (created["expires_at"], created["revoked_at"]) == ("2100-01-31T11:00:00Z", None)
    assert created in listed.json
    assert text not in listed.out
    assert revoked == {"id": created["id"], "revoked": True}
    assert "revoked already" in again.complaint


def test_a_token_is_kept_as_a_digest(iam: Iam) -> None:
    created = iam("registration-token", "create", "--json").json

    rows = iam.execute("select digest from registration_tokens where id = %s", (created["id"],))

    assert [bytes(digest) for (digest,) in rows] == [minted.digest(created["initial_access_token"])]


def test_people_are_told_to_take_note_of_it(iam: Iam) -> None:
    said = iam("registration-token", "create").out

    assert re.search(r"initial access token +iam_ia_", said)
    assert said.endswith("Take note of the token now: it is not shown again.\n")


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (("--uses", "0"), 2, "--uses"),
        (("--expires", "tomorrow"), 2, "2027-01-31"),
        (("--expires", "2020-01-31"), 1, "is over"),
        (("--scope", "nothing"), 1, "no scope nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(iam: Iam, options: tuple[str, ...], status: int, words: str) -> None:
    outcome = iam("registration-token", "create", *options)

    assert (outcome.status, outcome.out) == (status, "")
    assert words in outcome.err


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_no_calendar_has_is_wrong_usage(iam: Iam, moment: str) -> None:
    before = iam("registration-token", "list", "--json").json

    assert iam("registration-token", "create", "--expires", moment).status == 2
    assert iam("audit", "list", "--since", moment).status == 2
    assert iam("registration-token", "list", "--json").json == before
