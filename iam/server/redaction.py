"""The last filter before the log: it crosses out what looks like a secret (H30).

Our own log calls name ids and reasons, never secrets. But the text of an exception may come from anywhere, and so may the path of
a request.
"""

import re
from io import TextIOBase
from typing import TextIO

CROSSED_OUT = "[redacted]"
# Anybody can have a long path logged, so the pattern looks at each word once, from its beginning, and never backtracks.
SECRET = re.compile(
    r"""
    iam_[a-z]{2}_ [0-9A-Za-z_]+                         # a secret of ours
    | (?<! [\w-] ) (?> [\w-]*? eyJ ) [\w-]*+ (?: \. [\w-]*+ )++  # a JWT
    | \$argon2 [^\s"']+                                 # a password's hash
    | (?<= -----BEGIN\ ) [A-Z ]* PRIVATE\ KEY [\w\s+/=\\-]*  # a key in PEM
    | (?P<name> \b (?: basic | bearer | dpop ) \s++ ) [\w.~+/=-]{8,}
    | (?P<member>
        (?<! \w )
        (?= (?: code | code_verifier | authorization | \w*_secret | \w*_token | \w*assertion ) \b | \w*password )
        \w++ [\\"']*+ \s*+ [=:] \s*+ [\\"']*+ (?: (?: basic | bearer | dpop ) \s++ )?
      ) [^\s&"',;\\)}\]]+
    """,
    re.IGNORECASE | re.VERBOSE,
)


def redact(text: str) -> str:
    """Returns the text with secrets crossed out; their names stay."""
    return SECRET.sub(lambda found: (found["name"] or found["member"] or "") + CROSSED_OUT, text)


class RedactedLog(TextIOBase):
    """A log file that crosses out secrets in everything written to it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Writes the text, redacted."""
        return self._file.write(redact(text))

    def flush(self) -> None:
        """Flushes the file underneath."""
        self._file.flush()
