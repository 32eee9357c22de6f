"""`iam token`, `iam grant` and `iam session`: what a server has given out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import frozen

from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.command_line import Iam


@frozen
class Given:
    """What alice's client holds."""

    grant_id: UUID
    session_id: UUID
    access_token: str
    refresh_token: str


GRANT_TYPES = (
    "--grant-type",
    "authorization_code",
    "--grant-type",
    "refresh_token",
    "--grant-type",
    "client_credentials",
)


@pytest.fixture(scope="module")
def client(iam: Iam) -> Any:
    """A registered client."""
    return iam(
        "client", "create", "--name", "Shop", "--redirect-uri", "https://shop.example/callback", "--json", *GRANT_TYPES
    ).json


@pytest.fixture(scope="module")
def alice(iam: Iam) -> Any:
    """A person."""
    return iam("user", "create", "--username", "alice", "--email", "alice@example.org", "--json").json


@pytest.fixture
def given(iam: Iam, client: Any, alice: Any) -> Given:
    """A session of alice's, a grant, and its tokens, as the server leaves them in the tables."""
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    given = Given(
        minted.identifier(),
        minted.identifier(),
        minted.mint_until(Kind.ACCESS_TOKEN, later),
        minted.mint_until(Kind.REFRESH_TOKEN, later),
    )
    iam.execute(
        "insert into sessions (day, id, digest, user_id, auth_time, seen_at, expires_at) values (%s, %s, %s, %s, %s, %s, %s)",
        (later.date(), str(given.session_id), given.session_id.bytes, alice["id"], now, now, later),
    )
    iam.execute(
        "insert into grants (id, user_id, client_id, session_id, grant_type, scope, created_at)"
        " values (%s, %s, %s, %s, 'authorization_code', %s, %s)",
        (str(given.grant_id), alice["id"], client["client_id"], str(given.session_id), "read", now),
    )
    iam.execute(
        "insert into consents (user_id, client_id, scopes, granted_at) values (%s, %s, '{read}', %s) on conflict do nothing",
        (alice["id"], client["client_id"], now),
    )
    for table, token in (("access_tokens", given.access_token), ("refresh_tokens", given.refresh_token)):
        iam.execute(
            f"insert into {table} (day, digest, grant_id, scope, issued_at, expires_at) values (%s, %s, %s, %s, %s, %s)",
            (later.date(), minted.digest(token), str(given.grant_id), "read", now, later),
        )
    return given


def test_a_token_is_shown_as_introspection_says(iam: Iam, given: Given, client: Any, alice: Any) -> None:
    shown = iam("token", "show", "--json", given=given.access_token + "\n").json

    lifetime = shown.pop("exp") - shown.pop("iat")
    assert shown == {
        "active": True,
        "client_id": client["client_id"],
        "sub": alice["id"],
        "username": "alice",
        "scope": "read",
    }
    assert lifetime == 3600
    assert iam("token", "show", "--json", given=given.refresh_token).json["active"]


def test_people_read_a_token_line_by_line(iam: Iam, given: Given) -> None:
    lines = [line.split(maxsplit=1) for line in iam("token", "show", given=given.access_token).out.splitlines()]

    assert ["active", "yes"] in lines
    assert ["username", "alice"] in lines
    assert dict(lines)["exp"].endswith("Z")


@pytest.mark.parametrize(
    "token",
    ["nonsense", "iam_at_" + "0" * 46 + "_000000", minted.mint_until(Kind.ACCESS_TOKEN, datetime.now(UTC))],
    ids=["no token", "wrong", "nobody's"],
)
def test_what_is_no_token_is_inactive_and_cannot_be_revoked(iam: Iam, token: str) -> None:
    assert iam("token", "show", "--json", given=token).json == {"active": False}
    assert iam("token", "revoke", given=token).complaint == "This is no token of this server: nothing was revoked."


@pytest.mark.parametrize("given", [b"", b"\n", b"two\nlines", b"\xff", b"a\0b", b"x" * 70_000])
def test_standard_input_holds_one_line(iam: Iam, given: bytes) -> None:
    assert "on standard input must be" in iam("token", "show", given=given).complaint


