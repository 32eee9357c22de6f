"""Clients whose id and secret somebody chose: kept under the server's key, and as good as those that are made."""

import hashlib
from base64 import b64encode
from typing import Any
from urllib.parse import quote_plus

import pytest
from attrs import evolve
from joserfc.jwk import OctKey

from iam.clients import chosen_secrets, ids
from iam.records.actor import SERVER
from iam.records.client_metadata import Metadata
from tests.assertions import GRANT, Signer, form
from tests.harness import App, Server

SECRET = "d41d8cd98f00b204e9800998ecf8427e"


async def chosen(
    server: Server, client_id: str = "my.app-1", method: str = "client_secret_basic", secret: str = SECRET
) -> App:
    """A client of this id with this secret."""
    metadata = Metadata("Shop", method, ("client_credentials",), (), ("read",))
    owner = (await server.person("owner")).user_id
    assert await server.registration.register(client_id, metadata, secret=secret, owner_id=owner, by=SERVER)
    return App(client_id, secret)


@pytest.mark.parametrize("client_id", ["a", "my.app-1", "my_app~", "550e8400-e29b-41d4-a716-446655440000", "A" * 128])
async def test_a_chosen_secret_is_good_in_the_header_and_in_the_form(server: Server, client_id: str) -> None:
    app = await chosen(server, client_id)

    by_header = await server.token(app, **GRANT)
    by_form = await server.post("/token", {**GRANT, **app.form})
    wrong = await server.token(evolve(app, secret=SECRET[:-1] + "f"), **GRANT)

    assert (by_header.status, by_form.status, wrong.status) == (200, 200, 401)


@pytest.mark.parametrize(
    "secret",
    [
        "+/" * 21 + "==",
        "100%sure-100%25sure-100%zz-100%ff-%",
        "two words and+a+plus, and a: colon in it",
    ],
)
@pytest.mark.parametrize("encoded", [True, False])
async def test_the_header_is_read_as_the_rfc_has_it_and_as_most_programs_send_it(
    server: Server, secret: str, encoded: bool
) -> None:
    """RFC 6749 §2.3.1 has id and secret form-encoded; `curl -u` and many libraries send them as they are."""
    app = await chosen(server, secret=secret)
    sent = ":".join(quote_plus(text) if encoded else text for text in (app.client_id, secret))

    reply = await server.post("/token", GRANT, headers={"Authorization": "Basic " + b64encode(sent.encode()).decode()})

    assert reply.status == 200, reply.text


async def test_a_secret_is_never_decoded_twice(server: Server) -> None:
    app = await chosen(server, secret="a+b%" * 10)
    sent = f"{app.client_id}:{quote_plus(quote_plus(app.secret or ''))}"

    reply = await server.post("/token", GRANT, headers={"Authorization": "Basic " + b64encode(sent.encode()).decode()})

    assert reply.status == 401


async def test_it_is_kept_as_an_hmac_under_the_servers_key(server: Server, admin: Any) -> None:
    await chosen(server)

    admin.execute("select digest, sealed from client_secrets")
    [(digest, sealed)] = admin.fetchall()
    assert len(bytes(digest)) == 32
    assert bytes(digest) != hashlib.sha256(SECRET.encode()).digest()
    assert sealed is None


async def test_a_client_signs_with_a_chosen_secret(server: Server) -> None:
    app = await chosen(server, method="client_secret_jwt")

    signer = Signer(app.client_id, OctKey.import_key(SECRET), "HS256", server.settings.issuer)

    reply = await server.post("/token", {**GRANT, **form(signer.assertion())})

    assert reply.status == 200, reply.text


async def test_the_registration_endpoint_knows_no_client_of_a_chosen_id(server: Server) -> None:
    app = await chosen(server)
    owner = await server.store.users.by_username("owner")
    assert owner is not None
    owned = await server.store.clients.owned_by(owner.id)

    managed = await server.get(f"/register/{app.client_id}", headers={"Authorization": "Bearer x"})

    assert [client.id for client in owned] == [app.client_id]
    assert managed.status == 401


@pytest.mark.parametrize(
    "client_id", ["", ".", "..", "-x", "a b", "a/b", "a:b", "é", "a" * 129, "register", "a\n", "a?b"]
)
def test_an_id_that_is_no_segment_of_an_address_is_refused(client_id: str) -> None:
    assert ids.complaint(client_id)


@pytest.mark.parametrize("secret", ["short", "x" * 31, "x" * 257, " " + "x" * 40, "x" * 40 + "é", "x" * 40 + "\t"])
def test_a_secret_that_cannot_be_one_is_refused(secret: str) -> None:
    assert chosen_secrets.complaint(secret)


@pytest.mark.parametrize(
    ("secret", "weak"),
    [
        ("a" * 64, True),
        ("password" * 8, True),
        ("1234567890" * 4, True),
        ("31415926535897932384626433832795", True),
        (SECRET, False),
        (b64encode(bytes(range(32))).decode(), False),
        ("correct-horse-battery-staple-again!", False),
    ],
)
def test_a_secret_that_may_be_guessed_is_warned_of(secret: str, weak: bool) -> None:
    assert chosen_secrets.complaint(secret) is None
    assert (chosen_secrets.warning(secret) is not None) == weak
