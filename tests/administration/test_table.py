"""The table of actions: each one's page, operation of the API, command, audit row and roles, from one function.

What an action is about and what is typed into its form stands in tests/pages/administered.py; the same is done here by
the API and by its command, and in tests/pages/test_administration.py by its page.
"""

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.operator import ON_THE_MACHINE, Operator
from iam.administration.actions.table import ACTIONS
from iam.administration.administration import Administration
from iam.browser.forms import Fields
from iam.commands.afar.calls import Call, call_of
from iam.http.parameters import ParsedParameters
from iam.pages.admin.form import ActionForm
from iam.pages.admin.places import variables
from iam.pages.admin.table import NOUNS
from iam.protocol import bridge
from iam.records.role import Role
from iam.records.scope import ADMINISTRATIVE
from tests.api.conftest import Api, Caller
from tests.command_line import Iam
from tests.commands.test_command_line import LEAVES
from tests.harness import SERVER_KEY, Reply, Server
from tests.pages.administered import ACTS, NIGHTLY, OVER, arrange, path_of, world
from tests.pages.conftest import visitor_of
from tests.pages.form import Form

# The nouns of commands, where they are others than those of actions.
NOUN = {"person": "user", "application": "client", "event": "audit"}

# Actions whose command has another name, or none, and why.
ELSEWHERE: dict[str, tuple[str, ...] | str] = {
    "refusal.show": ("explain",),
    "group.list_members": ("group", "show"),
    "token.revoke_text": ("token", "revoke"),
    "token.revoke_all": ("token", "revoke"),
    "grant.withdraw": ("grant", "revoke"),
    "person.revoke_grants": ("grant", "revoke"),
    "application.revoke_grants": ("grant", "revoke"),
    "grant.revoke_all": ("grant", "revoke"),
    "person.end_sessions": ("session", "revoke"),
    "overview.show": ("overview",),
    "event.export": "iam audit list says the same, and with --json all of it in one file.",
    "mail.test": "It goes to who is logged in, who on the machine is nobody.",
}

# Commands that perform no action, and why.
LOCAL = {
    ("migrate",): "It makes what actions work on.",
    ("database", "upgrade"): "It works on the cluster, while no server runs.",
    ("database", "restored"): "It comes before a server starts on a backup.",
    ("createsuperuser",): "It makes the first who may do anything by the API.",
    ("login",): "It gets the token that actions from afar need.",
    ("logout",): "It gives that token back.",
    ("whoami",): "It says whose that token is.",
    ("completion",): "It is about the shell.",
}

