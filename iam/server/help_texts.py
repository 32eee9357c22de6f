"""Help texts are docstrings, which `python -OO` leaves out of the program: then they are read where they were written."""

import ast
import inspect
from pathlib import Path
from typing import Any


def help_text(function: Any) -> str | None:
    """The docstring of a function or a method; None where there is none, nor a source to look it up in."""
    plain = inspect.unwrap(function)
    return inspect.getdoc(plain) or docstring(plain.__code__)


def docstring(code: Any) -> str | None:
    """The docstring that stands at the beginning of this code in its source."""
    try:
        tree = ast.parse(Path(code.co_filename).read_text(encoding="utf-8"))
    except OSError:
        return None
    named = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == code.co_name)
    begun = {min((node.lineno, *(part.lineno for part in node.decorator_list))): node for node in named}
    found = begun.get(code.co_firstlineno)
    return ast.get_docstring(found) if found else None
