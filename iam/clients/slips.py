"""Slips made in copying an id, a secret or an address: surrounding characters, or one encoding too many."""

from typing import Final
from urllib.parse import unquote

from attrs import frozen

QUOTATION_MARKS: Final = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "«": "»", "<": ">"}
DEEPEST: Final = 4  # nested slips that are looked for


@frozen
class Copied:
    """A text without the slips that were found, and a phrase for each; without slips, the text is unchanged."""

    text: str
    slips: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The slips in one phrase."""
        return ", and ".join(self.slips)


def copied(text: str) -> Copied:
    """Returns the text as it was probably meant."""
    slips: list[str] = []
    for _ in range(DEEPEST):
        cleaned, slip = once(text)
        if slip is None:
            break
        text, slips = cleaned, [*slips, slip]
    return Copied(text, tuple(slips))


def once(text: str) -> tuple[str, str | None]:
    """Returns the text without its outermost slip, and a phrase for that slip, or None."""
    if text != text.strip():
        begins, ends = text != text.lstrip(), text != text.rstrip()
        where = "begins and ends with" if begins and ends else "begins with" if begins else "ends in"
        return text.strip(), f"it {where} a blank"
    if len(text) > 1 and QUOTATION_MARKS.get(text[0]) == text[-1]:
        return text[1:-1], "it stands in quotation marks"
    if "%" in text and (decoded := unquote(text)) != text:
        return decoded, "it is percent-encoded once too often"
    return text, None
