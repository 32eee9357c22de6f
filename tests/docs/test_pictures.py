"""Pictures in README and documentation: each is there, is shown, and is one that the script takes."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = re.compile(r"!\[([^\]]+)\]\(([^)]+\.png)\)")
MOST = 820_000  # bytes of all: whoever clones the project gets them


def shown() -> dict[Path, str]:
    """The pictures that pages show, with what is said to who does not see them."""
    return {
        (page.parent / address).resolve(): words for page in PAGES for words, address in SHOWN.findall(page.read_text())
    }


def test_each_picture_that_is_there_is_shown_and_taken_by_the_script() -> None:
    taken = re.findall(r'picture\("([a-z-]+)"', (PICTURES / "take.py").read_text())
    there = sorted(PICTURES.glob("*.png"))

    assert sorted(taken) == sorted(path.stem for path in there)
    assert set(there) == set(shown())


def test_pictures_are_described_and_small() -> None:
    assert min(len(words) for words in shown().values()) > 20
    assert sum(path.stat().st_size for path in PICTURES.glob("*.png")) <= MOST
