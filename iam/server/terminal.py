"""What a person sees who starts the server at a terminal: a few lines, and then what is asked of it."""

from typing import Final, TextIO

from twisted.logger import ILogObserver, LogEvent, Logger, LogLevel, formatEvent, formatTime
from zope.interface import implementer

from iam.server.log import cut

ROOM: Final = 2  # lines about the way to the start
OPERATORS: Final = (
    "log_legacy",
    "iam.secrets.signing_keys",
    "iam.operations",
    "iam.server.service",
    "iam.server.terminal",
    "iam.store",
    "iam.database",
    "twisted",
)  # whose news at info level only operators want
UNFORMATTED: Final = "a message that cannot be formatted"

log = Logger()


class Screen:
    """Tells whoever started the server what they need to know; to standard error, since standard output may be a log in JSON."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._room = ROOM
        self.terminal = file is not None and file.isatty()

    def say(self, line: str) -> None:
        """A line for the person."""
        if self._file is not None:
            self._file.write(line + "\n")
            self._file.flush()

    def progress(self, line: str) -> None:
        """A line about the way there, of which a terminal shows the first few."""
        if self.terminal and self._room <= 0:
            log.debug("{line}", line=line)
            return
        self._room -= 1
        self.say(line)

    def ready(self, address: str, invitation: list[str]) -> None:
        """Say that the server answers, and how there will be an administrator where there is none."""
        answers = f"iam answers at {address}"
        lines = [answers, *invitation, "Ctrl-C stops it."] if self.terminal else [*invitation, answers]
        for line in lines:
            self.say(line)
        self._room = ROOM  # for the way to the end


@implementer(ILogObserver)
class TerminalLog:
    """Writes a line for each event that a person at a terminal wants to see, and whatever went wrong."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __call__(self, event: LogEvent) -> None:
        """Write one event."""
        level = event.get("log_level", LogLevel.info)
        if level < LogLevel.warn and event.get("log_namespace", "").startswith(OPERATORS):
            return
        self._file.write(line_of(cut(event), level))
        self._file.flush()


def line_of(event: LogEvent, level: LogLevel) -> str:
    """The time, what happened, and how grave it is where it is grave; what is more in it than a line is shifted to the right."""
    time = formatTime(event.get("log_time"), timeFormat="%H:%M:%S")
    text = formatEvent(event) or UNFORMATTED
    if "log_failure" in event:
        text += "\n" + event["log_failure"].getTraceback().rstrip()
    grave = f"{level.name.upper()}: " if level >= LogLevel.warn else ""
    return f"{time} {grave}" + text.replace("\n", "\n    ") + "\n"
