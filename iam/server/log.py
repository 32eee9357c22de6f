"""The log for programs: one line of JSON for each event, with the event's own names."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from twisted.logger import FileLogObserver, LogEvent, formatEvent, formatEventAsClassicLogText

LONGEST = 1_000  # characters of a value
TRACEBACK = 16_384  # characters of a traceback: its end
SHORT = 64  # characters of a value that may stand twice in a line

SCALARS = (str, int, float, bool, type(None))


def json_observer(file: TextIO) -> FileLogObserver:
    """Writes one line of JSON for each event."""
    return FileLogObserver(file, json_line)


def text_observer(file: TextIO) -> FileLogObserver:
    """Writes one line of text for each event."""
    return FileLogObserver(file, lambda event: formatEventAsClassicLogText(cut(event)))


def cut(event: LogEvent) -> LogEvent:
    """The event without the rest of long texts: whoever sends them, they fill no disk here."""
    return {name: value[:LONGEST] + "…" if long(name, value) else value for name, value in event.items()}


def long(name: str, value: object) -> bool:
    """Is it a text that may have come from anywhere, and has no end?"""
    return isinstance(value, str) and len(value) > LONGEST and not name.startswith("log_")


def json_line(event: LogEvent) -> str:
    """When, how grave, from where, what in a sentence, and the values in it under their own names."""
    event = cut(event)
    message = formatEvent(event)
    document = {
        "time": datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds"),
        "level": event["log_level"].name,
        "from": event.get("log_namespace", "-"),
        "message": message,
        **{name: value for name, value in values(event).items() if not is_repeated(value, message)},
    }
    if "log_failure" in event:
        document["traceback"] = event["log_failure"].getTraceback()[-TRACEBACK:]
    return json.dumps(document, default=str) + "\n"


def values(event: Mapping[str, Any]) -> dict[str, object]:
    """The values of an event that are texts and numbers; all else is in the message, if it is anywhere."""
    return {
        name: value
        for name, value in event.items()
        if isinstance(value, SCALARS)
        and not name.startswith("log_")
        and name not in ("system", "time", "isError", "message")
    }


def is_repeated(value: object, message: str) -> bool:
    """Is it a long text that the message has already?"""
    return isinstance(value, str) and len(value) > SHORT and value in message