# The command of each action that changes something, on what tests/pages/administered.py finds.
COMMANDS = {
    "person.create": "user create --username carol --claim department=Sales",
    "person.update": "user update {person} --name 'Alice L.'",
    "person.disable": "user disable {person} --keep-grants",
    "person.enable": "user enable {person}",
    "person.delete": "user delete {person} --yes",
    "person.invite": "user invite dave --email dave@example.org",
    "person.reset_password": "user reset-password {person}",
    "person.set_password": "user set-password {person} --password-stdin",
    "person.reset_factors": "user reset-factors {person} --yes",
    "person.revoke_grants": "grant revoke --user {person}",
    "person.end_sessions": "session revoke --user {person}",
    "person.unthrottle": "user unthrottle {person}",
    "group.create": "group create writers --description 'Who write'",
    "group.update": "group update {group} --description 'Who write'",
    "group.delete": "group delete {group} --yes",
    "group.add": "group add {group} bob --owner",
    "group.remove": "group remove {group} {person} --yes",
    "role.grant": "role grant support alice",
    "role.revoke": "role revoke {role} {person}",
    "application.create": "client create --name Blog --redirect-uri https://blog.example/cb",
    "application.update": "client update {application} --name Store",
    "application.rotate_secret": "client rotate-secret {application} --keep 60",
    "application.disable": "client disable {application}",
    "application.enable": "client enable {application}",
    "application.delete": "client delete {application} --yes",
    "application.restrict": "client restrict {application} --group readers",
    "application.rotate_registration_token": "client rotate-registration-token {application}",
    "application.revoke_registration_token": "client revoke-registration-token {application}",
    "application.revoke_grants": "grant revoke --client {application}",
    "scope.create": "scope create box:open --description 'Open the box' --claim box --claim lid",
    "scope.restrict": "scope restrict {scope} --group readers",
    "scope.delete": "scope delete {scope} --yes",
    "resource.create": "resource create https://other.example --scope read --lifetime 60",
    "resource.update": "resource update {resource} --lifetime 60",
    "resource.disable": "resource disable {resource}",
    "resource.enable": "resource enable {resource}",
    "resource.delete": "resource delete {resource} --yes",
    "key.rotate": "key rotate --alg ES256",
    "key.retire": "key retire {kid} --yes",
    "session.revoke": "session revoke {session}",
    "grant.revoke": "grant revoke {grant}",
    "grant.withdraw": "grant revoke --user {user} --client {client}",
    "grant.revoke_all": "grant revoke --everything",
    "token.create": "token create --user alice --name backup --scope read",
    "token.revoke": "token revoke {token}",
    "token.revoke_all": "token revoke --client {client}",
    "token.revoke_text": "token revoke",
    "registration_token.create": "registration-token create --uses 3",
    "registration_token.revoke": "registration-token revoke {token}",
    "invitation.withdraw": "invitation withdraw {invitation} --yes",
    "mail.retry": "mail retry {mail}",
    "mail.discard": "mail discard {mail} --yes",
    "event.prune": f"audit prune --before {OVER} --yes",
}
GIVEN = {"person.set_password": "seven wet otters sing", "token.revoke_text": NIGHTLY}

CHANGED = {action.name: action for action in ACTIONS if action.changes}
BESIDES = ("key.published", "user.created")  # what also happens, by the way
OF_EVERYBODY = ("application.create",)  # the owner of what is made is who makes it


def command_of(name: str) -> tuple[str, ...] | str:
    """The command that performs an action, or why there is none."""
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    noun, _, verb = name.partition(".")
    return NOUN.get(noun, noun).replace("_", "-"), verb.replace("_", "-")


def test_every_action_has_its_command_or_a_reason_for_none() -> None:
    told = {action.name: command_of(action.name) for action in ACTIONS}

    assert {name for name, path in told.items() if isinstance(path, tuple) and path not in LEAVES} == set()
    assert ELSEWHERE.keys() <= told.keys()
    assert all(path.endswith(".") for path in told.values() if isinstance(path, str))


def test_every_command_performs_an_action_or_has_a_reason_not_to() -> None:
    performing = {command_of(action.name) for action in ACTIONS}

    assert LEAVES.keys() - performing == LOCAL.keys()
    assert not performing & LOCAL.keys()


def test_every_change_has_its_page_its_row_in_the_log_and_its_command() -> None:
    pages = {action.name for noun in NOUNS for action in noun.actions if action.changes}

    assert pages == ACTS.keys() == CHANGED.keys()
    assert COMMANDS.keys() == {name for name in ACTS if isinstance(command_of(name), tuple)}
    for name, arguments in COMMANDS.items():
        path = command_of(name)
        assert tuple(arguments.split()[: len(path)]) == path


def wish_of(action: Action[Any, Any], found: Mapping[str, Mapping[str, str]]) -> Model:
    """What is wanted of an action, as its form reads it."""
    (noun,) = [noun for noun in NOUNS if action in noun.actions]
    act = ACTS[action.name]
    named = {name: found[action.noun][name] for name in (*variables(action), *act.named)}
    form = ActionForm(
        noun,
        action,
        ON_THE_MACHINE,
        named,
        {},
        Fields(ParsedParameters({name: [text] for name, text in act.typed.items()})),
    )
    return form.wish(named)


