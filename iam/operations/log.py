"""The log for programs: one line of JSON for each event, with the event's own names."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from twisted.logger import FileLogObserver, LogEvent, formatEvent

SCALARS = (str, int, float, bool, type(None))


def json_observer(file: TextIO) -> FileLogObserver:
    """Writes one line of JSON for each event."""
    return FileLogObserver(file, json_line)


def json_line(event: LogEvent) -> str:
    """When, how grave, from where, what in a sentence, and the values in it under their own names."""
    document = {
        "time": datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds"),
        "level": event["log_level"].name,
        "from": event.get("log_namespace", "-"),
        "message": formatEvent(event),
        **values(event),
    }
    if "log_failure" in event:
        document["traceback"] = event["log_failure"].getTraceback()
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
