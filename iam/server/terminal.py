"""The output for a person who starts the server at a terminal: a few lines, then one for each request."""

from typing import Final, TextIO

from twisted.logger import ILogObserver, LogEvent, Logger, LogLevel, formatEvent, formatTime
from zope.interface import implementer

from iam.server.log import cut

ROOM: Final = 2  # lines of progress that are shown
OPERATORS: Final = (
    "log_legacy",
    "iam.secrets.signing_keys",
    "iam.operations",
    "iam.server.service",
    "iam.server.terminal",
    "iam.store",
    "iam.database",
    "twisted",
)  # namespaces whose info lines are for operators alone
UNFORMATTED: Final = "a message that cannot be formatted"

log = Logger()


class Screen:
    """Writes lines for the person who started the server to standard error, because standard output may be a log in JSON."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._room = ROOM
        self.terminal = file is not None and file.isatty()

    def say(self, line: str) -> None:
        """Writes a line for the person."""
        if self._file is not None:
            self._file.write(line + "\n")
            self._file.flush()

    def progress(self, line: str) -> None:
        """Writes a line of progress; a terminal shows the first ROOM of them, the log has the rest."""
        if self.terminal and self._room <= 0:
            log.debug("{line}", line=line)
            return
        self._room -= 1
        self.say(line)

    def ready(self, address: str, invitation: list[str]) -> None:
        """Writes the server's address, and the lines about making an administrator."""
        answers = f"iam answers at {address}"
        lines = [answers, *invitation, "Ctrl-C stops it."] if self.terminal else [*invitation, answers]
        for line in lines:
            self.say(line)
        self._room = ROOM  # for the lines of progress at the stop


@implementer(ILogObserver)
class TerminalLog:
    """A log observer that writes the events of interest to a person at a terminal, and all warnings and errors."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __call__(self, event: LogEvent) -> None:
        """Writes an event, unless it is for operators alone."""
        level = event.get("log_level", LogLevel.info)
        if level < LogLevel.warn and event.get("log_namespace", "").startswith(OPERATORS):
            return
        self._file.write(line_of(cut(event), level))
        self._file.flush()


def line_of(event: LogEvent, level: LogLevel) -> str:
    """Returns an event as text: time, level from warnings on, and message; further lines are indented."""
    time = formatTime(event.get("log_time"), timeFormat="%H:%M:%S")
    text = formatEvent(event) or UNFORMATTED
    if "log_failure" in event:
        text += "\n" + event["log_failure"].getTraceback().rstrip()
    grave = f"{level.name.upper()}: " if level >= LogLevel.warn else ""
    return f"{time} {grave}" + text.replace("\n", "\n    ") + "\n"