async def asked(caller: Caller, call: Call) -> Reply:
    """The answer to a call of the API."""
    return await caller(call.method, call.path, call.body)


async def events(server: Server) -> list[tuple[str, str]]:
    """The kinds and the actors of all events."""
    rows = await server.store.database.query("select kind, actor from audit_events order by n")
    return [(kind, actor) for kind, actor in rows]


@contextmanager
def watched(action: Action[Any, Any]) -> Iterator[list[str]]:
    """Who calls the function of an action meanwhile."""
    actors: list[str] = []
    function = action.function

    async def call(on: Administration, wish: Model, operator: Operator) -> Model:
        actors.append(operator.by.actor)
        result: Model = await function(on, wish, operator)
        return result

    object.__setattr__(action, "function", call)
    try:
        yield actors
    finally:
        object.__setattr__(action, "function", function)


@pytest.mark.parametrize("name", ACTS)
async def test_the_api_does_it_by_the_function_with_one_row_in_the_log(api: Api, call: Caller, name: str) -> None:
    action, actor = CHANGED[name], f"user {api.person.user_id}"
    found = await world(api.server)
    await arrange(api.server, name)
    before = len(await events(api.server))

    with watched(action) as actors:
        reply = await asked(call, call_of(action, wish_of(action, found)))

    assert reply.status == (201 if action.creates else 200), reply.text
    assert actors == [actor]
    assert rows(await events(api.server), before, actor) == [ACTS[name].kind]


@pytest.mark.parametrize("name", COMMANDS)
async def test_the_command_does_it_by_the_function_with_one_row_in_the_log(
    api: Api, database_dsn: str, tmp_path: Path, name: str
) -> None:
    action = CHANGED[name]
    found = await world(api.server)
    await arrange(api.server, name)
    before = len(await events(api.server))
    arguments = shlex.split(COMMANDS[name].format(**found[action.noun]))
    iam = Iam(database_dsn, tmp_path, bridge.wait)

    with watched(action) as actors:
        outcome = await bridge.call(
            lambda: iam(*arguments, "--json", given=GIVEN.get(name, ""), IAM_SECRET_KEY=SERVER_KEY)
        )

    assert outcome.json
    assert actors == ["command line"]
    assert rows(await events(api.server), before, "command line") == [ACTS[name].kind]


def rows(told: list[tuple[str, str]], before: int, actor: str) -> list[str]:
    """The kinds of what somebody has done since, without what happens by the way."""
    return [kind for kind, by in told[before:] if by == actor and (kind not in BESIDES or len(told) == before + 1)]


@pytest.mark.parametrize("role", [None, *Role], ids=str)
async def test_who_may_not_is_refused_by_api_and_page_and_nothing_is_written(api: Api, role: Role | None) -> None:
    server, found = api.server, await world(api.server)
    person = await (api.with_role(role) if role else server.person())
    app = await server.app(scopes=("read", *ADMINISTRATIVE))
    told = {"resource": api.uri, "scope": " ".join(ADMINISTRATIVE)} if role else {"scope": "read"}  # nobody gets more
    tokens = await server.tokens(app, person, **told)
    caller, visitor = Caller(server, tokens["access_token"]), visitor_of(server, person)
    barred = [
        CHANGED[name]
        for name in ACTS
        if role is not Role.ADMINISTRATOR and role not in CHANGED[name].roles and name not in OF_EVERYBODY
    ]
    before = await events(server)

    replies = {each.name: (await asked(caller, call_of(each, wish_of(each, found)))).status for each in barred}
    pages = {each.name: (await visitor.send(Form(path_of(each, found)))).status for each in barred}

    assert {name: status for name, status in replies.items() if status not in ((403, 404) if role else (401,))} == {}
    assert {name: status for name, status in pages.items() if status not in (403, 404)} == {}
    assert await events(server) == before
