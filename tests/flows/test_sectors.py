"""Sectors: for which clients a person has the same pairwise name (OpenID Connect Core §8.1, Registration §5)."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from attrs import fields

from iam.records.client import Client
from iam.records.client_metadata import Metadata
from iam.records.invalid import Invalid
from tests.harness import Server
from tests.homes import Home

ONE, OTHER = "https://one.example/cb", "https://other.example/cb"


async def metadata(server: Server, *redirect_uris: str, before: Any = None, **openid: Any) -> Metadata:
    """What the rules make of a client."""
    asked = Metadata("Shop", "client_secret_basic", ("authorization_code",), redirect_uris, ("openid",), **openid)
    return await server.registration.judge(asked, before=before)


async def complaint(server: Server, *redirect_uris: str, **openid: Any) -> str:
    with pytest.raises(Invalid) as caught:
        await metadata(server, *redirect_uris, **openid)
    return caught.value.complaints["sector_identifier_uri"]


async def test_a_sector_is_the_host_of_the_document_that_names_every_redirect_uri(server: Server, home: Home) -> None:
    home.document = [ONE, OTHER, "https://third.example/cb"]

    good = await metadata(server, ONE, OTHER, subject_type="pairwise", sector_identifier_uri=home.uri)

    assert good.sector == "127.0.0.1"


async def test_without_a_document_it_is_the_one_host_of_the_redirect_uris(server: Server) -> None:
    good = await metadata(server, ONE, "https://ONE.example:8443/more", subject_type="pairwise")

    assert good.sector == "one.example"


async def test_redirect_uris_of_several_hosts_need_a_document(server: Server) -> None:
    assert "one host" in await complaint(server, ONE, OTHER, subject_type="pairwise")


async def test_a_client_with_public_subjects_has_no_sector(server: Server) -> None:
    assert (await metadata(server, ONE, OTHER)).sector is None


@pytest.mark.parametrize("content", [[ONE], {"redirect_uris": [ONE, OTHER]}, [[ONE, OTHER]], "x", None, [1, 2]])
@pytest.mark.parametrize("subject_type", ["pairwise", "public"])
async def test_a_document_without_every_redirect_uri_is_refused(
    server: Server, home: Home, content: Any, subject_type: str
) -> None:
    home.document, home.kind = json.dumps(content), "application/json"

    sentence = await complaint(server, ONE, OTHER, subject_type=subject_type, sector_identifier_uri=home.uri)

    assert "every redirect URI" in sentence


async def test_a_document_that_cannot_be_fetched_is_refused_without_telling_why(server: Server) -> None:
    sentence = await complaint(
        server, ONE, subject_type="pairwise", sector_identifier_uri="http://127.0.0.1:1/redirect_uris.json"
    )

    assert sentence == "It cannot be fetched from there now, as JSON over https."


def kept(metadata: Metadata) -> Client:
    """The client with this metadata."""
    told = {each.name: getattr(metadata, each.name) for each in fields(Metadata)}
    nobody = {"owner_id": None, "owner": None, "disabled_at": None}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Client(**told, **nobody, id="shop", grant_id=uuid4(), created_at=now, updated_at=now)


async def test_what_was_found_out_is_not_asked_again(server: Server, home: Home) -> None:
    home.document = [ONE, OTHER]
    told = {"subject_type": "pairwise", "sector_identifier_uri": home.uri}
    before = kept(await metadata(server, ONE, OTHER, **told))

    after = await metadata(server, ONE, before=before, **told)

    assert (after.sector, home.asked) == ("127.0.0.1", 1)


async def test_a_new_redirect_uri_must_be_in_the_document_too(server: Server, home: Home) -> None:
    home.document = [ONE]
    told = {"subject_type": "pairwise", "sector_identifier_uri": home.uri}
    before = kept(await metadata(server, ONE, **told))

    with pytest.raises(Invalid):
        await metadata(server, ONE, OTHER, before=before, **told)


async def test_clients_of_one_sector_know_a_person_by_one_name_and_others_by_another(server: Server) -> None:
    person = await server.person()
    shop, mail, other = [
        await server.app(scopes=("openid",), subject_type="pairwise", sector=sector)
        for sector in ("one.example", "one.example", "other.example")
    ]

    names = []
    for app in (shop, mail, other):
        token = (await server.tokens(app, person, scope="openid"))["access_token"]
        names.append((await server.get("/userinfo", headers={"Authorization": f"Bearer {token}"})).json["sub"])

    assert names[0] == names[1] != names[2]
