"""Actions, performed through the API."""

import json
import re
import time
import uuid
from collections.abc import AsyncGenerator
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

import click
from attrs import frozen
from pydantic import SecretStr, ValidationError

from iam.administration.actions.action import Action, Input, Output
from iam.administration.actions.foretelling import Foretold, foretelling
from iam.administration.actions.me import Me
from iam.administration.actions.models import JSON, Model, Stream
from iam.administration.losses import Losses
from iam.commands.afar import access
from iam.commands.afar.exchange import Broken, Reply, ask
from iam.commands.afar.problems import UNAUTHORIZED, refused

API: Final = "/api/v1"
VARIABLE: Final = re.compile(r"\{(\w+)\}")
IN_THE_QUERY: Final = ("GET", "DELETE")
TRIES: Final = 3
PAUSE: Final = 1.0  # seconds before another one
DONE: Final = 300
UNSURE: Final = "The connection to {} broke off ({}), and nobody knows whether it was done: look, before you try again."
NO_ANSWER: Final = "The connection to {} broke off ({}). Try again."
CUT_OFF: Final = "The connection to {} broke off ({}), so that the file is not whole. Ask again."
STRANGE: Final = "{} answers what this version of iam does not know: install the version here that runs there."

Answered = TypeVar("Answered", bound=Model)


@frozen
class Call:
    """What is asked of the API: an address below it, and a body in JSON; what it `accepts`. With a `key` it may be asked again.

    A `file` is read while it comes, however long it is.
    """

    method: str
    path: str
    body: bytes | None = None
    key: str | None = None
    accepts: str = JSON
    file: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether it does no harm to ask again."""
        return self.method == "GET" or self.key is not None

    @property
    def headers(self) -> dict[str, str]:
        """The headers besides that of the token."""
        typed = {"Accept": self.accepts} | ({} if self.body is None else {"Content-Type": JSON})
        return typed if self.key is None else {**typed, "Idempotency-Key": self.key}


def perform(server: str, action: Action[Input, Output], wish: Input) -> Output:
    """Performs an action through the API, and returns what came of it. Raises ClickException."""
    reply = send(server, call_of(action, wish))
    return (
        streamed(server, action.output, reply)
        if issubclass(action.output, Stream)
        else understood(server, action.output, reply)
    )


def count_losses(server: str, action: Action[Input, Output], wish: Input) -> Losses | None:
    """Returns what goes with an action, as the API tells; None if that is nothing. Raises ClickException."""
    asked = foretelling(action)
    said = {name: getattr(wish, name) for name in wish.model_fields_set & asked.input.model_fields.keys()}
    told: Foretold = perform(server, asked, asked.input(**said))
    return told.losses()


def who(server: str, token: str | None = None) -> Me:
    """Returns who the bearer of this token, or whoever is logged in here, is to the server. Raises ClickException."""
    call = Call("GET", "/me")
    reply = send(server, call) if token is None else persist(server, call, token)
    if reply.status >= DONE:
        raise refused(reply, server)
    return understood(server, Me, reply)


def described(server: str, me: Me) -> dict[str, object]:
    """Returns who somebody is to a server as a JSON object."""
    told = me.model_dump(mode="json", exclude={"id"})
    return {"server": server, **told}


def call_of(action: Action[Input, Output], wish: Input) -> Call:
    """Returns what is asked of the API for this action."""
    said = members(wish)
    path = VARIABLE.sub(lambda found: escaped(str(said.pop(found[1]))), action.path)
    if action.method in IN_THE_QUERY:
        query = urlencode({name: text(value) for name, value in said.items() if value is not None}, doseq=True)
        file = issubclass(action.output, Stream)
        return Call(action.method, f"{path}?{query}" if query else path, accepts=wish.answered_as, file=file)
    return Call(
        action.method, path, json.dumps(said).encode() if said else None, str(uuid.uuid4()) if action.creates else None
    )


def members(wish: Model) -> dict[str, object]:
    """Returns the members that were given, as JSON has them, secrets included."""
    secrets = {name: getattr(wish, name) for name in wish.model_fields_set}
    return wish.model_dump(mode="json", exclude_unset=True) | {
        name: secret.get_secret_value() for name, secret in secrets.items() if isinstance(secret, SecretStr)
    }


def escaped(name: str) -> str:
    """Returns a name as one segment of a path, which no server takes for a dot segment."""
    return quote(name, safe="").replace(".", "%2E") if not name.strip(".") else quote(name, safe="")


def text(value: object) -> str | list[str]:
    """Returns a member as a query has it: a list by its items."""
    if isinstance(value, list):
        return [str(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def send(server: str, call: Call) -> Reply:
    """Returns the answer of the API; a token that is good no more is refreshed once. Raises ClickException."""
    token = access.token(server)
    reply = persist(server, call, token)
    if reply.status == UNAUTHORIZED and (other := access.another_token(server, token)) is not None:
        reply = persist(server, call, other)
    if reply.status >= DONE:
        raise refused(reply, server)
    return reply


def persist(server: str, call: Call, token: str) -> Reply:
    """Returns the answer, asking again while the connection breaks off if that does no harm. Raises ClickException."""
    headers = {"Authorization": f"Bearer {token}", **call.headers}
    for attempt in range(1, TRIES + 1):
        try:
            return ask(server, call.method, server + API + call.path, headers, call.body, whole=not call.file)
        except Broken as error:
            if not call.repeatable or attempt == TRIES:
                sentence = NO_ANSWER if call.method == "GET" else UNSURE
                raise click.ClickException(sentence.format(server, error)) from None
        time.sleep(PAUSE)
    raise AssertionError


def streamed(server: str, model: type[Answered], reply: Reply) -> Answered:
    """Returns the file that the server sends, whose parts raise ClickException if it is cut off."""

    async def parts() -> AsyncGenerator[bytes, None]:
        try:
            for part in reply.parts():
                yield part
        except Broken as error:
            raise click.ClickException(CUT_OFF.format(server, error)) from None

    return model.model_validate({"media_type": "", "filename": "", "parts": parts()})


def understood(server: str, model: type[Answered], reply: Reply) -> Answered:
    """Returns what the server answers. Raises ClickException if that is something else."""
    try:
        return model.model_validate_json(reply.body)
    except ValidationError:
        raise click.ClickException(STRANGE.format(server)) from None
