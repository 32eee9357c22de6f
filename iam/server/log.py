"""The formats of the log: a line of text, or a line of JSON with the event's values under their own names."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from twisted.logger import FileLogObserver, LogEvent, formatEvent, formatEventAsClassicLogText

LONGEST = 1_000  # characters of a value
TRACEBACK = 16_384  # characters from the end of a traceback
SHORT = 64  # characters up to which a value is repeated beside the message

SCALARS = (str, int, float, bool, type(None))


def json_observer(file: TextIO) -> FileLogObserver:
    """Returns an observer that writes one line of JSON for each event."""
    return FileLogObserver(file, json_line)


def text_observer(file: TextIO) -> FileLogObserver:
    """Returns an observer that writes one line of text for each event."""
    return FileLogObserver(file, lambda event: formatEventAsClassicLogText(cut(event)))


def cut(event: LogEvent) -> LogEvent:
    """Returns the event with long texts cut to LONGEST characters, so that nobody fills the disk with them."""
    return {name: value[:LONGEST] + "…" if long(name, value) else value for name, value in event.items()}


def long(name: str, value: object) -> bool:
    """Whether this is a long text that may come from anybody, and not a field of Twisted's."""
    return isinstance(value, str) and len(value) > LONGEST and not name.startswith("log_")


def json_line(event: LogEvent) -> str:
    """Returns an event as a line of JSON: time, level, namespace, message, and its values under their own names."""
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
    """Returns the values of an event that are texts, numbers, booleans or None, without Twisted's own fields."""
    return {
        name: value
        for name, value in event.items()
        if isinstance(value, SCALARS)
        and not name.startswith("log_")
        and name not in ("system", "time", "isError", "message")
    }


def is_repeated(value: object, message: str) -> bool:
    """Whether this is a long text that the message already contains."""
    return isinstance(value, str) and len(value) > SHORT and value in message
