"""The table of actions: each is done by its page, by the API and by its command, by one function, with one row in the log.

What an action is about and what is typed into its form stands in tests/pages/administered.py; the same is done by the
API and by the command.
"""

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from attrs import evolve, frozen

from iam.administration import roles
from iam.administration.actions.action import Action
from iam.administration.actions.models import USUAL, Model, Page
from iam.administration.actions.obstacles import Obstacles
from iam.administration.actions.operator import ON_THE_MACHINE, Operator
from iam.administration.actions.overview import Overview
from iam.administration.actions.table import ACTIONS
from iam.administration.actions.tokens import DescribedToken
from iam.administration.administration import Administration
from iam.administration.roles import Place
from iam.browser.forms import Fields
from iam.commands.afar.calls import Call, call_of
from iam.http.parameters import ParsedParameters
from iam.pages.admin.acts import LOOK
from iam.pages.admin.form import ActionForm
from iam.pages.admin.places import PLACE, variables
from iam.pages.admin.rows import titled
from iam.pages.admin.table import MEMBERS, NOUNS
from iam.protocol import bridge
from iam.records.actor import SERVER
from iam.records.role import Role
from iam.records.scope import ADMINISTRATIVE
from tests.api.conftest import Api, Caller
from tests.command_line import Iam, Outcome
from tests.commands.test_command_line import LEAVES
from tests.harness import SERVER_KEY, Person, Reply, Server
from tests.pages.administered import ACTS, NIGHTLY, OVER, arrange, path_of, world
from tests.pages.conftest import Visitor, visitor_of
from tests.pages.form import Form, form_in

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
    "resource.add_mcp": ("mcp", "add"),
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
    "application.transfer": "client transfer {application} --owner alice",
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
    "resource.add_mcp": "mcp add https://tools.example/mcp --scope read",
    "key.rotate": "key rotate --alg ES256",
    "key.retire": "key retire {kid} --yes",
    "session.revoke": "session revoke {session}",
    "grant.revoke": "grant revoke {grant}",
    "grant.withdraw": "grant revoke --user {user} --client {client}",
    "grant.revoke_all": "grant revoke --everything",
    "token.create": "token create --user alice --name backup --scope read",
    "token.revoke": "token revoke {token}",
    "token.revoke_all": "token revoke --user {user}",
    "token.revoke_text": "token revoke",
    "registration_token.create": "registration-token create --uses 3",
    "registration_token.revoke": "registration-token revoke {token}",
    "invitation.withdraw": "invitation withdraw {invitation} --yes",
    "mail.retry": "mail retry {mail}",
    "mail.discard": "mail discard {mail} --yes",
    "event.prune": f"audit prune --before {OVER} --yes",
}
GIVEN = {"person.set_password": "seven wet otters sing", "token.revoke_text": NIGHTLY}

# The command of each action that only reads.
READING = {
    "person.list": "user list",
    "person.show": "user show {person}",
    "person.explain": "user explain {person}",
    "invitation.list": "invitation list",
    "invitation.show": "invitation show {invitation}",
    "group.list": "group list",
    "group.show": "group show {group}",
    "group.list_members": "group show {group}",
    "role.list": "role list",
    "application.list": "client list",
    "application.show": "client show {application}",
    "scope.list": "scope list",
    "scope.show": "scope show {scope}",
    "resource.list": "resource list",
    "resource.show": "resource show {resource}",
    "key.list": "key list",
    "session.list": "session list",
    "grant.list": "grant list",
    "token.list": "token list",
    "token.show": "token show",
    "registration_token.list": "registration-token list",
    "refusal.list": "refusal list",
    "refusal.show": "explain {refusal}",
    "mail.list": "mail list",
    "mail.show": "mail show {mail}",
    "setting.list": "setting list",
    "setting.show": "setting show {setting}",
    "event.list": "audit list",
    "overview.show": "overview",
}
GIVEN |= {"token.show": NIGHTLY}

CHANGED = {action.name: action for action in ACTIONS if action.changes}
READ = {action.name: action for action in ACTIONS if not action.changes}
BESIDES = ("key.published", "user.created")  # what also happens, by the way
OF_EVERYBODY = ("application.create",)  # the owner of what is made is who makes it
ONCE = {"link", "client_secret", "token", "initial_access_token", "registration_access_token"}  # shown this once
MACHINE = "command line"


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
    assert READING.keys() == {name for name in READ if isinstance(command_of(name), tuple)}
    for name, arguments in (COMMANDS | READING).items():
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
def watched(action: Action[Any, Any]) -> Iterator[list[tuple[str, Model]]]:
    """Who calls the function of an action meanwhile, and what it returns."""
    calls: list[tuple[str, Model]] = []
    function = action.function

    async def call(on: Administration, wish: Model, operator: Operator) -> Model:
        result: Model = await function(on, wish, operator)
        calls.append((operator.by.actor, result))
        return result

    object.__setattr__(action, "function", call)
    try:
        yield calls
    finally:
        object.__setattr__(action, "function", function)


