"""`iam client`."""

import json
from typing import Any

import pytest

from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.command_line import Iam

REDIRECT_URI = "https://shop.example.org/callback"
MEMBERS = [
    "client_id",
    "client_name",
    "redirect_uris",
    "post_logout_redirect_uris",
    "grant_types",
    "response_types",
    "scope",
    "token_endpoint_auth_method",
    "application_type",
    "subject_type",
    "id_token_signed_response_alg",
    "authorization_signed_response_alg",
    "introspection_signed_response_alg",
    "require_signed_request_object",
    "require_pushed_authorization_requests",
    "dpop_bound_access_tokens",
    "tls_client_certificate_bound_access_tokens",
    "require_auth_time",
    "backchannel_logout_session_required",
    "frontchannel_logout_session_required",
    "require_pkce",
    "introspect_any",
    "trusted",
    "id_token_claims",
    "access_token_claims",
    "allow_http_redirects",
    "registered_itself",
    "owner",
    "created_at",
    "updated_at",
    "disabled_at",
]


def create(iam: Iam, *options: str) -> Any:
    return iam("client", "create", "--name", "Shop", *options, "--json").json


def good_secrets(iam: Iam, client_id: str) -> list[bytes]:
    """The digests that the database has."""
    rows = iam.execute("select digest from client_secrets where client_id = %s", (client_id,))
    return [bytes(digest) for (digest,) in rows]


# -- create --


def test_a_client_with_a_redirect_uri_gets_codes_and_refresh_tokens(iam: Iam) -> None:
    client = create(iam, "--redirect-uri", REDIRECT_URI)

    assert list(client) == ["client_id", "client_secret", *MEMBERS[1:]]
    assert client["client_name"] == "Shop"
    assert client["redirect_uris"] == [REDIRECT_URI]
    assert client["grant_types"] == ["authorization_code", "refresh_token"]
    assert client["scope"] == "openid profile email read write"
    assert client["token_endpoint_auth_method"] == "client_secret_basic"
    assert (client["require_pkce"], client["introspect_any"], client["owner"]) == (False, False, None)
    assert client["created_at"] == client["updated_at"]
    assert client["disabled_at"] is None


def test_a_client_without_one_gets_client_credentials(iam: Iam) -> None:
    client = create(iam)

    assert (client["grant_types"], client["scope"]) == (["client_credentials"], "read write")


def test_the_secret_is_kept_as_a_digest_and_shown_once(iam: Iam) -> None:
    client = create(iam)

    assert minted.well_formed(client["client_secret"], Kind.CLIENT_SECRET)
    assert good_secrets(iam, client["client_id"]) == [minted.digest(client["client_secret"])]
    assert "client_secret" not in iam("client", "show", client["client_id"], "--json").json
    assert client["client_secret"] not in iam("client", "list", "--json").out


def test_every_option_is_a_member_of_the_metadata(iam: Iam) -> None:
    iam("user", "create", "--username", "alice")
    iam("scope", "create", "photos:read", "--description", "Look at your photos")

    client = create(
        iam,
        *("--redirect-uri", REDIRECT_URI, "--redirect-uri", "http://127.0.0.1:8080/callback"),
        *("--post-logout-redirect-uri", "https://shop.example.org/", "--post-logout-redirect-uri", REDIRECT_URI),
        *("--grant-type", "authorization_code", "--grant-type", "client_credentials"),
        *("--scope", "read photos:read", "--auth-method", "client_secret_post"),
        *("--require-pkce", "--introspect-any", "--owner", "alice"),
    )

    assert client["redirect_uris"] == [REDIRECT_URI, "http://127.0.0.1:8080/callback"]
    assert client["post_logout_redirect_uris"] == ["https://shop.example.org/", REDIRECT_URI]
    assert client["grant_types"] == ["authorization_code", "client_credentials"]
    assert (client["scope"], client["token_endpoint_auth_method"]) == ("read photos:read", "client_secret_post")
    assert (client["require_pkce"], client["introspect_any"], client["owner"]) == (True, True, "alice")


