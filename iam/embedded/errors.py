"""What the person is told when the embedded PostgreSQL cannot be used."""

LINES = 5  # of PostgreSQL's log, below the sentence (H52)


class EmbeddedError(Exception):
    """One sentence that says what to do; where they help, the last lines of PostgreSQL's log follow."""


def explain(sentence: str, log: str) -> EmbeddedError:
    """The error with the end of the log."""
    return EmbeddedError("\n".join([sentence, *log.splitlines()[-LINES:]]))