@frozen
class Doer:
    """Who does it: an administrator or somebody with another role, or whoever is on the machine."""

    api: Api
    iam: Iam
    person: Person
    caller: Caller  # with a token that they got by logging in
    found: Mapping[str, Mapping[str, str]]

    async def page(self, action: Action[Any, Any]) -> None:
        """By its page, whose form is sent again if what ends depends on what was typed."""
        visitor, typed = visitor_of(self.api.server, self.person), ACTS[action.name].typed
        before = await events(self.api.server)
        opened = await visitor.get(path_of(action, self.found))
        reply = await visitor.send(form_in(opened.text), **typed)
        if LOOK in reply.text:
            assert rows(await events(self.api.server), len(before), self.actor) == []
            reply = await visitor.send(form_in(reply.text))
        once = ONCE & set(action.output.model_fields) and action.name != "application.update"
        assert reply.status == (200 if once else 303), reply.text
        assert once or "It is done." in (await visitor.get(reply.location)).text

    async def by_api(self, action: Action[Any, Any]) -> None:
        """By the API."""
        reply = await asked(self.caller, call_of(action, wish_of(action, self.found)))
        assert reply.status == (201 if action.creates else 200), reply.text

    async def command(self, action: Action[Any, Any]) -> None:
        """By its command."""
        assert (await self.run((COMMANDS | READING)[action.name], action)).json

    async def run(self, line: str, action: Action[Any, Any]) -> Outcome:
        """What came of a command about what was found."""
        arguments, given = shlex.split(line.format(**self.found.get(action.noun, {}))), GIVEN.get(action.name, "")
        ours = {"IAM_SECRET_KEY": SERVER_KEY, "IAM_PORT": str(self.api.server.settings.port)}
        return await bridge.call(lambda: self.iam(*arguments, "--json", given=given, **ours))

    @property
    def actor(self) -> str:
        """As whom the audit log knows them."""
        return f"user {self.person.user_id}"


WAYS = {"page": Doer.page, "api": Doer.by_api, "command": Doer.command}
TABLE = [
    (name, way, role)
    for name, action in CHANGED.items()
    for way in WAYS
    for role in (Role.ADMINISTRATOR, *sorted(action.roles))
    if way != "command" or (name in COMMANDS and role is Role.ADMINISTRATOR)
]


@pytest.fixture
def doer(api: Api, database_dsn: str, tmp_path: Path) -> Any:
    """Makes the world, in which somebody with this role does something."""

    async def made(role: Role = Role.ADMINISTRATOR) -> Doer:
        person = api.person if role is Role.ADMINISTRATOR else await api.with_role(role)
        caller = await api.logged_in(person)
        return Doer(api, Iam(database_dsn, tmp_path, bridge.wait), person, caller, await world(api.server))

    return made


@pytest.mark.parametrize(("name", "way", "role"), TABLE)
async def test_it_is_done_by_its_function_with_one_row_in_the_log(doer: Any, name: str, way: str, role: Role) -> None:
    action, who = CHANGED[name], await doer(role)
    server: Server = who.api.server
    await arrange(server, name)
    if role is Role.SUPPORT:  # who changes nobody that has a role
        await roles.revoke(server.application.administration, Role.AUDITOR, Place("bob", None, None), SERVER)
    before = len(await events(server))

    with watched(action) as calls:
        await WAYS[way](who, action)

    actor = MACHINE if way == "command" else who.actor
    assert [by for by, _ in calls] == [actor]
    assert rows(await events(server), before, actor) == [ACTS[name].kind]


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


EXPORT: Final = "event.export"
PAGES = {"person.explain": "/admin/people/{person}", "overview.show": "/admin", "token.show": "/admin/token/show"}
OWN = "value", "source"  # of a setting: a command has its own
MOVING = {  # members that are others for a command, which has its own settings, or from one moment to the next
    "overview.show": {"storage", "attention"},
    "setting.show": set(OWN),
    "setting.list": {"items": {"__all__": set(OWN)}},
}


async def read_page(visitor: Visitor, action: Action[Any, Any], found: Mapping[str, Mapping[str, str]]) -> Reply:
    """The page that shows what is read."""
    path = PAGES.get(action.name, PLACE + action.path).format(**quoted(found.get(action.noun, {})))
    reply = await visitor.get(path)
    asks = action.looks or action.name == EXPORT
    return await visitor.send(form_in(reply.text), **typed_of(action)) if asks and reply.status == 200 else reply


def typed_of(action: Action[Any, Any]) -> dict[str, str]:
    """What is typed to look something up."""
    return {"text": NIGHTLY} if action.looks else {}


def quoted(named: Mapping[str, str]) -> dict[str, str]:
    return {name: quote(text, safe="") for name, text in named.items()}


