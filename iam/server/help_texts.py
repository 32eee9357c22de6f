"""Help texts are docstrings; `python -OO` drops them from the program, and then they are read from the source."""

import ast
import inspect
from pathlib import Path
from typing import Any


def help_text(function: Any) -> str | None:
    """Returns the docstring of a function or method, from its source if need be; None if there is none."""
    plain = inspect.unwrap(function)
    return inspect.getdoc(plain) or docstring(plain.__code__)


def docstring(code: Any) -> str | None:
    """Returns the docstring of this code from its source file; None without one."""
    try:
        tree = ast.parse(Path(code.co_filename).read_text(encoding="utf-8"))
    except OSError:
        return None
    named = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == code.co_name)
    begun = {min((node.lineno, *(part.lineno for part in node.decorator_list))): node for node in named}
    found = begun.get(code.co_firstlineno)
    return ast.get_docstring(found) if found else None
