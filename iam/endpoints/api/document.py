"""The OpenAPI 3.1 document of the API, made of the actions and their models."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from iam.administration.actions.action import Action
from iam.administration.actions.me import Me
from iam.administration.actions.models import Model, Stream
from iam.endpoints.api import me
from iam.endpoints.api.errors import ALWAYS, of_action
from iam.records.scope import ADMINISTRATIVE

REFERENCE: Final = "#/components/schemas/{model}"
VARIABLE: Final = re.compile(r"\{(\w+)\}")
ONESELF: Final = "me"
TITLE: Final = "Administration"
DESCRIPTION: Final = (
    "The administration of this server: the same actions as its pages and the command `iam`. "
    "Requests carry an access token for the resource of this API."
)
PROBLEM: Final = {
    "type": "object",
    "description": "What is wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "errors": {
            "type": "array",
            "description": "The members at fault: of the body by `pointer` (RFC 6901), of the query by `parameter`.",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "parameter": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "error": {"type": "string", "description": "The error of RFC 6750 §3.1, if the token is at fault."},
        "error_uri": {"type": "string", "description": "Where administrators read more about a refusal."},
        "error_id": {"type": "string", "description": "Under this the server's log has more."},
        "scope": {"type": "string", "description": "The scope that the token needs."},
        "max_age": {"type": "string", "description": "Seconds: log in again with this max_age (RFC 9470)."},
        "acr_values": {"type": "string", "description": "How well to log in: acr_values of the request (RFC 9470)."},
    },
}

Document = dict[str, Any]


def text(actions: Sequence[Action[Model, Model]], issuer: str, path: str) -> str:
    """Returns the document as JSON text."""
    return json.dumps(document(actions, issuer, path))


def document(actions: Sequence[Action[Model, Model]], issuer: str, path: str) -> Document:
    """Returns the document of the API of this issuer, which is below `path`."""
    schemas: Document = {"Problem": PROBLEM}
    paths: dict[str, Document] = {}
    for action in actions:
        paths.setdefault(action.path, {})[action.method.lower()] = operation(action, schemas)
    paths[me.PATH] = {"get": of_oneself(schemas)}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": "1", "description": DESCRIPTION},
        "servers": [{"url": issuer + path}],
        "tags": [{"name": noun} for noun in (*dict.fromkeys(action.noun for action in actions), ONESELF)],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": security(issuer)}},
    }


def security(issuer: str) -> Document:
    """Returns how requests are authorised: by an access token from the code flow or for a client itself."""
    scopes = {scope.name: scope.description for scope in ADMINISTRATIVE.values()}
    token = {"tokenUrl": f"{issuer}/token", "scopes": scopes}
    flows = {
        "authorizationCode": {"authorizationUrl": f"{issuer}/authorize", **token},
        "clientCredentials": token,
    }
    return {"type": "oauth2", "flows": flows}


def operation(action: Action[Model, Model], schemas: Document) -> Document:
    """Returns what is said about one action; its models go into `schemas`."""
    own = inlined(action.input, "validation", schemas)
    in_path = VARIABLE.findall(action.path)
    rest = {name: schema for name, schema in own["properties"].items() if name not in in_path}
    required = [name for name in own.get("required", ()) if name in rest]
    told: Document = {
        "operationId": action.name.replace(".", "_"),
        "summary": action.summary,
        "tags": [action.noun],
        "security": [{"token": [action.scope]}],
        "parameters": [*parameters(own["properties"], in_path, "path", in_path), *conditions(action)],
        "responses": responses(action, schemas),
    }
    if action.method in ("GET", "DELETE"):
        told["parameters"] += parameters(rest, rest, "query", required)
    elif rest:
        content = {"application/json": {"schema": {**own, "properties": rest, "required": required}}}
        told["requestBody"] = {"required": bool(required), "content": content}
    if action.method == "PATCH":
        told["description"] = STAYS
    return told


def of_oneself(schemas: Document) -> Document:
    """Returns what is said about the address that tells callers who they are, whatever their scopes."""
    told = answers(me.SUMMARY, Me, {}, ALWAYS, "200", schemas)
    common = {"operationId": "me_show", "summary": me.SUMMARY, "tags": [ONESELF]}
    return {**common, "security": [{"token": []}], "parameters": [], "responses": told}


def inlined(model: type[Model], mode: Any, schemas: Document) -> Document:
    """Returns the schema of a model; those of the models in it go into `schemas`."""
    schema = model.model_json_schema(mode=mode, ref_template=REFERENCE)
    schemas.update(schema.pop("$defs", {}))
    return {"properties": {}, **schema}


def parameters(
    schemas: Mapping[str, Document], names: Iterable[str], place: str, required: Sequence[str]
) -> list[Document]:
    """Returns the members that are in the path or the query."""
    return [
        {
            "name": name,
            "in": place,
            "required": name in required,
            "description": schemas[name].get("description", ""),
            "schema": {key: value for key, value in schemas[name].items() if key not in ("description", "title")},
        }
        for name in names
    ]


def conditions(action: Action[Model, Model]) -> list[Document]:
    """Returns the headers that a change may have."""
    if action.creates:
        return [{"name": "Idempotency-Key", "in": "header", "required": False, "description": REPEATED, "schema": KEY}]
    if not action.changes:
        return []
    sentence = "The entity tag of the object as you know it: if it has changed since, nothing is done (412)."
    return [{"name": "If-Match", "in": "header", "required": False, "description": sentence, "schema": TEXT}]


TEXT: Final = {"type": "string"}
STAYS: Final = "What is not named stays; a list that is named replaces the old one."
KEY: Final = {"type": "string", "minLength": 1, "maxLength": 255}
REPEATED: Final = "A text of your own for this request: if it comes again within a day, it is done once."


def responses(action: Action[Model, Model], schemas: Document) -> Document:
    """Returns the answers by status: the output, and each error as a problem."""
    status = "201" if action.creates else "200"
    errors = {**ALWAYS, **of_action(action)}
    return answers(action.summary, action.output, headers(action), errors, status, schemas)


def answers(
    summary: str,
    output: type[Model],
    headers: Document,
    wrong: Mapping[int, str],
    status: str,
    schemas: Document,
) -> Document:
    """Returns the answers by status: the output, which goes into `schemas`, and what is `wrong`."""
    done: Document = {"description": summary, "content": content(output, schemas), "headers": headers}
    problem = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    errors = {str(status): {"description": sentence, "content": problem} for status, sentence in sorted(wrong.items())}
    plain = {"text/plain": {"schema": TEXT}}
    broken: Document = {"description": "The request is no HTTP that can be answered, or too large.", "content": plain}
    return {status: done, **errors, "413": broken, "default": broken}


def content(output: type[Model], schemas: Document) -> Document:
    """Returns the output by media type: a file is text, everything else a model, which goes into `schemas`."""
    if issubclass(output, Stream):
        return {media_type: {"schema": TEXT} for media_type in output.media_types}
    name = output.__name__.replace("[", "_").replace("]", "")
    schemas[name] = inlined(output, "serialization", schemas)
    return {"application/json": {"schema": {"$ref": REFERENCE.format(model=name)}}}


def headers(action: Action[Model, Model]) -> Document:
    """Returns the headers of an answer to this action."""
    if action.creates:
        return {"Location": {"description": "The address of what was made.", "schema": TEXT}}
    if action.method != "GET":
        return {}
    return {
        "ETag": {"description": "The version of the object, for If-Match.", "schema": TEXT},
        "Link": {"description": "The next page of a list, as `rel=next`.", "schema": TEXT},
    }