def test_a_public_client_has_no_secret(iam: Iam) -> None:
    client = create(iam, "--redirect-uri", REDIRECT_URI, "--auth-method", "none")

    assert "client_secret" not in client
    assert client["token_endpoint_auth_method"] == "none"
    assert good_secrets(iam, client["client_id"]) == []


def test_ids_are_not_guessable(iam: Iam) -> None:
    ids = {create(iam)["client_id"] for _ in range(2)}

    assert len(ids) == 2
    assert all(len(client_id) == 22 for client_id in ids)


def test_people_are_told_to_take_note_of_the_secret(iam: Iam) -> None:
    said = iam("client", "create", "--name", "Shop").out

    assert "client secret" in said
    assert said.endswith("Take note of the secret now: it is not shown again.\n")


def test_people_are_told_of_no_secret_where_there_is_none(iam: Iam) -> None:
    said = iam("client", "create", "--name", "App", "--redirect-uri", REDIRECT_URI, "--auth-method", "none").out

    assert "client secret" not in said
    assert "Take note" not in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--name", " "), "Give the application a name"),
        (("--name", "Shop", "--redirect-uri", "http://shop.example.org/"), "https"),
        (("--name", "Shop", "--redirect-uri", "nonsense"), "A redirect URI is absolute"),
        (("--name", "Shop", "--grant-type", "password"), "Choose among authorization_code"),
        (("--name", "Shop", "--grant-type", "authorization_code"), "Give at least one redirect URI"),
        (("--name", "Shop", "--grant-type", "refresh_token"), "Refresh tokens come with the authorization code"),
        (("--name", "Shop", "--auth-method", "none"), "Client credentials need a secret"),
        (("--name", "Shop", "--scope", "nothing"), "Choose among the scopes that exist"),
        (("--name", "Shop", "--scope", " "), "Choose at least one scope"),
        (("--name", "Shop", "--owner", "nobody"), "There is no person nobody"),
        (("--name", "Shop", "--post-logout-redirect-uri", "javascript:x"), "redirect URI"),
    ],
)
def test_metadata_that_are_not_in_order_are_a_sentence_and_register_nothing(
    iam: Iam, options: tuple[str, ...], sentence: str
) -> None:
    before = iam.execute("select count(*) from clients")

    assert sentence in iam("client", "create", *options).complaint

    assert iam.execute("select count(*) from clients") == before


@pytest.mark.parametrize(
    "arguments",
    [("create",), ("create", "--name", "Shop", "--auth-method", "magic"), ("show",), ("update",), ("rotate-secret",)],
)
def test_wrong_usage_is_exit_status_2(iam: Iam, arguments: tuple[str, ...]) -> None:
    assert iam("client", *arguments).status == 2


# -- list and show --


def test_clients_are_listed_oldest_first(untouched: Iam) -> None:
    empty = untouched("client", "list")
    ids = [create(untouched)["client_id"] for _ in range(2)]

    assert empty.out == "There are no clients yet.\n"
    assert [client["client_id"] for client in untouched("client", "list", "--json").json] == ids


def test_people_see_the_columns_that_matter(iam: Iam) -> None:
    client = create(iam)

    heading, *rows = iam("client", "list").out.splitlines()

    assert heading.split() == [
        *("client", "id", "client", "name", "token", "endpoint", "auth", "method", "grant", "types", "owner"),
        *("last", "used"),
    ]
    assert any(row.startswith(client["client_id"]) and "client_secret_basic" in row for row in rows)


