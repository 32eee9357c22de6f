"""Every statement of the store that changes something writes down who did what, or it is here with the reason why not (H29)."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import iam
from iam.database import writes
from tests.harness import Server

ROOMS = [Path(iam.__file__).parent / room for room in ("database", "store")]
WRITES = re.compile(
    r"\b(insert\s+into|update\s+(?!skip\b|of\b|set\b)\w+(\s+\w+)?\s+set|delete\s+from)\b|\baudited\s*\(", re.IGNORECASE
)
PLANNED = re.compile(r"\b(Insert|Update|Delete) on\b|\bLockRows\b")
EVENT = re.compile(r"\baudited\(\s*(case\s[^']*?\sthen\s+)?'[a-z_]+\.[a-z_]+'")
ONLY_SELECTS = re.compile(r"\b(\w+) as (?:materialized )?\(\s*select\b((?:(?!\n\)).)*)", re.DOTALL)

# What needs no event of its own.
NO_EVENT = {
    "access_tokens.ISSUE": "a token for who has authenticated or holds a refresh token; what was granted is in the log",
    "access_tokens.ISSUE_BOUND": "the same, for who has proved to hold a key",
    "access_tokens.ISSUE_CONFIRMED": "the same, for who has shown a certificate",
    "authorization_codes.CLAIM": "a code for who has authenticated; that somebody allowed it is in the log",
    "audit.SHORTEN": "the end of an address is what the law asks of the log itself (H39)",
    "buckets.GIVE": "what may be done again; what is done is in the log",
    "buckets.SWEEP": "a bucket that is full needs no row",
    "buckets.TURN_BACK": "what may be done again, as far as a clock was wrong about it",
    "client_documents.READ_AGAIN": "the end of UPDATE, which has one",
    "client_documents.READ_FIRST": "the end of CREATE, which has one",
    "consent_uses.USED": "the hour in which an application was last given a token",
    "device_codes.BEGIN": "what a device asks for, of no effect until somebody decides, which is in the log",
    "device_codes.POLL": "when a device may ask again",
    "device_codes.SWEEP": "what ended; what was decided is in the log",
    "functions.NOTE": "what servers are made of, as are migrations",
    "issuance.STORED_CLAIM": "the tokens of a claim",
    "issuance.STORED": "the tokens of REDEEM and ROTATE, which have events of their own where somebody's code or token is stolen",
    "links.SWEEP": "a link that expired is good for nothing; that it was asked for and used is in the log",
    "logout_notices.DELIVERED": "an outbox: the end of the session is in the log",
    "logout_notices.TAKE": "an outbox: the end of the session is in the log",
    "migration.NOTE": "migrations have a table of their own, and a time",
    "outbox.FAILED": "an outbox: what the mail tells of is in the log",
    "outbox.SENT": "an outbox: what the mail tells of is in the log",
    "outbox.SWEEP": "a mail that is over; that one was given up is in the log",
    "outbox.TAKE": "an outbox: what the mail tells of is in the log",
    "partitions.SWEEP": "a grant that ended is in the log as it ended; the row goes by its age",
    "passkeys.DECLINE": "what a person is not asked any more; nothing about the account changes",
    "passkeys.OFFER": "when a person was asked whether they want a passkey",
    "refresh_tokens.CLAIM": "a refresh token for who holds it; what was granted is in the log",
    "refused_counts.STORE": "it is events: the kinds are given, such as login.refused",
    "refused_logins.STORE": "a log itself, of a day; how often a network was refused is in the log",
    "refused_logins.SWEEP": "what is a day old",
    "refusals.STORE": "refusals are a log themselves, of a day",
    "pending_logins.COUNT": "codes that are tested; wrong ones are counted in the log by network",
    "pending_logins.SWEEP": "what expired without becoming a session; its beginning is in the log",
    "factors.RESTING": "a part of the statements that end a factor, which have events",
    "remembered_browsers.SWEEP": "what expired",
    "registrations.ATTEMPT": "it counts attempts of a network; what was registered is in the log",
    "registrations.USE": "the beginning of BY_TOKEN, which has one",
    "client_statements.FORGOTTEN": "a part of SET_DISABLED and the same of a host, which have one",
    "pushed_requests.ANSWER": "a request that a person allows; what they allow is in the log",
    "pushed_requests.STORE": "what an application asks for, as if by an address; what is allowed is in the log",
    "pushed_requests.SWEEP": "what nobody answered in time",
    "pushed_requests.TAKE": "in which browser a request is looked at",
    "repeated_requests.ANSWERED": "what a request was answered; what it did is in the log",
    "repeated_requests.CLAIM": "that a request came; what it does is in the log",
    "repeated_requests.RELEASE": "a request that came to nothing",
    "repeated_requests.SWEEP": "answers of yesterday",
    "replays.CLAIM": "it keeps a signed statement from being used twice; what was done by it is in the log",
    "resources.WRITE_NORMAL": "how the database writes down a name that a resource has already; nothing about it changes",
    "service.NOTE": "the address that servers have, as their own logs say at each start",
    "sessions.COUNT": "codes that are tested; wrong ones are counted in the log by network",
    "sessions.SEE": "that a session is still used, once a minute",
    "strangers.USED": "the day on which a client was last used",
    "totp_secrets.USE": "a code is used once; the session that begins with it is in the log",
    "token_uses.USED": "the hour in which a token was last used",
    "users.REHASH": "the same password under newer parameters",
}


def statements() -> Iterator[tuple[str, str]]:
    """The texts of the store: module constants as they are in the end, and what stands within functions."""
    for path in sorted(path for room in ROOMS for path in room.glob("*.py")):
        module = importlib.import_module(f"iam.{path.parent.name}.{path.stem}")
        tree = ast.parse(path.read_text())
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, str) and defined(tree, name):
                yield f"{path.stem}.{name}", value
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                    yield f"{path.stem}.{function.name}", node.value


def defined(tree: ast.Module, name: str) -> bool:
    """Is it a constant of this module, and not one that it imports?"""
    targets = [
        target
        for node in tree.body
        for target in (node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
    ]
    named = (part for target in targets if target is not None for part in ast.walk(target))
    return any(isinstance(part, ast.Name) and part.id == name for part in named)


def test_every_writing_statement_has_an_event_or_a_reason() -> None:
    writing = {name: text for name, text in statements() if WRITES.search(text)}
    silent = {name for name, text in writing.items() if not EVENT.search(text)}

    assert len(writing) > 20
    assert silent == set(NO_EVENT)


def test_events_are_written_by_the_function_alone() -> None:
    assert [name for name, text in statements() if re.search(r"insert\s+into\s+audit_events", text)] == []


def test_no_event_stands_where_nobody_reads_it() -> None:
    """PostgreSQL does not run a CTE that only selects, and that nothing reads from."""
    unread = [
        f"{name}: {cte}"
        for name, text in statements()
        for cte, body, rest in ((found[1], found[2], text[found.end() :]) for found in ONLY_SELECTS.finditer(text))
        if "audited(" in body and not re.search(rf"\b{cte}\b", rest)
    ]

    assert unread == []


def test_readiness_looks_at_every_statement_that_writes() -> None:
    writing = {name for name, text in statements() if WRITES.search(text)}

    assert {name for name, text in statements() if writes.writing(text)} >= writing


async def test_readiness_takes_for_writes_those_hot_statements_that_postgresql_plans_to_write(running: Server) -> None:
    """PostgreSQL's own word: a plan that inserts, updates, deletes or locks rows."""
    database = running.store.database
    for name, statement in database.statements.items():
        rows = await database.query("explain execute " + name + "(" + ", ".join(["null"] * statement.width) + ")")
        plan = "\n".join(line for (line,) in rows)

        assert writes.writing(statement.preparation) == (PLANNED.search(plan) is not None), name


def test_every_method_that_writes_an_event_is_told_who_does_it() -> None:
    """`by` has no default: whoever calls says who it is."""
    for path in sorted(path for room in ROOMS for path in room.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef):
                arguments = node.args
                positional = [*arguments.posonlyargs, *arguments.args]
                defaults = dict(zip(reversed(positional), reversed(arguments.defaults), strict=False))
                pairs = [*defaults.items(), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
                assert not [1 for argument, default in pairs if argument.arg == "by" and default is not None], (
                    f"{path.name}: {node.name}"
                )
