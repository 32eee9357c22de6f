"""Writes docs/reference/pages.md: `python -m tests.theme_page`, after a template has changed."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from iam.browser import rehearsal
from iam.browser.every_branch import Rehearsal, tuples
from iam.browser.rehearsal import ALWAYS, Parts
from iam.browser.theme import Theme, names
from iam.settings import read

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "pages.md"
OF_A_FORM = ("errors", "form_errors", "id", "label")  # of the form itself, and of each of its fields
FRAME = ("base.html", "mail/layout.html", "mail/layout.txt")
HEAD = """# What themes may use

A [theme](../guides/themes.md) may replace any of these templates, and give other content to their blocks.
`python -m tests.theme_page` writes this page, and a test holds it against the templates.

Every template may use these: {globals}.
`asset("NAME")` is the address of a static file, and `base` the path of the issuer, with which addresses begin (`{{{{ base }}}}/login`).
Filters are those of Jinja, and `shell`, which quotes a word for a shell.

Every page may use `session`, which is none where nobody is logged in ({session}).
Every page may use `stale`, which is none unless the form was sent too late (`value`).

A form (`form`) has fields by their names, `errors` and `form_errors`.
Each field has `id`, `name`, `label.text`, `data`, `errors` and `description`.

## Frames

| template | blocks |
|---|---|
{frames}

## Pages

Besides the blocks of `base.html`:

| template | blocks | variables, and their members |
|---|---|---|
{pages}

## Mail

The first line of a text is the subject; besides the blocks of the layouts:

| template | blocks | variables |
|---|---|---|
{mails}

## Parts

Other templates use these by `import`, `include` or `extends`.

| template | macros | blocks |
|---|---|---|
{parts}
"""


def environment(theme: Theme) -> Rehearsal:
    """The bundled templates, as they are tried."""
    made = theme._make(Rehearsal, theme._places)
    made.bytecode_cache = None  # not that of the run, which is for templates as they are
    made.filters["tuples"] = tuples
    made.globals["asset"] = theme._tried_asset
    assert isinstance(made, Rehearsal)
    return made


def parsed(templates: Environment, name: str) -> nodes.Template:
    assert templates.loader is not None
    return templates.parse(templates.loader.get_source(templates, name)[0])


def blocks(templates: Environment, name: str) -> list[str]:
    return [block.name for block in parsed(templates, name).find_all(nodes.Block)]


def macros(templates: Environment, name: str) -> list[str]:
    return [macro.name for macro in parsed(templates, name).find_all(nodes.Macro)]


def code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def variables(templates: Environment, name: str) -> str:
    """The variables of a page, in words."""
    known = rehearsal.grouped(rehearsal.interface(templates, name) - ALWAYS)
    own = {root: members for root, members in known.items() if root not in ("session", "stale")}
    own["form"] = [field for field in own.get("form", ()) if field not in OF_A_FORM]
    if not own["form"]:
        del own["form"]
    return ", ".join(f"`{root}` ({code(members)})" if members else f"`{root}`" for root, members in own.items())


def rows(templates: Environment, found: Iterable[str]) -> Iterator[str]:
    frames = {block for frame in FRAME for block in blocks(templates, frame)}
    for name in found:
        own = [block for block in blocks(templates, name) if block not in frames]
        yield f"| `{name}` | {code(own)} | {variables(templates, name)} |"


def text() -> str:
    """The page."""
    theme = Theme(read({"issuer": "https://login.example.org"}))
    templates = environment(theme)
    everything = names(theme._places)
    read_parts = Parts(templates)
    referred = {part for name in everything for part in read_parts.read(name)[1]} - set(FRAME)
    pages = [name for name in everything if name not in {*referred, *FRAME}]
    usual = set(Environment().globals)
    return HEAD.format(
        globals=code(sorted(set(templates.globals) - usual)),
        session=code(sorted(path[1] for path in ALWAYS if path[0] == "session" and len(path) > 1)),
        frames="\n".join(f"| `{name}` | {code(blocks(templates, name))} |" for name in FRAME),
        pages="\n".join(rows(templates, (name for name in pages if not name.startswith("mail/")))),
        mails="\n".join(rows(templates, (name for name in pages if name.startswith("mail/")))),
        parts="\n".join(
            f"| `{name}` | {code(macros(templates, name))} | {code(blocks(templates, name))} |"
            for name in sorted(referred)
        ),
    )


if __name__ == "__main__":
    PAGE.write_text(text())
