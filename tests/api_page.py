"""Writes docs/reference/api.md from the OpenAPI document, as `python -m tests.api_page`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from iam.administration.actions.table import ACTIONS, FORETELLING
from iam.endpoints.api.api import PATH
from iam.endpoints.api.document import document

FILE = Path(__file__).parents[1] / "docs" / "reference" / "api.md"
HEAD = """# The API, action by action

This page is written from the document at `/api/v1/openapi.json`; [the guide](../guides/api.md) says how to call it.
Addresses are below `/api/v1`; a member that must be there is **bold**.
"""


def text() -> str:
    """The page."""
    return "\n".join([HEAD, *lines(document((*ACTIONS, *FORETELLING), "https://login.example.org", PATH))])


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """A chapter for each noun, with its actions."""
    schemas = told["components"]["schemas"]
    for tag in told["tags"]:
        yield f"## {tag['name']}\n"
        for path, methods in told["paths"].items():
            for method, operation in methods.items():
                if operation["tags"] == [tag["name"]]:
                    yield from section(f"{method.upper()} {path}", operation, schemas)


def section(address: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    """One action: what it does, what it takes, what it gives."""
    yield f"### `{address}`\n"
    yield f"{operation['summary']}\nScope: {scope(operation)}.\n"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    required = body.get("required", ())
    rows = [
        (each["name"], each["in"], each["schema"], each["description"], each["required"])
        for each in operation["parameters"]
    ]
    rows += [
        (name, "body", schema, schema.get("description", ""), name in required)
        for name, schema in body.get("properties", {}).items()
    ]
    if rows:
        yield "| member | in | type | |\n|---|---|---|---|"
        for name, place, schema, about, needed in rows:
            shown = f"**`{name}`**" if needed else f"`{name}`"
            yield f"| {shown} | {place} | {kind(schema)} | {about.replace('|', ', ')} |"
        yield ""
    status = next(iter(operation["responses"]))
    content = operation["responses"][status]["content"]
    given = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    members = ", ".join(f"`{name}`" for name in (schemas[given]["properties"] if given else content))
    errors = ", ".join(each for each in operation["responses"] if each not in (status, "default"))
    yield f"Answers {status} with {members}; or {errors}.\n"


def scope(operation: Mapping[str, Any]) -> str:
    """The scope that a token needs."""
    needed = operation["security"][0]["token"]
    return f"`{needed[0]}`" if needed else "any"


def kind(schema: Mapping[str, Any]) -> str:
    """The type of a member."""
    choices: Sequence[Mapping[str, Any]] = schema.get("anyOf", [schema])
    names = [each.get("format") or each.get("type", "anything") for each in choices]
    return " or ".join(dict.fromkeys(names))


if __name__ == "__main__":
    FILE.write_text(text())
    print(f"{FILE} is written.")
