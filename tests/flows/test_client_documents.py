"""Clients that are documents, whose id is the URL of their metadata (draft-ietf-oauth-client-id-metadata-document-02)."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults

from iam.administration import clients
from iam.clients.documents import UNREAD
from iam.records.actor import COMMAND_LINE
from iam.records.invalid import Invalid
from tests.assertions import Signer, form, make, public
from tests.documents import Publisher
from tests.flows.test_refusals import trace_of
from tests.harness import CHALLENGE, REDIRECT_URI, App, Person, Reply, Server
from tests.waiting import until

DOCUMENTS = json.loads((Path(__file__).parent / "mcp_clients.json").read_text())["documents"]
REDIRECT_URIS = [uri for document in DOCUMENTS for uri in document["body"]["redirect_uris"]]


@pytest.fixture
def limits() -> tuple[str, ...]:
    return ("document-network=3",)


def asked(app: App, **changes: str | None) -> str:
    """A good authorization request of the client, changed; None takes a parameter away."""
    good = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    told = {name: value for name, value in {**good, **changes}.items() if value is not None}
    return "/authorize?" + urlencode(told)


async def why(server: Server, reply: Reply) -> str:
    """Why a request was refused, on a page."""
    assert reply.status == 400
    (identifier,) = {part[:12] for part in reply.text.split("/errors/")[1:]}
    return (await trace_of(server, f"{server.settings.issuer}/errors/{identifier}")).got


async def signer(server: Server, publisher: Publisher, **members: Any) -> Signer:
    """A client that is a document with a key."""
    key = make("ES256")
    told = {"token_endpoint_auth_method": "private_key_jwt", "jwks": public(key), **members}
    app = publisher.publish(**told)
    return Signer(app.client_id, key, "ES256", server.settings.issuer, now=server.clock.seconds())


def signed(server: Server, signer: Signer, **parameters: str) -> dict[str, str]:
    return form(evolve(signer, now=server.clock.seconds()).assertion(), **parameters)


# Being let in


async def test_a_document_is_let_in_gets_tokens_and_is_read_once(server: Server, publisher: Publisher) -> None:
    app, person = publisher.publish(grant_types=["authorization_code", "refresh_token"]), await server.person()

    tokens = await server.tokens(app, person, scope="openid offline_access")
    refreshed = await server.refresh(app, tokens["refresh_token"])

    assert refreshed.status == 200
    assert len(publisher.asked) == 1


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["name"])
@pytest.mark.parametrize("redirect_uri", REDIRECT_URIS)
async def test_a_client_of_today_is_let_in_by_its_document(
    server: Server, publisher: Publisher, document: Any, redirect_uri: str
) -> None:
    app, person = publisher.publish(**document["body"]), await server.person()
    elsewhere = redirect_uri.replace("/callback", ":54545/callback")

    code = await server.code(app, person, redirect_uri=elsewhere, scope="openid")
    reply = await server.redeem(app, code, redirect_uri=elsewhere)

    assert reply.status == 200


async def test_it_has_what_a_client_has_that_registers_itself(server: Server, publisher: Publisher, admin: Any) -> None:
    app = publisher.publish(client_name="Tools of today", scope="openid read")

    await server.get(asked(app))

    client = await server.store.clients.read(app.client_id)
    admin.execute("select kind, actor from audit_events where client = %s", (app.client_id,))
    assert client is not None
    assert (client.name, client.document, client.registered_itself, client.answered_for) == (
        "Tools of today",
        True,
        True,
        False,
    )
    assert (client.scopes, client.require_pkce) == (("openid",), True)
    assert admin.fetchall() == [("client.created", "anybody")]


async def test_one_with_a_key_proves_itself_by_it(server: Server, publisher: Publisher) -> None:
    client, person = await signer(server, publisher), await server.person()
    app = App(client.client_id, None)
    parameters = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}

    unproven = await server.redeem(app, await server.code(app, person, scope="openid"))
    code = await server.code(app, person, scope="openid")
    proven = await server.post(
        "/token",
        signed(server, client, code=code, code_verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", **parameters),
    )

    assert (unproven.status, unproven.json["error"]) == (401, "invalid_client")
    assert proven.status == 200


async def test_one_pushes_its_requests(server: Server, publisher: Publisher) -> None:
    client, person = await signer(server, publisher), await server.person()
    request = dict(parse_qsl(urlsplit(asked(App(client.client_id, None))).query))

    pushed = await server.post("/par", signed(server, client, **request))
    told = {"client_id": client.client_id, "request_uri": pushed.json["request_uri"]}
    page = await server.get("/authorize?" + urlencode(told), headers=person.headers)

    assert (pushed.status, page.status) == (201, 200)
    assert len(publisher.asked) == 1


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": None}, {"code_challenge": "short"}], ids=["no address", "no PKCE"]
)
async def test_a_pushed_request_that_is_malformed_has_nothing_read(
    server: Server, publisher: Publisher, changes: dict[str, str | None]
) -> None:
    request = dict(parse_qsl(urlsplit(asked(publisher.publish(), **changes)).query))

    assert (await server.post("/par", request)).status == 401
    assert publisher.asked == []


async def test_the_metadata_say_whether_clients_may_be_documents(server: Server, configured: Any) -> None:
    path, name = "/.well-known/oauth-authorization-server", "client_id_metadata_document_supported"

    assert (await server.get(path)).json[name] is True
    assert (await configured(client_documents="off").get(path)).json[name] is False


# What is no document of a client

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another client_id": ({"client_id": "https://client.example/id"}, "letter by letter"),
    "no client_id": ({"client_id": None}, "letter by letter"),
    "a client_id that is no text": ({"client_id": 7}, "letter by letter"),
    "a secret": ({"client_secret": "s3cret"}, "everybody can read"),
    "no secret, but the member": ({"client_secret": None, "client_secret_expires_at": 0}, "everybody can read"),
    "client_secret_basic": ({"token_endpoint_auth_method": "client_secret_basic"}, "one of none, private_key_jwt"),
    "client_secret_post": ({"token_endpoint_auth_method": "client_secret_post"}, "one of none, private_key_jwt"),
    "client_secret_jwt": ({"token_endpoint_auth_method": "client_secret_jwt"}, "one of none, private_key_jwt"),
    "a method that nobody knows": ({"token_endpoint_auth_method": "trust_me"}, "one of none, private_key_jwt"),
    "private_key_jwt without keys": ({"token_endpoint_auth_method": "private_key_jwt"}, "needs its public keys"),
    "a private key": ({"jwks": {"keys": [make("ES256").as_dict(private=True)]}}, "only its public half"),
    "a secret key": ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, "only its public half"),
    "no redirect URI": ({"redirect_uris": []}, "at least one redirect URI"),
    "redirect URIs that are no list": ({"redirect_uris": REDIRECT_URI}, "valid array"),
    "a redirect URI that runs": ({"redirect_uris": ["javascript:alert(1)"]}, "never begins with javascript"),
    "a name that is none": ({"client_name": "a\nb"}, "client_name"),
    "keys on a private network": (
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "file:///etc/passwd"},
        "Give an address",
    ),
}


@pytest.mark.parametrize(("members", "sentence"), WRONG.values(), ids=WRONG)
async def test_a_document_that_is_no_clients_is_refused(
    server: Server, publisher: Publisher, members: dict[str, Any], sentence: str
) -> None:
    app = publisher.publish(**members)

    reply = await server.get(asked(app))

    assert sentence in await why(server, reply)
    assert await server.store.clients.read(app.client_id) is None


TEXTS = {
    "a list": (b"[]", "no JSON object"),
    "no JSON": (b"client_id: me", UNREAD),
    "a web page": (b"<!doctype html>", UNREAD),
    "nothing": (b"", UNREAD),
    "no UTF-8": (b'{"client_name": "\xff"}', UNREAD),
    "5 MB": (b'{"padding": "' + b"x" * 5_000_000 + b'"}', UNREAD),
    "nested a thousand times": (b"[" * 30_000, UNREAD),
}


@pytest.mark.parametrize(("text", "sentence"), TEXTS.values(), ids=TEXTS)
async def test_what_is_no_json_object_is_refused(
    server: Server, publisher: Publisher, text: bytes, sentence: str
) -> None:
    app = publisher.publish()
    publisher.put(app.client_id, text)

    assert sentence in await why(server, await server.get(asked(app)))


async def test_a_member_that_is_there_twice_is_refused(server: Server, publisher: Publisher) -> None:
    app = publisher.publish()
    twice = (
        f'{{"client_id": "https://a.example/b", "client_id": "{app.client_id}", "redirect_uris": ["{REDIRECT_URI}"]}}'
    )
    publisher.put(app.client_id, twice.encode())

    assert await why(server, await server.get(asked(app))) == UNREAD


def redirects(publisher: Publisher) -> None:
    publisher.status, publisher.headers["Location"] = 302, publisher.url("/elsewhere")


def compresses(publisher: Publisher) -> None:
    publisher.headers["Content-Encoding"] = "gzip"


def sends_a_bomb(publisher: Publisher) -> None:
    publisher.headers["Content-Encoding"] = "gzip"
    bomb = gzip.compress(b'{"padding": "' + bytes(50_000_000) + b'"}')
    publisher.documents = dict.fromkeys(publisher.documents, bomb)


def says_html(publisher: Publisher) -> None:
    publisher.headers["Content-Type"] = "text/html"


def is_gone(publisher: Publisher) -> None:
    publisher.status = 404


def says_partly(publisher: Publisher) -> None:
    publisher.status = 206


def hangs_up(publisher: Publisher) -> None:
    publisher.answer = lambda request: request.transport.abortConnection() or b""


@pytest.mark.parametrize("behaves", [redirects, compresses, sends_a_bomb, says_html, is_gone, says_partly, hangs_up])
async def test_only_plain_json_at_the_very_address_counts(
    server: Server, publisher: Publisher, behaves: Callable[[Publisher], None]
) -> None:
    app = publisher.publish()
    behaves(publisher)

    assert await why(server, await server.get(asked(app))) == UNREAD
    assert len(publisher.asked) == 1


@pytest.mark.parametrize("status", [201, 204, 301, 303, 304, 307, 308, 401, 500])
async def test_only_the_status_200_counts(server: Server, publisher: Publisher, status: int) -> None:
    app = publisher.publish()
    publisher.status, publisher.headers["Location"] = status, publisher.publish().client_id

    assert await why(server, await server.get(asked(app))) == UNREAD
    assert len(publisher.asked) == 1


@pytest.mark.parametrize("type_", ["text/plain", "application/jsonp", "application/json-seq", "text/json+x", ""])
async def test_only_json_by_its_type_counts(server: Server, publisher: Publisher, type_: str) -> None:
    app = publisher.publish()
    publisher.headers["Content-Type"] = type_

    assert await why(server, await server.get(asked(app))) == UNREAD


async def test_json_of_another_name_counts(server: Server, publisher: Publisher) -> None:
    app = publisher.publish()
    publisher.headers["Content-Type"] = "application/oauth-client-id-document+json; charset=utf-8"

    assert (await server.get(asked(app))).status == 303


@pytest.mark.parametrize("octets", [(64 << 10) - 1, (64 << 10) + 1])
async def test_a_document_has_64_kilobytes_at_most(server: Server, publisher: Publisher, octets: int) -> None:
    app = publisher.publish()
    text = json.dumps({"client_id": app.client_id, "client_name": "Tools", "redirect_uris": [REDIRECT_URI]})
    publisher.put(app.client_id, text.ljust(octets).encode())

    assert (await server.get(asked(app))).status == (303 if octets < 64 << 10 else 400)


@pytest.mark.parametrize("address", ["https://10.0.0.1/jwks", "https://169.254.169.254/jwks", "https://[::1]/jwks"])
async def test_h35_its_keys_are_not_fetched_from_a_private_address(
    server: Server, publisher: Publisher, address: str
) -> None:
    client = await signer(server, publisher, jwks=None, jwks_uri=address)
    request = dict(parse_qsl(urlsplit(asked(App(client.client_id, None))).query))

    reply = await server.post("/par", signed(server, client, **request))

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert "cannot be fetched" in reply.json["error_description"]


PUSHING = ("/par", "/device_authorization")


@pytest.mark.parametrize("path", PUSHING)
@pytest.mark.parametrize(
    "members",
    [{"client_id": "https://client.example/id"}, {"client_secret": "s3cret"}, {"redirect_uris": []}],
    ids=["another client_id", "a secret", "no redirect URI"],
)
async def test_a_document_that_is_no_clients_is_refused_where_no_browser_comes(
    server: Server, publisher: Publisher, path: str, members: dict[str, Any]
) -> None:
    app = publisher.publish(**members)
    request = dict(parse_qsl(urlsplit(asked(app)).query))

    reply = await server.post(path, request)

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert await server.store.clients.read(app.client_id) is None


@pytest.mark.parametrize("path", PUSHING)
@pytest.mark.parametrize(
    "other", ["http://127.0.0.1:{port}/id", "https://127.0.0.1:{port}/a/../id", "https://10.0.0.1/id"]
)
async def test_h35_nor_is_a_url_asked_there_that_cannot_be_an_id(
    server: Server, publisher: Publisher, path: str, other: str
) -> None:
    app = publisher.publish(other.format(port=publisher.number))
    request = dict(parse_qsl(urlsplit(asked(app)).query))

    reply = await server.post(path, request)

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert publisher.asked == []


async def test_a_certificate_of_nobody_proves_nothing(
    server: Server, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = publisher.publish()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))

    assert await why(server, await server.get(asked(app))) == UNREAD
    assert publisher.asked == []


# What is not even read


@pytest.mark.parametrize(
    "other",
    [
        "http://127.0.0.1:{port}/id",
        "https://127.0.0.1:{port}",
        "https://127.0.0.1:{port}/id#me",
        "https://user@127.0.0.1:{port}/id",
        "https://user:secret@127.0.0.1:{port}/id",
        "https://127.0.0.1:{port}/a/../id",
        "https://127.0.0.1:{port}/./id",
        "https://127.0.0.1:{port}/a/%2e%2E/id",
        "https://127.0.0.1:0{port}/id",
        "https://127.0.0.1:443/id",
        "https://127.0.0.1:65536/id",
        "https://127.1:{port}/id",
        "https://2130706433:{port}/id",
        "https://LOCALHOST:{port}/id",
        "HTTPS://127.0.0.1:{port}/id",
        "https://127.0.0.1:{port}/i d",
        "https://127.0.0.1:{port}/\\id",
        "https://127.0.0.1:{port}/" + "i" * 1024,
        "https://10.0.0.1/id",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]:{port}/id",
        "https://[::ffff:127.0.0.1]:{port}/id",
        "https://0/id",
        "https:///id",
    ],
)
async def test_h35_a_url_that_cannot_be_an_id_is_not_asked(server: Server, publisher: Publisher, other: str) -> None:
    url = other.format(port=publisher.number)
    app = publisher.publish(url) if url.count("/") > 2 else App(url, None)

    reply = await server.get(asked(app))

    assert reply.status == 400
    assert publisher.asked == []
    assert await server.store.clients.read(url) is None


MALFORMED: dict[str, dict[str, str | None]] = {
    "no redirect_uri": {"redirect_uri": None},
    "a redirect_uri that is none": {"redirect_uri": "javascript:alert(1)"},
    "no response_type": {"response_type": None},
    "another response_type": {"response_type": "token"},
    "no PKCE": {"code_challenge": None, "code_challenge_method": None},
    "plain PKCE": {"code_challenge_method": "plain"},
    "PKCE without a method": {"code_challenge_method": None},
    "a challenge that is none": {"code_challenge": "short"},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED)
async def test_h35_a_request_that_is_malformed_otherwise_has_nothing_read(
    server: Server, publisher: Publisher, changes: dict[str, str | None]
) -> None:
    app = publisher.publish()

    reply = await server.get(asked(app, **changes))

    assert reply.status == 400
    assert publisher.asked == []


async def test_a_request_for_the_answer_alone_has_the_document_read(server: Server, publisher: Publisher) -> None:
    app = publisher.publish()

    reply = await server.get(asked(app, response_type="none", code_challenge=None, code_challenge_method=None))

    assert reply.status == 303
    assert len(publisher.asked) == 1


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token", "client_credentials"])
async def test_the_token_endpoint_reads_no_document_of_who_proves_nothing(
    server: Server, publisher: Publisher, grant_type: str
) -> None:
    app = publisher.publish()

    reply = await server.token(app, grant_type=grant_type, code="c", refresh_token="r", code_verifier="v")

    assert reply.status in (400, 401)
    assert publisher.asked == []


async def test_neither_an_error_nor_a_document_that_is_wrong_is_cached(server: Server, publisher: Publisher) -> None:
    app = publisher.publish()
    publisher.status = 404
    gone = await server.get(asked(app))
    publisher.status = 200
    publisher.publish(app.client_id, client_id="https://client.example/id")
    wrong = await server.get(asked(app))
    publisher.publish(app.client_id)

    mended = await server.get(asked(app))

    assert (gone.status, wrong.status, mended.status) == (400, 400, 303)
    assert len(publisher.asked) == 3


async def test_a_document_that_has_become_wrong_is_not_taken_for_the_one_before(
    server: Server, publisher: Publisher
) -> None:
    app = publisher.publish()
    await server.get(asked(app))
    publisher.publish(app.client_id, client_secret="s3cret")
    server.clock.advance(301)

    replies = [await server.get(asked(app)) for _ in range(2)]

    assert [reply.status for reply in replies] == [400, 400]
    assert len(publisher.asked) == 3


async def test_one_reading_serves_all_who_wait(server: Server, publisher: Publisher) -> None:
    app = publisher.publish()
    publisher.answer = publisher.hold
    replies = [Deferred.fromCoroutine(server.get(asked(app))) for _ in range(20)]

    await until(lambda: bool(publisher.held))
    publisher.release()

    assert [reply.status for reply in await gatherResults(replies)] == [303] * 20
    assert len(publisher.asked) == 1


async def test_readings_are_counted_by_network(several_limited: tuple[Server, ...], publisher: Publisher) -> None:
    publisher.status = 404

    def headers(address: str) -> dict[str, str]:
        return {"X-Forwarded-For": address}

    replies = [
        await several_limited[number % 3].get(asked(publisher.publish()), headers=headers("192.0.2.1"))
        for number in range(4)
    ]
    elsewhere = await several_limited[0].get(asked(publisher.publish()), headers=headers("192.0.2.2"))

    assert [reply.status for reply in replies] == [400] * 3 + [429]
    assert elsewhere.status == 400
    assert len(publisher.asked) == 4


# Whose documents


async def test_none_is_read_where_clients_are_no_documents(
    configured: Callable[..., Server], publisher: Publisher
) -> None:
    server, app = configured(client_documents="off"), publisher.publish()

    reply = await server.get(asked(app))

    assert "off" in await why(server, reply)
    assert publisher.asked == []


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 303), ("127.0.0.2", 400)])
async def test_only_documents_of_listed_hosts_are_read(
    configured: Callable[..., Server], publisher: Publisher, host: str, status: int
) -> None:
    server = configured(client_documents="listed", client_document_host=(host,))

    reply = await server.get(asked(publisher.publish()))

    assert reply.status == status
    assert len(publisher.asked) == (status == 303)


async def test_a_document_whose_host_is_listed_no_more_gets_no_tokens(
    server: Server, configured: Callable[..., Server], publisher: Publisher
) -> None:
    app, person = publisher.publish(grant_types=["authorization_code", "refresh_token"]), await server.person()
    tokens = await server.tokens(app, person, scope="openid offline_access")

    reply = await configured(client_documents="off").refresh(app, tokens["refresh_token"])

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


# Acting for itself


async def test_a_client_of_a_named_host_acts_for_itself(
    configured: Callable[..., Server], publisher: Publisher
) -> None:
    server = configured(client_document_host=("127.0.0.1",), registration_scope=("read",))
    client = await signer(server, publisher, grant_types=["client_credentials"], redirect_uris=[])
    client = evolve(client, audience=server.settings.issuer)

    reply = await server.post("/token", signed(server, client, grant_type="client_credentials", scope="read"))

    assert (reply.status, reply.json["scope"]) == (200, "read")


async def test_another_does_not_and_is_not_even_read(server: Server, publisher: Publisher) -> None:
    client = await signer(server, publisher, grant_types=["client_credentials"], redirect_uris=[])

    reply = await server.post("/token", signed(server, client, grant_type="client_credentials"))

    assert (reply.status, reply.json["error"]) == (401, "invalid_client") or reply.json[
        "error"
    ] == "unauthorized_client"
    assert publisher.asked == []


async def test_what_acted_for_itself_does_not_once_its_host_is_not_named(
    server: Server, configured: Callable[..., Server], publisher: Publisher
) -> None:
    naming = configured(client_document_host=("127.0.0.1",), registration_scope=("read",))
    grants = ["client_credentials", "authorization_code"]
    client = evolve(await signer(naming, publisher, grant_types=grants), audience=naming.settings.issuer)
    token = (await naming.post("/token", signed(naming, client, grant_type="client_credentials", scope="read"))).json
    asks = await server.app(introspect_any=True)
    server.clock.advance(3601)

    refused = await server.post("/token", signed(server, client, grant_type="client_credentials"))
    await server.get(asked(App(client.client_id, None)))

    assert refused.json["error"] == "unauthorized_client"
    assert await server.introspect(asks, token["access_token"]) == {"active": False}


# Changes


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [(None, 300), ("max-age=600", 600), ("max-age=86400", 3600), ("max-age=1", 60), ("no-store", 60)],
)
async def test_a_document_is_read_again_when_its_headers_say_so(
    server: Server, publisher: Publisher, admin: Any, cache_control: str | None, seconds: int
) -> None:
    app = publisher.publish()
    if cache_control:
        publisher.headers["Cache-Control"] = cache_control
    counts = []

    for wait in (0, seconds - 1, 2):
        server.clock.advance(wait)
        await server.get(asked(app))
        counts.append(len(publisher.asked))

    admin.execute("select count(*) from audit_events where client = %s", (app.client_id,))
    assert counts == [1, 1, 2]
    assert admin.fetchone() == (1,)  # it says the same, and that is no change


async def test_a_redirect_uri_that_is_gone_is_not_gone_to(server: Server, publisher: Publisher) -> None:
    app = publisher.publish()
    before = await server.get(asked(app))
    publisher.publish(app.client_id, redirect_uris=["https://client.example/other"])
    server.clock.advance(301)

    after = await server.get(asked(app))

    assert (before.status, after.status) == (303, 400)


async def consented(server: Server, publisher: Publisher, person: Person) -> App:
    """A client that this person has allowed something, so that they are not asked again."""
    app = publisher.publish(client_uri="https://client.example/")
    await server.code(app, person, scope="openid")
    assert "code=" in (await server.get(asked(app), headers=person.headers)).location
    return app


SAYS: dict[str, tuple[dict[str, Any], bool]] = {
    "another name": ({"client_name": "Bank"}, True),
    "another link": ({"client_uri": "https://client.example/new"}, True),
    "another address": ({"redirect_uris": [REDIRECT_URI, "https://other.example/cb"]}, True),
    "another way to prove itself": (
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": public(make("ES256"))},
        True,
    ),
    "other people to write to": ({"contacts": ["me@client.example"]}, False),
    "a key": ({"jwks": public(make("ES256"))}, False),
    "the same": ({}, False),
}


@pytest.mark.parametrize(("members", "again"), SAYS.values(), ids=SAYS)
async def test_people_are_asked_again_if_it_says_something_else_of_itself(
    server: Server, publisher: Publisher, members: dict[str, Any], again: bool
) -> None:
    person = await server.person()
    app = await consented(server, publisher, person)
    publisher.publish(app.client_id, **{"client_uri": "https://client.example/", **members})
    server.clock.advance(301)

    page = await server.get(asked(app), headers=person.headers)
    await server.code(app, person, scope="openid")
    next_time = await server.get(asked(app), headers=person.headers)

    assert (page.status == 200) is again
    assert "code=" in next_time.location


async def test_the_grant_keeps_what_the_document_said_of_itself(
    server: Server, publisher: Publisher, admin: Any
) -> None:
    person = await server.person()
    app = publisher.publish()
    await server.code(app, person, scope="openid")
    publisher.publish(app.client_id, client_name="Bank")
    server.clock.advance(301)
    await server.code(app, person, scope="openid")

    admin.execute(
        "select count(*), count(distinct client_digest), min(length(client_digest)) from grants"
        " where client_id = %s and user_id is not null",
        (app.client_id,),
    )
    assert admin.fetchone() == (2, 2, 32)


async def test_keys_that_are_gone_prove_nothing_any_more(server: Server, publisher: Publisher) -> None:
    old, person = (
        await signer(server, publisher, grant_types=["authorization_code", "refresh_token"]),
        await server.person(),
    )
    app = App(old.client_id, None)
    verifier = {"code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "redirect_uri": REDIRECT_URI}
    code = await server.code(app, person, scope="openid offline_access")
    tokens = (
        await server.post("/token", signed(server, old, grant_type="authorization_code", code=code, **verifier))
    ).json
    new = evolve(old, key=make("ES256"))
    publisher.publish(
        old.client_id,
        token_endpoint_auth_method="private_key_jwt",
        jwks=public(new.key),
        grant_types=["authorization_code", "refresh_token"],
    )
    server.clock.advance(301)
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    by_old = await server.post("/token", signed(server, old, **refresh))
    by_new = await server.post("/token", signed(server, new, **refresh))

    assert (by_old.status, by_new.status) == (401, 200)


async def test_a_document_that_is_gone_lets_nobody_in_but_what_was_granted_goes_on(
    server: Server, publisher: Publisher
) -> None:
    app, person = publisher.publish(grant_types=["authorization_code", "refresh_token"]), await server.person()
    tokens = await server.tokens(app, person, scope="openid offline_access")
    publisher.status = 404
    server.clock.advance(301)

    request = await server.get(asked(app))
    refreshed = await server.refresh(app, tokens["refresh_token"])

    assert (request.status, refreshed.status) == (400, 200)


async def test_scopes_that_an_administrator_gave_it_stay(server: Server, publisher: Publisher, admin: Any) -> None:
    app = publisher.publish()
    await server.get(asked(app))
    admin.execute("update clients set scopes = scopes || '{read}' where id = %s", (app.client_id,))
    server.clock.advance(301)

    await server.get(asked(app))

    client = await server.store.clients.read(app.client_id)
    assert client is not None
    assert "read" in client.scopes


async def test_a_client_that_is_disabled_stays_so_whatever_its_document_says(
    server: Server, publisher: Publisher
) -> None:
    app = publisher.publish()
    await server.get(asked(app))
    await server.store.clients.set_disabled(app.client_id, server.now(), COMMAND_LINE, disabled=True)
    server.clock.advance(301)

    reply = await server.get(asked(app))

    assert await why(server, reply) == "disabled"


async def test_a_host_is_disabled_with_all_that_is_below_it_and_to_come(
    server: Server, publisher: Publisher, admin: Any
) -> None:
    grants = ["authorization_code", "refresh_token"]
    one, other = publisher.publish(grant_types=grants), publisher.publish(grant_types=grants)
    person, asks = await server.person(), await server.app(introspect_any=True)
    tokens = [await server.tokens(app, person, scope="openid offline_access") for app in (one, other)]
    on = server.application.administration

    await clients.disable_host(on, one.client_id, COMMAND_LINE)
    alive = [(await server.introspect(asks, each["access_token"]))["active"] for each in tokens]
    refreshed = await server.refresh(other, tokens[1]["refresh_token"])
    new = publisher.publish()
    refused = await why(server, await server.get(asked(new)))
    await clients.enable_host(on, one.client_id, COMMAND_LINE)

    assert alive == [False, False]
    assert refreshed.json["error"] == "invalid_client"
    assert "host are disabled" in refused
    assert not await server.store.clients.read(new.client_id)
    assert (await server.get(asked(other))).status == 303
    assert (await server.refresh(other, tokens[1]["refresh_token"])).json["error"] == "invalid_grant"
    admin.execute("select kind, client from audit_events where actor = 'command line' order by kind, client")
    each = sorted((one.client_id, other.client_id))
    assert admin.fetchall() == [(kind, client) for kind in ("client.disabled", "client.enabled") for client in each]


async def test_who_was_disabled_alone_stays_so_when_its_host_is_enabled(server: Server, publisher: Publisher) -> None:
    one, other = publisher.publish(), publisher.publish()
    on = server.application.administration
    for app in (one, other):
        await server.get(asked(app))
    await clients.disable(on, one.client_id, COMMAND_LINE)
    server.clock.advance(1)
    await clients.enable_host(on, other.client_id, COMMAND_LINE)
    before = await clients.find(on, one.client_id)
    for _ in range(2):
        await clients.disable_host(on, other.client_id, COMMAND_LINE)
        server.clock.advance(1)

    await clients.enable_host(on, other.client_id, COMMAND_LINE)

    assert not before.enabled
    assert await why(server, await server.get(asked(one))) == "disabled"
    assert (await server.get(asked(other))).status == 303


async def test_who_was_enabled_alone_is_disabled_and_enabled_with_its_host_again(
    server: Server, publisher: Publisher
) -> None:
    one, other = publisher.publish(), publisher.publish()
    on = server.application.administration
    for app in (one, other):
        await server.get(asked(app))
    await clients.disable_host(on, one.client_id, COMMAND_LINE)
    await clients.enable(on, other.client_id, COMMAND_LINE)
    server.clock.advance(1)
    await clients.disable_host(on, one.client_id, COMMAND_LINE)
    ended = await clients.find(on, other.client_id)

    await clients.enable_host(on, one.client_id, COMMAND_LINE)

    assert not ended.enabled
    assert [(await server.get(asked(app))).status for app in (one, other)] == [303, 303]


async def test_a_client_that_is_no_document_has_no_host(server: Server) -> None:
    app = await server.app()

    with pytest.raises(Invalid, match="Only clients that are documents"):
        await clients.disable_host(server.application.administration, app.client_id, COMMAND_LINE)


async def test_there_are_only_so_many(server: Server, publisher: Publisher, configured: Callable[..., Server]) -> None:
    server = configured(limit=("registered-clients=1",))
    first = await server.get(asked(publisher.publish()))

    second = await server.get(asked(publisher.publish()))

    assert first.status == 303
    assert "as there may be" in await why(server, second)


async def test_one_that_nobody_uses_goes(server: Server, publisher: Publisher, admin: Any) -> None:
    app = publisher.publish()
    await server.get(asked(app))
    server.clock.advance(91 * 86400)

    assert await server.store.strangers.sweep(server.now()) == 1

    admin.execute("select count(*) from client_documents")
    assert admin.fetchone() == (0,)
