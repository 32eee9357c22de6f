"""The layers, as a table; who breaks it, breaks this test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEAVES = {
    "settings",
    "clock",
    "credentials",
    "limits",
    "networks",
    "daily",
    "recurring",
    "schemes",
    "server_key",
    "bridge",
}
BELOW_PAGES = {"web", "oauth", "openid", "accounts", "operations"}

# Who may import whom, within iam; everybody may import themselves and clock and credentials.
TABLE = {
    "service": {"*"},
    "assembly": {"*"},
    "listening": {"settings"},
    "options": {"operations", "settings"},
    "foundation": {"embedded", "store", "settings"},
    "patience": {"store"},
    "routes": {"endpoints", "pages", "web"},
    "endpoints": BELOW_PAGES,
    "pages": BELOW_PAGES | {"server_key", "settings"},
    "oauth": {"bridge", "openid", "accounts", "store", "outbound", "settings", "server_key"},
    "openid": {"store", "outbound", "settings"},
    "accounts": {"store", "outbound", "settings"},
    "operations": {"openid", "store", "outbound", "settings"},
    "store": {"settings"},
    "web": {"settings"},
    "outbound": {"settings"},
    "embedded": {"settings"},
    "commands": {
        "foundation",
        "openid",
        "server_key",
        "settings",
        "oauth",
        "accounts",
        "store",
        "operations",
        "outbound",
        "embedded",
    },
    "settings": set(),
    "limits": set(),
    "networks": set(),
    "daily": set(),
    "recurring": set(),
    "schemes": set(),
    "clock": set(),
    "credentials": set(),
    "server_key": set(),
    "bridge": set(),
    "client": set(),
}
EVERYBODY = {"clock", "credentials", "daily", "limits", "networks", "recurring", "schemes"}

# Which library appears only where.
LIBRARIES = {
    "klein": {"web", "routes", "endpoints", "pages", "service", "resource"},
    "twisted.web": {"web", "routes", "endpoints", "pages", "service", "resource", "outbound"},
    "treq": {"outbound", "client"},
    "oauthlib": {"oauth", "web", "endpoints"},
    "txpostgres": {"database/database.py", "database/connecting.py", "database/connection.py"},
    "psycopg2": {"store", "embedded"},
    "yoyo": {"store"},
    "jinja2": {"web"},
    "greenlet": {"bridge"},
    "click": {"commands"},
    "rich": {"commands"},
    "argon2": {"accounts"},
    "zxcvbn": {"accounts"},
}

SQL = re.compile(r"\b(insert\s+into|delete\s+from|update\s+\w+\s+set|select\s.+\sfrom)\b", re.IGNORECASE | re.DOTALL)


def modules() -> list[Path]:
    return sorted((ROOT / "iam").rglob("*.py"))


def layer(path: Path) -> str:
    return path.relative_to(ROOT / "iam").parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a module imports; `from iam import x` counts as iam.x."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def texts(path: Path) -> Iterator[str]:
    """The string literals of a module that are no docstrings."""
    tree = ast.parse(path.read_text())
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    own = layer(path)
    if own == "__init__":
        return
    allowed = TABLE[own] | EVERYBODY | {own}
    used = {name.split(".")[1] for name in imports(path) if name.startswith("iam.")}

    assert "*" in allowed or used <= allowed, used - allowed


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_library_appears_only_where_it_belongs(path: Path) -> None:
    here = {layer(path), str(path.relative_to(ROOT / "iam"))}
    for library, places in LIBRARIES.items():
        used = any(name == library or name.startswith(library + ".") for name in imports(path))
        assert not used or here & places, f"{library} in {path}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_sql_stands_only_in_the_store(path: Path) -> None:
    if layer(path) in ("store", "embedded"):
        return

    assert not [text for text in texts(path) if SQL.search(text)]


@pytest.mark.parametrize("path", sorted((ROOT / "iam/store").glob("*.py")), ids=lambda path: path.name)
def test_h33_no_statement_is_composed_of_values(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            fixed = " ".join(part.value for part in node.values if isinstance(part, ast.Constant))
            assert not SQL.search(fixed), f"{path}:{node.lineno}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
            assert not SQL.search(str(node.left.value)), f"{path}:{node.lineno}"


def test_only_the_service_imports_the_reactor() -> None:
    guilty = [
        path
        for path in modules()
        if "twisted.internet.reactor" in set(imports(path)) and layer(path) not in ("service", "commands")
    ]

    assert guilty == []


def test_nobody_reads_the_time_but_by_the_clock() -> None:
    forbidden = re.compile(r"\btime\.time\(|datetime\.(utc)?now\(")
    guilty = [path for path in modules() if forbidden.search(path.read_text())]

    assert guilty == []


def test_nobody_reads_parameters_headers_or_host_the_lenient_way() -> None:
    """H7: body overrides query, `;` splits, the last Host wins."""
    lenient = re.compile(r"request\.args|getRequestHostname|prePathURL|getUser\(|getPassword\(")
    guilty = [path for path in modules() if lenient.search(path.read_text())]

    assert guilty == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_a_package_says_what_belongs_there_and_nothing_else() -> None:
    for path in (ROOT / "iam").rglob("__init__.py"):
        body = ast.parse(path.read_text()).body
        assert len(body) == 1, path
        assert isinstance(body[0], ast.Expr), path
