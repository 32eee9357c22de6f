"""`iam mcp`."""

import shlex

import pytest

from tests.command_line import Iam

TOOLS = "https://mcp.example.org/mcp"


def test_an_mcp_server_is_added_with_all_that_clients_need(iam: Iam) -> None:
    added = iam("mcp", "add", TOOLS, "--scope", "tools:use", "--scope", "tools:list", "--json").json
    made = {each["name"]: each["description"] for each in iam("scope", "list", "--json").json}

    assert (added["resource"], added["clients"], added["scopes"]) == (TOOLS, "all", ["tools:list", "tools:use"])
    assert made["tools:use"] == "tools:use at mcp.example.org"
    assert added["metadata"]["resource"] == TOOLS
    assert added["metadata"]["scopes_supported"] == ["tools:list", "tools:use"]
    assert added["metadata_uri"].endswith("/resources/metadata?resource=https%3A%2F%2Fmcp.example.org%2Fmcp")
    assert added["metadata_uri"] in added["challenge"]
    iam("resource", "delete", TOOLS, "--yes")
    for scope in ("tools:use", "tools:list"):
        iam("scope", "delete", scope, "--yes")


def test_the_answer_says_who_may_ask_and_how_each_client_connects(iam: Iam) -> None:
    said = iam("mcp", "add", TOOLS + "?a=b&c='d'").out
    iam("resource", "delete", TOOLS + "?a=b&c='d'", "--yes")
    (claude,) = [line.partition("claude ")[2] for line in said.splitlines() if "Claude Code" in line]

    assert "All clients may ask for it (--clients all)" in said
    assert shlex.split(claude) == ["mcp", "add", "--transport", "http", "mcp-example-org", TOOLS + "?a=b&c='d'"]
    assert all(name in said for name in ("VS Code", "Cursor", "ChatGPT"))


@pytest.mark.parametrize(
    "url", ["mcp.example.org", "ftp://mcp.example.org", "http://mcp.example.org/mcp", TOOLS + "#a"]
)
def test_what_is_no_address_of_a_server_is_refused(iam: Iam, url: str) -> None:
    assert "Give the address of the MCP server" in iam("mcp", "add", url).complaint


def test_nothing_is_made_if_something_is_wrong(iam: Iam) -> None:
    iam("mcp", "add", TOOLS)
    before = iam("scope", "list", "--json").json

    again = iam("mcp", "add", TOOLS, "--scope", "tools:new")
    wrong = iam("mcp", "add", TOOLS + "/other", "--scope", "tools:new", "--scope", "no good")

    assert f"There is a resource {TOOLS} already." in again.complaint
    assert "A scope's name is" in wrong.complaint
    assert iam("scope", "list", "--json").json == before
    iam("resource", "delete", TOOLS, "--yes")
