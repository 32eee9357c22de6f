"""Resources as they are administered."""

import pytest

from iam.administration import resources
from iam.administration.administration import Administration
from iam.administration.resources import Terms
from iam.records.actor import SERVER
from iam.records.invalid import Invalid
from tests.harness import Server

API = "https://api.example"


async def test_what_nobody_says_is_as_usual(on: Administration) -> None:
    opaque = await resources.create(on, API, Terms(), SERVER)
    jwt = await resources.create(on, "https://jwt.example", Terms(token_format="jwt"), SERVER)

    assert (opaque.token_format, opaque.lifetime, opaque.clients) == ("opaque", 36000, "administered")
    assert (jwt.lifetime, jwt.signing_alg) == (600, "ES256")


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Terms(scopes=frozenset({"nothing"})), "scopes"),
        (Terms(token_format="saml"), "token_format"),
        (Terms(signing_alg="none"), "signing_alg"),
        (Terms(lifetime=0), "lifetime"),
        (Terms(token_format="jwt", lifetime=3601), "lifetime"),
        (Terms(clients="some"), "clients"),
        (Terms(client_id="nobody"), "client_id"),
        (Terms(allowed_clients=frozenset({"nobody"})), "allowed_clients"),
    ],
)
async def test_what_a_resource_cannot_be_is_a_complaint(on: Administration, terms: Terms, field: str) -> None:
    await resources.create(on, API, Terms(), SERVER)

    with pytest.raises(Invalid) as new:
        await resources.create(on, "https://other.example", terms, SERVER)
    with pytest.raises(Invalid) as old:
        await resources.update(on, API, terms, SERVER)

    assert set(new.value.complaints) == set(old.value.complaints) == {field}


@pytest.mark.parametrize(
    "uri", ["", "api.example", "https://api.example/#part", "https://api.example/a b", "urn:" + "x" * 2048]
)
async def test_a_resource_is_an_absolute_uri_without_fragment(on: Administration, uri: str) -> None:
    with pytest.raises(Invalid, match="absolute URI without fragment"):
        await resources.create(on, uri, Terms(), SERVER)


async def test_a_lifetime_is_cut_to_what_a_new_format_allows(on: Administration) -> None:
    await resources.create(on, API, Terms(lifetime=80000), SERVER)

    assert (await resources.update(on, API, Terms(token_format="jwt"), SERVER)).lifetime == 3600


async def test_what_is_given_for_a_resource_is_counted_before_it_goes(on: Administration, server: Server) -> None:
    app, person = await server.app(), await server.person()
    await resources.create(on, API, Terms(), SERVER)
    before = await resources.count_losses_of_deleting(on, API)
    await server.tokens(app, person, resource=API)

    disabling = await resources.count_losses_of_disabling(on, API + "/")
    deleting = await resources.count_losses_of_deleting(on, API)

    assert before.sections[0].items == ["there is no grant for it"]
    assert disabling.sections[0].items == deleting.sections[0].items == ["1 grant: Test application"]
    assert (disabling.question, disabling.for_good) == (f"Disable the resource {API}?", False)
    assert (deleting.question, deleting.for_good) == (f"Delete the resource {API}?", True)