def test_unused_clients_are_those_that_nobody_has_used_ever_or_for_ninety_days(untouched: Iam) -> None:
    never, long_ago, lately, today = [create(untouched)["client_id"] for _ in range(4)]
    for client_id, days in ((long_ago, 91), (lately, 89), (today, 0)):
        used = "insert into client_uses (client_id, day) values (%s, (now() at time zone 'UTC')::date - %s)"
        untouched.execute(used + " returning day", (client_id, days))

    everybody, unused = (untouched("client", "list", *options, "--json").json for options in ((), ("--unused",)))

    assert [client["client_id"] for client in unused] == [never, long_ago]
    assert [client["last_used"] is None for client in everybody] == [True, False, False, False]


def test_a_client_that_was_given_something_lately_is_not_unused(untouched: Iam) -> None:
    given = create(untouched)["client_id"]
    untouched("user", "create", "--username", "ada", "--password-stdin", given="correct horse battery staple 1")
    untouched.execute(
        "insert into grants (id, user_id, client_id, grant_type, scope, created_at)"
        " select gen_random_uuid(), id, %s, 'authorization_code', 'read', now() from users returning id",
        (given,),
    )

    assert untouched("client", "list", "--unused").out == "Every client is used.\n"


def test_a_client_is_shown(iam: Iam) -> None:
    client = create(iam, "--redirect-uri", REDIRECT_URI)
    del client["client_secret"]

    assert iam("client", "show", client["client_id"], "--json").json == client
    lines = [line.split() for line in iam("client", "show", client["client_id"]).out.splitlines()]
    assert ["redirect", "uris", REDIRECT_URI] in lines


def test_a_name_steers_no_terminal(iam: Iam) -> None:
    refused = iam("client", "create", "--name", "\x1b[31mShop")

    assert refused.status == 1
    assert "\x1b" not in refused.err + iam("client", "list").out


# -- update --


def test_what_is_named_changes(iam: Iam) -> None:
    client = create(iam, "--redirect-uri", REDIRECT_URI, "--post-logout-redirect-uri", REDIRECT_URI)

    updated = iam(
        *("client", "update", client["client_id"], "--json", "--name", "Store"),
        *("--redirect-uri", "https://store.example.org/", "--redirect-uri", "https://store.example.org/2"),
        *("--post-logout-redirect-uri", "https://store.example.org/bye"),
        *("--grant-type", "authorization_code", "--scope", "read", "--require-pkce", "--introspect-any"),
    ).json

    assert updated["client_name"] == "Store"
    assert updated["redirect_uris"] == ["https://store.example.org/", "https://store.example.org/2"]
    assert updated["post_logout_redirect_uris"] == ["https://store.example.org/bye"]
    assert (updated["grant_types"], updated["scope"]) == (["authorization_code"], "read")
    assert (updated["require_pkce"], updated["introspect_any"]) == (True, True)


def test_what_is_not_named_stays_and_so_does_the_secret(iam: Iam) -> None:
    client = create(iam, "--redirect-uri", REDIRECT_URI, "--post-logout-redirect-uri", REDIRECT_URI, "--require-pkce")
    secrets = good_secrets(iam, client["client_id"])

    updated = iam("client", "update", client["client_id"], "--name", "Store", "--json").json

    del client["client_secret"], client["updated_at"], updated["updated_at"]
    assert updated == {**client, "client_name": "Store"}
    assert good_secrets(iam, client["client_id"]) == secrets


def test_flags_are_taken_back(iam: Iam) -> None:
    client = create(iam, "--require-pkce", "--introspect-any")

    updated = iam("client", "update", client["client_id"], "--no-require-pkce", "--no-introspect-any", "--json").json

    assert (updated["require_pkce"], updated["introspect_any"]) == (False, False)


def test_an_update_is_said_to_people(iam: Iam) -> None:
    client = create(iam)

    assert iam("client", "update", client["client_id"], "--name", "Store").out == "The client Store is updated.\n"


def test_an_update_that_is_not_in_order_changes_nothing(iam: Iam) -> None:
    client = create(iam, "--redirect-uri", REDIRECT_URI)

    complaint = iam("client", "update", client["client_id"], "--name", "Store", "--scope", "nothing").complaint

    assert complaint.startswith("Choose among the scopes that exist")
    assert iam("client", "show", client["client_id"], "--json").json["client_name"] == "Shop"


