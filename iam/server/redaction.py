"""The last filter before the log: what looks like a secret is crossed out (H30).

No log call of ours holds a value, only ids and reasons. But an exception's text comes from anywhere, and so does the path of
a request.
"""

import re
from io import TextIOBase
from typing import TextIO

CROSSED_OUT = "[redacted]"
# Anybody can have a long path logged, so that each word must be looked at once: from its beginning, never giving back.
SECRET = re.compile(
    r"""
    iam_[a-z]{2}_ [0-9A-Za-z_]+                         # what we mint
    | (?<! [\w-] ) (?> [\w-]*? eyJ ) [\w-]*+ (?: \. [\w-]*+ )++  # a JWT
    | \$argon2 [^\s"']+                                 # a password's hash
    | (?<= -----BEGIN\ ) [A-Z ]* PRIVATE\ KEY [\w\s+/=\\-]*  # a key in PEM
    | (?P<name> \b (?: basic | bearer ) \s++ ) [\w.~+/=-]{8,}
    | (?P<member>
        (?<! \w )
        (?= (?: code | code_verifier | authorization | \w*_secret | \w*_token | \w*assertion ) \b | \w*password )
        \w++ [\\"']*+ \s*+ [=:] \s*+ [\\"']*+ (?: (?: basic | bearer ) \s++ )?
      ) [^\s&"',;\\)}\]]+
    """,
    re.IGNORECASE | re.VERBOSE,
)


def redact(text: str) -> str:
    """The text without what looks like a secret; what its name is stays."""
    return SECRET.sub(lambda found: (found["name"] or found["member"] or "") + CROSSED_OUT, text)


class RedactedLog(TextIOBase):
    """A log file into which nothing gets that looks like a secret."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write the text, redacted."""
        return self._file.write(redact(text))

    def flush(self) -> None:
        """Write through."""
        self._file.flush()