def test_a_revoked_token_takes_its_grant_with_it(iam: Iam, given: Given, client: Any) -> None:
    revoked = iam("token", "revoke", "--json", given=given.access_token)

    assert revoked.json == {"client_id": client["client_id"], "revoked": True}
    assert iam("token", "show", "--json", given=given.refresh_token).json == {"active": False}
    assert str(given.grant_id) not in iam("grant", "list").out


def test_a_used_refresh_token_still_finds_what_it_stood_for(iam: Iam, given: Given) -> None:
    iam.execute("update refresh_tokens set used_at = now() where digest = %s", (minted.digest(given.refresh_token),))

    assert iam("token", "revoke", given=given.refresh_token).status == 0
    assert iam("token", "show", "--json", given=given.access_token).json == {"active": False}


def test_grants_are_listed_by_person_and_client(iam: Iam, given: Given, client: Any, alice: Any) -> None:
    everything = iam("grant", "list", "--json").json
    hers = iam("grant", "list", "--json", "--user", "Alice", "--client", client["client_id"]).json
    own = [grant for grant in everything if grant["user_id"] is None]

    assert given.grant_id in {UUID(grant["id"]) for grant in hers}
    assert {(grant["username"], grant["client_name"]) for grant in hers} == {("alice", "Shop")}
    assert hers[-1] | {"created_at": "-"} == {
        "id": str(given.grant_id),
        "user_id": alice["id"],
        "username": "alice",
        "client_id": client["client_id"],
        "client_name": "Shop",
        "token_name": None,
        "session_id": str(given.session_id),
        "scope": "read",
        "created_at": "-",
        "expires_at": None,
    }
    assert len(own) == 1
    assert iam("grant", "list", "--client", "none").out == "There are no grants.\n"
    assert iam("grant", "list", "--user", "nobody").complaint == "There is no person nobody."


def test_a_revoked_grant_ends_its_tokens(iam: Iam, given: Given) -> None:
    revoked = iam("grant", "revoke", str(given.grant_id), "--json")
    again = iam("grant", "revoke", str(given.grant_id))

    assert revoked.json == {"id": str(given.grant_id), "revoked": True}
    assert iam("token", "show", "--json", given=given.access_token).json == {"active": False}
    assert again.complaint == f"There is no grant {given.grant_id}, or it has ended already."


@pytest.mark.parametrize("which", ["user", "client", "both", "everything"])
def test_h21_many_grants_are_revoked_at_once(iam: Iam, given: Given, client: Any, which: str) -> None:
    options = {
        "user": ("--user", "alice"),
        "client": ("--client", client["client_id"]),
        "both": ("--user", "alice", "--client", client["client_id"]),
        "everything": ("--everything",),
    }
    before = iam("token", "show", "--json", given=given.access_token).json["active"]

    revoked = iam("grant", "revoke", *options[which], "--json").json

    listed = [grant["id"] for grant in iam("grant", "list", "--json").json]
    assert (before, revoked["revoked"]) == (True, True)
    assert iam("token", "show", "--json", given=given.access_token).json == {"active": False}
    assert str(given.grant_id) not in listed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--user", "nobody"), "There is no person nobody."),
        (("--client", "none"), "There is no client none."),
    ],
)
def test_grants_of_nobody_cannot_be_revoked(iam: Iam, arguments: tuple[str, ...], sentence: str) -> None:
    assert iam("grant", "revoke", *arguments).complaint == sentence


@pytest.mark.parametrize("arguments", [(), ("--user", "alice", "--everything")])
def test_it_must_be_clear_what_is_revoked(iam: Iam, arguments: tuple[str, ...]) -> None:
    refused = iam("grant", "revoke", *arguments)

    assert refused.status == 2
    assert "Name one" in refused.err


def test_sessions_are_listed_and_revoked(iam: Iam, given: Given, alice: Any) -> None:
    listed = iam("session", "list", "--json", "--user", "alice").json
    revoked = iam("session", "revoke", str(given.session_id), "--json")
    again = iam("session", "revoke", str(given.session_id))

    found = next(session for session in listed if session["id"] == str(given.session_id))
    assert (found["user_id"], found["username"], found["remembered"]) == (alice["id"], "alice", False)
    assert revoked.json == {"id": str(given.session_id), "revoked": True}
    assert again.complaint == f"There is no session {given.session_id}."
    assert str(given.session_id) not in iam("session", "list").out