def wanted(action: Action[Any, Any], found: Mapping[str, Mapping[str, str]]) -> Model:
    """What is wanted of an action that reads."""
    named = {name: found[action.noun][name] for name in variables(action)}
    wish: Model = action.input.model_validate({**named, **typed_of(action)})
    return wish


def told(action: Action[Any, Any], shown: Model | dict[str, Any]) -> Any:
    """What is shown; of a list, what a page of it has."""
    model = action.output.model_validate(shown) if isinstance(shown, dict) else shown
    said = model.model_dump(mode="json", exclude=MOVING.get(action.name))
    return said["items"][:USUAL] if isinstance(model, Page) else said


def names(action: Action[Any, Any], shown: Model) -> list[str]:
    """What people know by when they see it: what each object is called."""
    if isinstance(shown, Obstacles):
        return [each.sentence for each in shown.obstacles]
    if isinstance(shown, Overview):
        return [shown.address, shown.version]
    if isinstance(shown, DescribedToken):
        return [str(shown.client_id)]
    (noun,) = {each.path: each for each in NOUNS if action in each.actions}.values()
    noun = MEMBERS if action.name == "group.list_members" else noun
    return [titled(noun, each) for each in (shown.items if isinstance(shown, Page) else [shown])]


async def refuse(server: Server) -> str:
    """A request is refused; its id."""
    app = await server.app()
    await server.get(f"/authorize?client_id={app.client_id}&response_type=code&redirect_uri=https%3A%2F%2Fevil.example")
    await server.store.refusals.flush()
    ((refusal,),) = await server.store.database.query("select id from refusals")
    return str(refusal)


@pytest.mark.parametrize("name", READING)
async def test_page_api_and_command_show_the_same(doer: Any, name: str) -> None:
    action, who = READ[name], await doer()
    server: Server = who.api.server
    found = {**who.found, "refusals": {"refusal": await refuse(server)}}
    visitor, before = visitor_of(server, who.person), await events(server)

    with watched(action) as calls:
        page = await read_page(visitor, action, found)
        reply = await asked(who.caller, call_of(action, wanted(action, found)))
        outcome = await evolve(who, found=found).run(READING[name], action)

    assert (page.status, reply.status, outcome.status) == (200, 200, 0), (page.text, reply.text, outcome.err)
    assert [by for by, _ in calls] == [who.actor, who.actor, MACHINE]
    shown = calls[0][1]
    assert [told(action, each) for _, each in calls] == [told(action, shown)] * 3
    assert told(action, reply.json) == told(action, shown)
    assert names(action, shown)
    for each in names(action, shown):
        assert each in unescape(page.text)
        assert each in outcome.out
    assert await events(server) == before


async def test_page_and_api_give_the_same_file(doer: Any) -> None:
    action, who = READ[EXPORT], await doer()
    server: Server = who.api.server
    before = len(await events(server))

    with watched(action) as calls:
        page = await read_page(visitor_of(server, who.person), action, {})
        written = rows(await events(server), before, who.actor)
        reply = await asked(who.caller, call_of(action, wanted(action, {})))

    assert [by for by, _ in calls] == [who.actor] * 2
    assert written == ["audit.exported"]
    assert rows(await events(server), before, who.actor) == written * 2
    heading, *lines = page.text.splitlines()
    assert reply.text.splitlines()[:1] + reply.text.splitlines()[-len(lines) :] == [heading, *lines]


@pytest.mark.parametrize("role", [None, *Role], ids=str)
async def test_who_reads_by_api_and_page_is_who_the_table_says(api: Api, role: Role | None) -> None:
    server, found = api.server, await world(api.server)
    found["refusals"] = {"refusal": await refuse(server)}
    person = await (api.with_role(role) if role else server.person())
    app = await server.app(scopes=("read", *ADMINISTRATIVE))
    asks = {"resource": api.uri, "scope": " ".join(ADMINISTRATIVE)} if role else {"scope": "read"}
    tokens = await server.tokens(app, person, **asks)
    caller, visitor = Caller(server, tokens["access_token"]), visitor_of(server, person)
    allowed = {name for name, each in READ.items() if role is Role.ADMINISTRATOR or role in each.roles}

    replies = {name: (await asked(caller, call_of(each, wanted(each, found)))).status for name, each in READ.items()}
    pages = {name: (await read_page(visitor, each, found)).status for name, each in READ.items()}

    own = set() if role is None else {"application.list"}  # everybody lists their own
    led = {"overview.show"} if role is Role.DEVELOPER else set()  # to what they see
    assert {name for name, status in replies.items() if status == 200} == allowed | own
    assert {name for name, status in pages.items() if status == 200} == allowed
    assert {name for name, status in pages.items() if status == 303} == led
    assert set(replies.values()) - {200} <= ({403, 404} if role else {401})
    assert set(pages.values()) - {200, 303} <= {403, 404}
