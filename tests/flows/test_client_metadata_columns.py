"""Client metadata in one column: what servers of the version before keep in several is there, whichever of both wrote last."""

import json
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from attrs import evolve

from iam.records.actor import SERVER
from iam.records.client import Client
from iam.records.client_metadata import Metadata
from iam.secrets import minted
from iam.store.clients import Clients
from tests.harness import REDIRECT_URI, Server

# What servers of the version before say.
INSERT = """
insert into clients (id, name, grant_id, auth_method, grant_types, redirect_uris, post_logout_redirect_uris, scopes, require_pkce,
    introspect_any, allow_http_redirects, auth_signing_alg, jwks, jwks_uri, openid, left_out, created_at, updated_at)
values (%(id)s, 'Shop', gen_random_uuid(), 'none', '{authorization_code}', %(redirect_uris)s, %(post_logout_redirect_uris)s, '{openid}',
    %(require_pkce)s, %(introspect_any)s, %(allow_http_redirects)s, %(auth_signing_alg)s, %(jwks)s, %(jwks_uri)s, %(openid)s, '{}',
    now(), now())
"""
UPDATE = """
update clients set post_logout_redirect_uris = %(post_logout_redirect_uris)s, require_pkce = %(require_pkce)s,
    introspect_any = %(introspect_any)s, allow_http_redirects = %(allow_http_redirects)s, auth_signing_alg = %(auth_signing_alg)s,
    jwks = %(jwks)s, jwks_uri = %(jwks_uri)s, openid = %(openid)s, updated_at = now()
where id = %(id)s
"""
SELECT = """
select post_logout_redirect_uris, require_pkce, introspect_any, allow_http_redirects, auth_signing_alg, jwks, jwks_uri, openid
from clients where id = %(id)s
"""
PLAIN: dict[str, Any] = {
    "redirect_uris": [REDIRECT_URI],
    "post_logout_redirect_uris": [],
    "require_pkce": False,
    "introspect_any": False,
    "allow_http_redirects": False,
    "auth_signing_alg": None,
    "jwks": None,
    "jwks_uri": None,
    "openid": "{}",
}
RICH: dict[str, Any] = {
    "redirect_uris": [REDIRECT_URI],
    "post_logout_redirect_uris": ["https://client.example/bye"],
    "require_pkce": True,
    "introspect_any": True,
    "allow_http_redirects": True,
    "auth_signing_alg": "ES256",
    "jwks": json.dumps({"keys": [{"kid": None}]}),
    "jwks_uri": "https://client.example/jwks.json",
    "openid": json.dumps({"tos_uri": "https://client.example/tos", "contacts": ["a", "b"], "default_max_age": 0}),
}
SAID = {
    "post_logout_redirect_uris": ("https://client.example/bye",),
    "require_pkce": True,
    "introspect_any": True,
    "allow_http_redirects": True,
    "token_endpoint_auth_signing_alg": "ES256",
    "jwks": {"keys": [{"kid": None}]},
    "jwks_uri": "https://client.example/jwks.json",
    "tos_uri": "https://client.example/tos",
    "contacts": ("a", "b"),
    "default_max_age": 0,
}


def said(client: Client | None) -> Metadata:
    """All that is said of the client."""
    assert client is not None
    names = [name for name in Metadata.__annotations__ if name != "left_out"]
    return Metadata(**{name: getattr(client, name) for name in names})


def expected(**members: Any) -> Metadata:
    return Metadata("Shop", "none", ("authorization_code",), (REDIRECT_URI,), ("openid",), **members)


def execute(server: Server, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """As a server of the version before does."""
    with (
        closing(psycopg2.connect(str(server.settings.database))) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def clients(server: Server) -> Clients:
    return server.store.clients


async def create(server: Server, metadata: Metadata) -> None:
    told = {"owner_id": None, "grant_id": minted.identifier(), "secret": None, "now": server.now(), "by": SERVER}
    assert await clients(server).create("shop", metadata, **told)


@pytest.mark.parametrize(("values", "members"), [(PLAIN, {}), (RICH, SAID)])
async def test_what_a_server_of_the_version_before_registers_is_read_here(
    server: Server, values: dict[str, Any], members: dict[str, Any]
) -> None:
    execute(server, INSERT, id="shop", **values)

    assert said(await clients(server).read("shop")) == expected(**members)


@pytest.mark.parametrize(("before", "after", "members"), [(PLAIN, RICH, SAID), (RICH, PLAIN, {})])
async def test_what_a_server_of_the_version_before_changes_is_read_here(
    server: Server, before: dict[str, Any], after: dict[str, Any], members: dict[str, Any]
) -> None:
    await create(server, expected(**(SAID if before is RICH else {})))

    execute(server, UPDATE, id="shop", **after)

    assert said(await clients(server).read("shop")) == expected(**members)


def columns(values: dict[str, Any]) -> tuple[Any, ...]:
    """What the version before reads of these values."""
    told = {name: value for name, value in values.items() if name != "redirect_uris"}
    return tuple(json.loads(v) if n in ("jwks", "openid") and v else v for n, v in told.items())


@pytest.mark.parametrize(("values", "members"), [(PLAIN, {}), (RICH, SAID)])
async def test_what_is_registered_here_is_read_by_a_server_of_the_version_before(
    server: Server, values: dict[str, Any], members: dict[str, Any]
) -> None:
    await create(server, expected(**members))

    assert execute(server, SELECT, id="shop") == [columns(values)]


@pytest.mark.parametrize(("values", "members"), [(PLAIN, {}), (RICH, SAID)])
async def test_what_is_changed_here_is_read_by_a_server_of_the_version_before(
    server: Server, values: dict[str, Any], members: dict[str, Any]
) -> None:
    execute(server, INSERT, id="shop", **(RICH if values is PLAIN else PLAIN))

    assert await clients(server).update("shop", expected(**members), server.now(), SERVER)

    assert execute(server, SELECT, id="shop") == [columns(values)]


async def test_a_change_of_something_else_leaves_the_metadata(server: Server) -> None:
    await create(server, expected(**SAID))

    await clients(server).set_disabled("shop", server.now(), SERVER, disabled=True)
    execute(server, "update clients set name = 'Store' where id = 'shop'")

    assert said(await clients(server).read("shop")) == evolve(expected(**SAID), name="Store")


async def test_an_event_names_the_members_that_changed_with_both_values(server: Server) -> None:
    await create(server, expected(tos_uri="https://client.example/tos"))

    await clients(server).update("shop", expected(require_pkce=True, contacts=("a",)), server.now(), SERVER)

    ((detail,),) = execute(server, "select detail from audit_events where kind = 'client.changed'")
    assert detail == {
        "require_pkce": [False, True],
        "contacts": [[], ["a"]],
        "tos_uri": ["https://client.example/tos", None],
    }
