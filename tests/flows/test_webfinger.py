"""WebFinger (RFC 7033) from end to end, as OpenID Connect Discovery §2 asks it."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.endpoints.webfinger import ISSUER, WebFinger
from tests.harness import Reply, Server

OURS = WebFinger("https://login.example.org")


async def asked(server: Server, *parameters: tuple[str, str]) -> Reply:
    return await server.get("/.well-known/webfinger?" + urlencode(parameters))


@pytest.mark.parametrize("resource", ["acct:joe@localhost", "{issuer}/joe", "{issuer}"])
async def test_a_person_at_our_host_has_us_as_issuer(server: Server, resource: str) -> None:
    """OpenID Connect Discovery §2.2.1 and §2.2.2."""
    about = resource.format(issuer=server.settings.issuer)

    reply = await asked(server, ("resource", about), ("rel", ISSUER))

    assert (reply.status, reply.header("content-type")) == (200, "application/jrd+json")
    assert reply.json == {"subject": about, "links": [{"rel": ISSUER, "href": server.settings.issuer}]}


async def test_every_page_may_read_it(server: Server) -> None:
    """RFC 7033 §5."""
    reply = await asked(server, ("resource", "acct:joe@localhost"))

    assert reply.header("access-control-allow-origin") == "*"


async def test_it_says_the_same_of_people_that_there_are_and_are_not(server: Server) -> None:
    person = await server.person("ada")

    known = await asked(server, ("resource", f"acct:{person.username}@localhost"))
    unknown = await asked(server, ("resource", "acct:nobody@localhost"))

    assert known.text.replace(person.username, "nobody") == unknown.text


async def test_who_wants_other_links_gets_none(server: Server) -> None:
    reply = await asked(server, ("resource", "acct:joe@localhost"), ("rel", "http://webfinger.net/rel/avatar"))

    assert (reply.status, reply.json["links"]) == (200, [])


async def test_our_link_may_be_one_of_several_that_are_wanted(server: Server) -> None:
    """RFC 7033 §4.3: `rel` may be repeated."""
    reply = await asked(server, ("resource", "acct:joe@localhost"), ("rel", "author"), ("rel", ISSUER))

    assert [link["rel"] for link in reply.json["links"]] == [ISSUER]


@pytest.mark.parametrize(
    "resource",
    [
        "acct:joe@example.com",
        "acct:localhost",
        "acct:@localhost",
        "https://example.com/joe",
        "{origin}.example.com/joe",
        "{origin}@example.com/joe",
        "mailto:joe@localhost",
        "localhost",
    ],
)
async def test_it_answers_for_nobody_elsewhere(server: Server, resource: str) -> None:
    reply = await asked(server, ("resource", resource.format(origin=server.settings.origin)))

    assert reply.status == 404


@pytest.mark.parametrize("query", ["", "rel=x", "resource=", "resource=%zz", "resource=acct:a@b&resource=acct:c@d"])
async def test_a_question_about_nothing_or_two_things_is_refused(server: Server, query: str) -> None:
    """RFC 7033 §4.2."""
    reply = await server.get("/.well-known/webfinger?" + query)

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


async def test_the_issuer_that_it_names_describes_itself(server: Server) -> None:
    """OpenID Connect Discovery §4.3: from the address of a person to the metadata."""
    found = (await asked(server, ("resource", "acct:joe@localhost"), ("rel", ISSUER))).json["links"][0]["href"]

    metadata = await server.get(found + "/.well-known/openid-configuration")

    assert metadata.json["issuer"] == found


@given(st.text(max_size=60))
def test_only_what_is_at_our_host_is_ours(text: str) -> None:
    assert not OURS._ours(text)
    assert OURS._ours("acct:" + (text or "a") + "@login.example.org")
