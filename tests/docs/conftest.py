"""The pages that newcomers, operators and contributors read."""

import re
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@frozen
class Block:
    """A block of code on a page."""

    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """The blocks of code of a page of docs/, or of the README, in their order."""
    return [Block(found["language"], found["text"]) for found in FENCE.finditer((ROOT / page).read_text())]
