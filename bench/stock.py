"""Clients, and the codes and tokens that they spend, put into the tables in bulk."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes
from typing import Any

from attrs import field, frozen
from psycopg2.extras import execute_values

from iam.oauth.grant_types import DEVICE_CODE
from iam.secrets import minted
from iam.secrets.minted import Kind

LIFE = "now() + interval '1 hour'"
END = datetime.now(UTC) + timedelta(hours=20)
DAY = f"date '{END.date()}'"
SCOPE = "read write"
REDIRECT_URI = "https://client.example/callback"
PAGE = 10_000  # rows in one statement
CLIENT = f"""
insert into clients (id, name, grant_id, auth_method, grant_types, redirect_uris, scopes, created_at, updated_at)
select id, name, grant_id::uuid, 'client_secret_basic', '{{authorization_code,refresh_token,client_credentials,{DEVICE_CODE}}}',
    '{{{REDIRECT_URI}}}', '{{openid,read,write}}', now(), now()
from (values %s) v (id, name, grant_id)
"""
LOGIN = '{"auth_time": 1700000000, "acr": "1", "amr": ["pwd"], "nonce": "n-0S6_WzA2Mj"}'


def dsn_of(data_dir: str, user: str = "iam") -> str:
    """The way into the embedded PostgreSQL of a running server: its socket directory and port, by its pid file."""
    (pid_file,) = Path(data_dir).glob("*/postmaster.pid")
    lines = pid_file.read_text().splitlines()
    directory = lines[4].replace("/proc/self/", f"/proc/{lines[0]}/")  # where its path is too long for a socket
    return f"host={directory} port={lines[3]} user={user} dbname=iam"


@frozen
class Client:
    """A registered client, with its secret."""

    id: str
    secret: str = field(repr=False)
    grant_id: str

    @property
    def authorization(self) -> str:
        """Its Authorization header."""
        return "Basic " + b64encode(f"{self.id}:{self.secret}".encode()).decode()


def clients(cursor: Any, count: int) -> list[Client]:
    """Confidential clients, each with its own grant for client_credentials."""
    made = [
        Client(minted.client_id(token_bytes(32)), minted.mint(Kind.CLIENT_SECRET), str(minted.identifier()))
        for _ in range(count)
    ]
    execute_values(cursor, CLIENT, [(each.id, each.id, each.grant_id) for each in made], page_size=PAGE)
    execute_values(
        cursor,
        "insert into client_secrets (id, client_id, digest, created_at) values %s",
        [(str(minted.identifier()), each.id, minted.digest(each.secret)) for each in made],
        template="(%s, %s, %s, now())",
        page_size=PAGE,
    )
    execute_values(
        cursor,
        "insert into grants (id, client_id, grant_type, scope, created_at) values %s",
        [(each.grant_id, each.id) for each in made],
        template=f"(%s, %s, 'client_credentials', '{SCOPE}', now())",
        page_size=PAGE,
    )
    return made


def person(cursor: Any, name: str = "bench") -> str:
    """Somebody whose grants these are; the id."""
    identifier = str(minted.identifier())
    cursor.execute(
        "insert into users (id, username, username_key, created_at, updated_at) values (%s, %s, %s, now(), now())",
        (identifier, name, name),
    )
    return identifier


def grants(cursor: Any, client_ids: Sequence[str], user_id: str, scope: str = SCOPE) -> list[str]:
    """Fresh grants of the person, one to each of these clients; with openid in the scope they keep a login for ID tokens."""
    cursor.execute(
        "insert into consents (user_id, client_id, scopes, granted_at) select %s, id, %s, now() from unnest(%s) id"
        " on conflict (user_id, client_id) do update set scopes = excluded.scopes",
        (user_id, scope.split(), list(set(client_ids))),
    )
    made = [(str(minted.identifier()), client_id) for client_id in client_ids]
    login = LOGIN if "openid" in scope.split() else None
    execute_values(
        cursor,
        "insert into grants (id, session_id, user_id, client_id, scope, openid, grant_type, created_at, expires_at) values %s",
        [(identifier, identifier, user_id, client_id, scope, login) for identifier, client_id in made],
        template=f"(%s, %s, %s, %s, %s, %s, 'authorization_code', now(), {LIFE})",
        page_size=PAGE,
    )
    return [identifier for identifier, _ in made]


def codes(cursor: Any, client_id: str, user_id: str, count: int, scope: str = SCOPE) -> list[str]:
    """Authorization codes of one client, unused."""
    return codes_of(cursor, [client_id] * count, user_id, scope)


def codes_of(cursor: Any, client_ids: Sequence[str], user_id: str, scope: str = SCOPE) -> list[str]:
    """Authorization codes, unused, one of each of these clients."""
    made = [minted.mint_until(Kind.AUTHORIZATION_CODE, END) for _ in client_ids]
    rows = zip(map(minted.digest, made), grants(cursor, client_ids, user_id, scope), client_ids, strict=True)
    execute_values(
        cursor,
        "insert into authorization_codes"
        " (day, digest, grant_id, client_id, redirect_uri, redirect_uri_sent, expires_at) values %s",
        list(rows),
        template=f"({DAY}, %s, %s, %s, '{REDIRECT_URI}', true, {LIFE})",
        page_size=PAGE,
    )
    return made


def as_of_devices(cursor: Any, client_id: str, codes: Sequence[str]) -> list[str]:
    """Device codes in place of authorization codes of this client, each allowed by its person."""
    made = [minted.mint_until(Kind.DEVICE_CODE, END) for _ in codes]
    rows = list(zip(map(minted.digest, codes), map(minted.digest, made), strict=True))
    execute_values(
        cursor,
        "update authorization_codes c set digest = v.made, redirect_uri = '', redirect_uri_sent = false"
        " from (values %s) as v (code, made) where c.digest = v.code",
        rows,
        page_size=PAGE,
    )
    execute_values(
        cursor,
        "insert into device_codes (day, digest, user_code, client_id, scope, asked_at, expires_at, allowed) values %s",
        [(digest, digest, client_id) for _, digest in rows],
        template=f"({DAY}, %s, %s, %s, '{SCOPE}', now(), {LIFE}, true)",
        page_size=PAGE,
    )
    return made


def device_codes_of(cursor: Any, client_ids: Sequence[str]) -> list[str]:
    """Device codes, of each of these clients one, about which nobody has decided yet."""
    made = [minted.mint_until(Kind.DEVICE_CODE, END) for _ in client_ids]
    digests = map(minted.digest, made)
    execute_values(
        cursor,
        "insert into device_codes (day, digest, user_code, client_id, scope, asked_at, expires_at) values %s",
        [(digest, digest, client_id) for digest, client_id in zip(digests, client_ids, strict=True)],
        template=f"({DAY}, %s, %s, %s, '{SCOPE}', now(), {LIFE})",
        page_size=PAGE,
    )
    return made


def refresh_tokens_of(cursor: Any, client_ids: Sequence[str], user_id: str) -> list[str]:
    """Refresh tokens, unused, one of each of these clients."""
    return tokens(cursor, "refresh_tokens", Kind.REFRESH_TOKEN, grants(cursor, client_ids, user_id))


def access_tokens_of(cursor: Any, grant_ids: Sequence[str]) -> list[str]:
    """Access tokens, one under each of these grants."""
    return tokens(cursor, "access_tokens", Kind.ACCESS_TOKEN, grant_ids)


def tokens(cursor: Any, table: str, kind: Kind, grant_ids: Sequence[str]) -> list[str]:
    """Living tokens, one under each of these grants."""
    made = [minted.mint_until(kind, END) for _ in grant_ids]
    execute_values(
        cursor,
        f"insert into {table} (day, digest, grant_id, scope, issued_at, expires_at) values %s",
        list(zip(map(minted.digest, made), grant_ids, strict=True)),
        template=f"({DAY}, %s, %s, '{SCOPE}', now(), {LIFE})",
        page_size=PAGE,
    )
    return made
