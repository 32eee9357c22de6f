"""A database of the version before: its consents cover what was granted under them, and its grants live on."""

from collections.abc import Iterator
from contextlib import closing
from shutil import copy
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from iam.database import migration
from iam.database.migration import migrate
from tests import databases
from tests.databases import discard, execute

API, OTHER = "https://api.example", "https://other.example"

BEFORE = """
insert into users (id, username, username_key, created_at, updated_at)
    values ('11111111-1111-1111-1111-111111111111', 'ada', 'ada', now(), now());
insert into clients (id, name, grant_id, auth_method, grant_types, scopes, created_at, updated_at, registration_digest)
    select id, id, gen_random_uuid(), 'none', '{authorization_code,refresh_token}', '{openid,read,write}', now(), now(), digest
    from (values ('ours', null), ('stranger', '\\x01'::bytea), ('introduced', '\\x02'::bytea)) as c (id, digest);
insert into audit_events (day, at, kind, actor, client) values
    (current_date + 400, now(), 'client.created', 'anybody', 'stranger'),
    (current_date + 400, now(), 'client.created', 'registration token 22222222-2222-2222-2222-222222222222', 'introduced');
insert into resources (uri, lifetime, token_format, created_at) values
    ('https://api.example', 60, 'jwt', now()), ('https://other.example', 60, 'opaque', now());
insert into consents (user_id, client_id, scopes, granted_at)
    select '11111111-1111-1111-1111-111111111111', id, '{openid,read,write}', now() from clients;
insert into grants (id, user_id, client_id, grant_type, scope, resources, created_at)
    select gen_random_uuid(), '11111111-1111-1111-1111-111111111111', c.id, 'authorization_code', g.scope, g.resources, now()
    from clients c cross join (values
        ('openid read', '{https://api.example}'::text[]), ('write', '{https://api.example}'), ('read', '{}')
    ) as g (scope, resources);
"""


@pytest.fixture(scope="module")
def taken_over(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with people, clients and grants, before and after its migration; to be copied."""
    migrations = tmp_path_factory.mktemp("migrations")
    for each in migration.DIRECTORY.glob("000[1-8]_*.sql"):
        copy(each, migrations)
    dsn = databases.copy(cluster, "template0")
    migrate(dsn, migrations)
    execute(dsn, "select tend_partitions('audit_events', current_date, 1, 401)")
    execute(dsn, BEFORE)
    migrate(dsn)
    yield dsn
    discard(cluster, dsn)


@pytest.fixture
def database(cluster: Any, taken_over: str) -> Iterator[Any]:
    """A copy of it."""
    dsn = databases.copy(cluster, parse_dsn(taken_over)["dbname"])
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        yield cursor
    discard(cluster, dsn)


def living(database: Any, condition: str = "true") -> list[tuple[Any, ...]]:
    """The client, scope and resources of the grants that live."""
    database.execute(
        "select l.client_id, l.scope, l.resources from grants g, may_live(g.id, now(), null, null, null) l"
        f" where g.user_id is not null and {condition} order by 1, 2"
    )
    found: list[tuple[Any, ...]] = database.fetchall()
    return found


def test_every_grant_of_before_lives_on(database: Any) -> None:
    assert [(client, scope) for client, scope, _ in living(database)] == [
        (client, scope) for client in ("introduced", "ours", "stranger") for scope in ("openid read", "read", "write")
    ]


def test_a_token_under_it_has_the_scopes_that_it_had(database: Any) -> None:
    database.execute(
        "select distinct g.scope, scope_at(g.scope, g.resources, g.user_id, g.client_id) from grants g where g.resources <> '{}'"
    )

    assert sorted(database.fetchall()) == [("openid read", "openid read"), ("write", "write")]


def test_a_consent_covers_the_resources_of_its_grants_and_no_others(database: Any) -> None:
    database.execute("select distinct resources from consents")

    ((resources,),) = database.fetchall()
    allowed = ["openid", "read", "write"]
    assert {uri: sorted(names) for uri, names in resources.items()} == {API: allowed, "": allowed}


def test_a_server_of_the_version_before_writes_consents_that_are_good_without_a_resource(database: Any) -> None:
    database.execute("delete from consents where client_id = 'ours'")
    database.execute(
        "insert into consents (user_id, client_id, scopes, granted_at)"
        " values ('11111111-1111-1111-1111-111111111111', 'ours', '{read}', now()) returning resources"
    )

    assert database.fetchall() == [({"": ["read"]},)]


def test_resources_are_for_clients_that_somebody_answers_for(database: Any) -> None:
    database.execute("select uri, clients, allowed_clients from resources order by uri")

    assert database.fetchall() == [(API, "administered", []), (OTHER, "administered", [])]


def test_who_made_an_initial_access_token_answers_for_the_clients_of_before_too(database: Any) -> None:
    database.execute("select id, registration_token_id::text from clients order by id")

    assert database.fetchall() == [
        ("introduced", "22222222-2222-2222-2222-222222222222"),
        ("ours", None),
        ("stranger", None),
    ]


def test_who_may_ask_holds_for_what_is_granted_from_now_on_and_once_it_is_said_for_all(database: Any) -> None:
    database.execute(
        "insert into grants (id, user_id, client_id, grant_type, scope, resources, created_at)"
        " select gen_random_uuid(), user_id, client_id, grant_type, 'read', resources, clock_timestamp() + interval '1 second'"
        " from grants where resources <> '{}' and scope = 'write'"
    )
    new = living(database, "g.scope = 'read' and g.resources <> '{}'")
    database.execute("update resources set clients_since = '-infinity'")
    left = living(database, "g.resources <> '{}'")

    assert [client for client, _, _ in new] == ["introduced", "ours"]
    assert {client for client, _, _ in left} == {"introduced", "ours"}