# -- rotate-secret --


def test_a_new_secret_takes_the_place_of_the_old_one(iam: Iam) -> None:
    client = create(iam)

    rotated = iam("client", "rotate-secret", client["client_id"], "--json").json

    assert rotated["client_id"] == client["client_id"]
    assert rotated["client_secret"] != client["client_secret"]
    assert good_secrets(iam, client["client_id"]) == [minted.digest(rotated["client_secret"])]


def test_a_public_client_gets_no_secret(iam: Iam) -> None:
    client = create(iam, "--redirect-uri", REDIRECT_URI, "--auth-method", "none")

    assert iam("client", "rotate-secret", client["client_id"]).complaint == (
        "The client Shop is public: it has no secret."
    )


# -- chosen --


def test_an_id_and_a_secret_are_chosen_and_the_secret_is_not_said_again(iam: Iam) -> None:
    secret = "d41d8cd98f00b204e9800998ecf8427e"
    options = ("--name", "Job", "--client-id", "my.job", "--client-secret-stdin", "--json")

    made = iam("client", "create", *options, given=secret + "\n")
    again = iam("client", "create", *options, given=secret)
    short = iam("client", "create", "--name", "Job", "--client-secret-stdin", given="short")
    weak = iam("client", "create", "--name", "Job", "--client-secret-stdin", "--json", given="a" * 32)

    assert made.json["client_id"] == "my.job"
    assert "client_secret" not in made.json
    assert secret not in made.out + made.err
    assert again.complaint == "There is a client my.job already."
    assert "32 to 256" in short.complaint
    assert weak.status == 0
    assert "entropy" in weak.err
    assert "--client-id" in iam("client", "create", "--name", "Job", "--client-id", "a/b").complaint


# -- delete --


def test_a_deleted_client_is_gone_and_its_grants_are_ended(iam: Iam) -> None:
    client_id = create(iam)["client_id"]

    deleted = iam("client", "delete", client_id, "--yes", "--json").json

    assert deleted == {"client_id": client_id, "deleted": True}
    assert iam("client", "show", client_id).complaint == f"There is no client {client_id}."
    assert iam.execute("select 1 from grants where client_id = %s and revoked_at is null", (client_id,)) == []


def test_a_deletion_is_said_to_people(iam: Iam) -> None:
    assert iam("client", "delete", create(iam)["client_id"], "--yes").out == "The client Shop is deleted.\n"


@pytest.mark.parametrize("command", ["show", "update", "rotate-secret", "delete"])
def test_a_client_that_is_not_there_is_a_sentence(iam: Iam, command: str) -> None:
    assert iam("client", command, "'; drop table").complaint == "There is no client '; drop table."


def test_the_documents_of_create_and_show_are_one_json_document_each(iam: Iam) -> None:
    created = iam("client", "create", "--name", "Shop", "--json")

    shown = iam("client", "show", created.json["client_id"], "--json")

    assert list(json.loads(shown.out)) == MEMBERS
    assert created.err == shown.err == ""


def test_a_trusted_client_is_warned_of_where_any_program_can_stand_in_for_it(iam: Iam) -> None:
    told = ("client", "create", "--name", "Shop", "--trusted", "--json")
    public = ("--auth-method", "none", "--redirect-uri", "http://127.0.0.1/cb")

    web, machine = iam(*told, "--redirect-uri", REDIRECT_URI), iam(*told, *public)
    updated = iam("client", "update", machine.json["client_id"], "--no-trusted", "--json")

    assert (web.json["trusted"], machine.json["trusted"], updated.json["trusted"]) == (True, True, False)
    assert (web.err, updated.err) == ("", "")
    assert machine.err.startswith("WARNING: any program on the machines of your people can stand in for Shop")
