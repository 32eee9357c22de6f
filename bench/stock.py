"""Codes and refresh tokens to be spent, put into the tables in bulk, and the tables in which they lie."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg2.extras import execute_values

from iam.secrets import minted
from iam.secrets.minted import Kind

LIFE = "now() + interval '1 hour'"
END = datetime.now(UTC) + timedelta(hours=20)
DAY = f"date '{END.date()}'"
SCOPE = "read write"
LOGIN = '{"auth_time": 1700000000, "acr": "1", "amr": ["pwd"], "nonce": "n-0S6_WzA2Mj"}'


def dsn_of(data_dir: str, user: str = "iam") -> str:
    """The way into the embedded PostgreSQL of a running server: its socket directory and port, by its pid file."""
    (pid_file,) = Path(data_dir).glob("*/postmaster.pid")
    lines = pid_file.read_text().splitlines()
    return f"host={lines[4]} port={lines[3]} user={user} dbname=iam"


def person(cursor: Any, name: str = "bench") -> str:
    """Somebody whose grants these are; the id."""
    identifier = str(minted.identifier())
    cursor.execute(
        "insert into users (id, username, username_key, created_at, updated_at) values (%s, %s, %s, now(), now())",
        (identifier, name, name),
    )
    return identifier


def grants(cursor: Any, client_id: str, user_id: str, count: int, scope: str = SCOPE) -> list[str]:
    """Fresh grants of the person to the client; with openid in the scope they keep a login for ID tokens."""
    cursor.execute(
        "insert into consents (user_id, client_id, scopes, granted_at) values (%s, %s, %s, now())"
        " on conflict (user_id, client_id) do update set scopes = excluded.scopes",
        (user_id, client_id, scope.split()),
    )
    identifiers = [str(minted.identifier()) for _ in range(count)]
    login = LOGIN if "openid" in scope.split() else None
    execute_values(
        cursor,
        "insert into grants (id, session_id, user_id, client_id, scope, openid, grant_type, created_at, expires_at) values %s",
        [(identifier, identifier, user_id, client_id, scope, login) for identifier in identifiers],
        template=f"(%s, %s, %s, %s, %s, %s, 'authorization_code', now(), {LIFE})",
    )
    return identifiers


def codes(cursor: Any, client_id: str, user_id: str, count: int, scope: str = SCOPE) -> list[str]:
    """Authorization codes, unused."""
    made = [minted.mint_until(Kind.AUTHORIZATION_CODE, END) for _ in range(count)]
    rows = zip(map(minted.digest, made), grants(cursor, client_id, user_id, count, scope), strict=True)
    execute_values(
        cursor,
        "insert into authorization_codes"
        " (day, digest, grant_id, client_id, redirect_uri, redirect_uri_sent, expires_at) values %s",
        [(digest, grant_id, client_id) for digest, grant_id in rows],
        template=f"({DAY}, %s, %s, %s, 'https://client.example/callback', true, {LIFE})",
    )
    return made


def refresh_tokens(cursor: Any, client_id: str, user_id: str, count: int) -> list[str]:
    """Refresh tokens, unused."""
    made = [minted.mint_until(Kind.REFRESH_TOKEN, END) for _ in range(count)]
    rows = zip(map(minted.digest, made), grants(cursor, client_id, user_id, count), strict=True)
    execute_values(
        cursor,
        "insert into refresh_tokens (day, digest, grant_id, scope, issued_at, expires_at) values %s",
        list(rows),
        template=f"({DAY}, %s, %s, 'read write', now(), {LIFE})",
    )
    return made
