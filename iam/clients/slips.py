"""Slips of who copies an id, a secret or an address: what stands around it, or was done to it once too often."""

from typing import Final
from urllib.parse import unquote

from attrs import frozen

QUOTATION_MARKS: Final = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "«": "»", "<": ">"}
DEEPEST: Final = 4  # slips that are looked for below each other


@frozen
class Copied:
    """A text without the slips that were found, and those in words; none: the text is as it came."""

    text: str
    slips: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The slips in one phrase."""
        return ", and ".join(self.slips)


def copied(text: str) -> Copied:
    """The text as it was probably meant."""
    slips: list[str] = []
    for _ in range(DEEPEST):
        cleaned, slip = once(text)
        if slip is None:
            break
        text, slips = cleaned, [*slips, slip]
    return Copied(text, tuple(slips))


def once(text: str) -> tuple[str, str | None]:
    """The text without its outermost slip, and that in words."""
    if text != text.strip():
        begins, ends = text != text.lstrip(), text != text.rstrip()
        where = "begins and ends with" if begins and ends else "begins with" if begins else "ends in"
        return text.strip(), f"it {where} a blank"
    if len(text) > 1 and QUOTATION_MARKS.get(text[0]) == text[-1]:
        return text[1:-1], "it stands in quotation marks"
    if "%" in text and (decoded := unquote(text)) != text:
        return decoded, "it is percent-encoded once too often"
    return text, None
