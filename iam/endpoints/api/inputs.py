"""The input of an action in a request: the path, and the query or a body in JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Final, get_args, get_origin

from pydantic import ValidationError

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.endpoints.api.refused import Refused
from iam.http.json_body import json_object
from iam.http.parameters import decode, parse
from iam.http.request import Request

IN_THE_QUERY: Final = ("GET", "DELETE")
UNUSABLE: Final = "The request cannot be used as it is."
NEEDED: Final = "This is needed."
UNKNOWN: Final = "There is no such member."
SENTENCES: Final = {"missing": NEEDED, "extra_forbidden": UNKNOWN}


def read(action: Action[Model, Model], request: Request, path: Mapping[str, str]) -> Model:
    """Returns the input; raises ParameterError if it cannot be read, and Refused (422) if it does not fit."""
    named = {name: decode(text) for name, text in path.items()}
    in_query = action.method in IN_THE_QUERY
    told = query(action.input, request) if in_query else body(request)
    if twice := sorted(named.keys() & told.keys()):
        raise Refused(422, UNUSABLE, errors=[located(twice[:1], UNKNOWN, in_query=in_query)])
    try:
        if in_query:
            return action.input.model_validate({**told, **named})
        return action.input.model_validate_json(json.dumps({**told, **named}), strict=True)
    except ValidationError as error:
        raise Refused(422, UNUSABLE, errors=complaints(error, in_query=in_query)) from None


def query(model: type[Model], request: Request) -> dict[str, object]:
    """Returns the parameters in the query; a list has one for each of its items, and none if it is empty."""
    lists = frozenset(name for name, told in model.model_fields.items() if is_list(told.annotation))
    found = parse(request.query, repeatable=lists)
    return {
        **found,
        **{name: found.all(name) for name in lists if name in found or model.model_fields[name].is_required()},
    }


def is_list(annotation: object) -> bool:
    """Whether a member of this type has several values."""
    return any(get_origin(each) in (list, tuple) for each in (annotation, *get_args(annotation)))


def body(request: Request) -> dict[str, object]:
    """Returns the object in the body; an empty body is an empty object."""
    if request.body or request.requestHeaders.hasHeader(b"content-type") or request.query:
        return json_object(request)
    return {}


def complaints(error: ValidationError, *, in_query: bool) -> list[dict[str, str]]:
    """Returns the members at fault, each with a sentence."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        located([str(part) for part in each["loc"]], SENTENCES.get(each["type"], each["msg"] + "."), in_query=in_query)
        for each in found
    ]


def located(place: Sequence[str], sentence: str, *, in_query: bool) -> dict[str, str]:
    """Returns a sentence with the parameter or, in a body, the place (RFC 6901) that it is about."""
    if in_query:
        return {"parameter": ".".join(place), "detail": sentence}
    parts = (part.replace("~", "~0").replace("/", "~1") for part in place)
    return {"pointer": "#/" + "/".join(parts), "detail": sentence}
