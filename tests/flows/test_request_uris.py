"""Request objects by reference: fetched from addresses that the client has registered (OpenID Connect Core §6.2, H35)."""

import pytest

from tests.harness import REDIRECT_URI, Reply, Server
from tests.homes import Home
from tests.request_objects import Asking, asking, encoded


async def at_home(server: Server, home: Home, *request_uris: str) -> Asking:
    """A client that may put request objects at its home."""
    client = await asking(server, openid={"request_uris": request_uris or (home.uri,)})
    home.document = client.signed()
    return client


async def by_reference(client: Asking, uri: str, **outside: str | None) -> Reply:
    """What the server says to a browser that comes with this request_uri."""
    told = {"request_uri": uri, "redirect_uri": REDIRECT_URI, "state": "outside", **outside}
    return await client.sent(told.pop("request", None), **told)


async def test_a_request_at_a_registered_address_is_answered_as_one_by_value(server: Server, home: Home) -> None:
    client = await at_home(server, home)

    moved = await by_reference(client, home.uri)
    answer = await client.decided(await server.get(moved.location, headers=client.person.headers))

    assert moved.status == 302
    assert answer.sent_back["state"] == "inside"
    assert (await server.redeem(client.app, answer.sent_back["code"])).status == 200
    assert home.asked == 1


@pytest.mark.parametrize("kind", ["application/jwt", "text/plain", "application/octet-stream"])
async def test_what_is_there_counts_by_its_signature_not_by_its_media_type(
    server: Server, home: Home, kind: str
) -> None:
    client = await at_home(server, home)
    home.kind = kind

    moved = await by_reference(client, home.uri)

    assert moved.location.startswith("/authorize?")


async def test_a_fragment_may_be_registered_or_not(server: Server, home: Home) -> None:
    with_one = await at_home(server, home, home.uri + "#one")
    moved = await by_reference(with_one, home.uri + "#one")
    refused = await by_reference(with_one, home.uri + "#other")

    without = await at_home(server, home)
    other = await by_reference(without, home.uri + "#any")

    assert moved.location.startswith("/authorize?")
    assert refused.sent_back["error"] == "invalid_request_uri"
    assert other.location.startswith("/authorize?")


async def test_a_request_is_fetched_anew_each_time(server: Server, home: Home) -> None:
    client = await at_home(server, home)
    await by_reference(client, home.uri)
    home.document = client.signed(state="changed")

    moved = await by_reference(client, home.uri)
    answer = await client.decided(await server.get(moved.location, headers=client.person.headers))

    assert answer.sent_back["state"] == "changed"


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:1/other.jwt",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/request.jwt",
        "https://evil.example/request.jwt",
        "file:///etc/passwd",
    ],
)
async def test_an_address_that_is_not_registered_is_never_asked(server: Server, home: Home, uri: str) -> None:
    client = await at_home(server, home)

    reply = await by_reference(client, uri)

    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("invalid_request_uri", "outside")
    assert home.asked == 0


async def test_a_handle_that_was_not_given_out_leads_nowhere(server: Server, home: Home) -> None:
    client = await at_home(server, home)

    reply = await by_reference(client, "urn:ietf:params:oauth:request_uri:abc")

    assert (reply.status, reply.location) == (400, "")
    assert home.asked == 0


async def test_what_begins_like_a_registered_address_is_not_registered(server: Server, home: Home) -> None:
    client = await at_home(server, home)

    for suffix in ("?x=1", "/..", "%2e", "/"):
        reply = await by_reference(client, home.uri + suffix)
        assert reply.sent_back["error"] == "invalid_request_uri"

    assert home.asked == 0


async def test_a_redirect_is_not_followed(server: Server, home: Home) -> None:
    client = await at_home(server, home)
    home.status, home.location = 302, "http://127.0.0.1:1/elsewhere"

    reply = await by_reference(client, home.uri)

    assert reply.sent_back["error"] == "invalid_request_uri"


async def test_an_error_of_the_clients_server_is_told_to_the_client(server: Server, home: Home) -> None:
    client = await at_home(server, home)
    home.status = 500

    reply = await by_reference(client, home.uri)

    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("invalid_request_uri", "outside")


async def test_a_document_that_is_no_request_object_is_refused(server: Server, home: Home) -> None:
    client = await at_home(server, home)
    home.document = "<html>not found</html>"

    reply = await by_reference(client, home.uri)

    assert reply.sent_back["error"] == "invalid_request_object"


async def test_a_document_that_is_not_ascii_is_refused(server: Server, home: Home) -> None:
    client = await at_home(server, home)
    home.document = client.signed() + "ü"

    reply = await by_reference(client, home.uri)

    assert reply.sent_back["error"] == "invalid_request_uri"


async def test_a_document_that_is_too_long_is_refused(server: Server, home: Home) -> None:
    client = await at_home(server, home)
    home.document = client.signed(nonce="n" * 8000)

    reply = await by_reference(client, home.uri)

    assert reply.sent_back["error"] == "invalid_request_object"


async def test_an_unsigned_request_is_refused(server: Server, home: Home) -> None:
    client = await at_home(server, home)
    home.document = f"{encoded({'alg': 'none'})}.{encoded(client.claims())}."

    reply = await by_reference(client, home.uri)

    assert reply.sent_back["error"] == "invalid_request_object"


async def test_a_request_and_a_reference_together_are_refused(server: Server, home: Home) -> None:
    client = await at_home(server, home)

    reply = await by_reference(client, home.uri, request=client.signed())

    assert reply.sent_back["error"] == "invalid_request"
    assert home.asked == 0


async def test_with_a_wrong_redirect_uri_nobody_is_sent_anywhere(server: Server, home: Home) -> None:
    client = await at_home(server, home)
    home.status = 500

    reply = await by_reference(client, home.uri, redirect_uri="https://evil.example/callback")

    assert reply.status == 400
    assert reply.header("location") is None


async def test_discovery_says_that_addresses_must_be_registered(server: Server) -> None:
    document = (await server.get("/.well-known/openid-configuration")).json

    assert document["request_uri_parameter_supported"] is True
    assert document["require_request_uri_registration"] is True
