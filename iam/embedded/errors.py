"""The error that tells a person why the embedded PostgreSQL cannot be used."""

LINES = 5  # of PostgreSQL's log, below the sentence (H52)


class EmbeddedError(Exception):
    """One sentence that says what to do, and sometimes the last lines of PostgreSQL's log."""


def explain(sentence: str, log: str) -> EmbeddedError:
    """Returns the error of this sentence, followed by the last LINES lines of the log."""
    return EmbeddedError("\n".join([sentence, *log.splitlines()[-LINES:]]))
