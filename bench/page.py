"""Put what the benches found last, kept in build/bench, into the page of figures, and the picture beside it."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.results import DIRECTORY, ROOT

PAGE = ROOT / "docs" / "reference" / "performance.md"
PICTURE = "performance.svg"


def section(told: dict[str, Any]) -> str:
    """What stands between the marks of one bench."""
    versions = ", ".join(f"{name} {number}" for name, number in told["versions"].items())
    return (
        f"{told['about']}\n\n{told['table']}\n\n"
        f"*{told['date']}, revision {told['revision']}; {told['machine']}; {versions}.*"
    )


def put(page: str, name: str, text: str) -> str:
    """The page with this text between the marks of that name."""
    marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marks.search(page):
        raise SystemExit(f"{PAGE} has no marks <!-- {name} --> and <!-- /{name} -->")
    return marks.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)


def main() -> None:
    page = PAGE.read_text()
    for name in re.findall(r"<!-- (\w+) -->", page):
        kept = DIRECTORY / f"{name}.json"
        if kept.exists():
            page = put(page, name, section(json.loads(kept.read_text())))
            print(f"{name}: from {kept.relative_to(ROOT)}")
    if (DIRECTORY / PICTURE).exists():
        shutil.copyfile(DIRECTORY / PICTURE, PAGE.with_name(PICTURE))
        page = put(page, "picture", f"![Requests per second]({PICTURE})")
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
