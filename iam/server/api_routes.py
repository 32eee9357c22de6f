"""The URL table of the API, made of the actions."""

import re
from collections.abc import Sequence
from typing import Final

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model, Stream
from iam.administration.actions.table import ACTIONS, FORETELLING
from iam.endpoints.api import document, me
from iam.endpoints.api.api import PATH
from iam.endpoints.api.problems import Problems
from iam.endpoints.dpop import giving_nonces
from iam.http.answers import Answer, json_text
from iam.http.dispatch import Handler, Route
from iam.http.request import Request
from iam.server.application import Application

VARIABLE: Final = re.compile(r"\{(\w+)\}")
OBJECT: Final = re.compile(r"/[\w-]+/\{\w+\}")
DOCUMENT: Final = f"{PATH}/openapi.json"


def api(application: Application) -> list[Route]:
    """Returns a route for each action, and that of the document."""
    metadata, handler = application.api_metadata.address, application.api.handler
    errors, nonces = Problems(PATH, application.explanations, metadata), application.proofs.nonces
    return [
        *(
            Route(
                PATH + VARIABLE.sub(r"<\1>", action.path),
                (action.method,),
                giving_nonces(handler(action, shown_by(action, ACTIONS)), nonces),
                acts=issubclass(action.output, Stream),  # the log keeps that a file was taken, which a HEAD does not
                errors=errors,
            )
            for action in (*ACTIONS, *FORETELLING)
        ),
        Route(PATH + me.PATH, ("GET",), giving_nonces(application.me.get, nonces), errors=errors),
        Route(DOCUMENT, ("GET",), described(application.settings.issuer), errors=errors),
    ]


def shown_by(action: Action[Model, Model], actions: Sequence[Action[Model, Model]]) -> Action[Model, Model] | None:
    """Returns the action that shows one object of the noun that this one is about."""
    shows = (each for each in actions if each.method == "GET" and OBJECT.fullmatch(each.path))
    return next((each for each in shows if each.noun == action.noun), None)


def described(issuer: str) -> Handler:
    """Returns the handler that answers with the OpenAPI document, which holds no secret."""
    texts: list[str] = []

    async def handle(_: Request) -> Answer:
        if not texts:
            texts.append(document.text((*ACTIONS, *FORETELLING), issuer, PATH))
        return json_text(200, texts[0])

    return handle
