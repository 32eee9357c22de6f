"""The log in JSON: one line for each event, for programs to read."""

import json
from io import StringIO
from typing import Any

from twisted.application.twist._options import TwistOptions
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from iam.server.log import json_line


def line(**event: Any) -> Any:
    return json.loads(json_line({"log_time": 1795629953.25, "log_level": LogLevel.info, **event}))


def test_a_line_says_when_how_grave_from_where_and_what() -> None:
    told = line(
        log_namespace="iam.http.site", log_format="{method} {path} {status}", method="POST", path="/token", status=400
    )

    assert told == {
        "time": "2026-11-25T18:05:53.250+00:00",
        "level": "info",
        "from": "iam.http.site",
        "message": "POST /token 400",
        "method": "POST",
        "path": "/token",
        "status": 400,
    }


def test_what_is_no_text_or_number_is_in_the_message_alone() -> None:
    told = line(log_format="{thing}", thing=object(), log_logger=Logger(), log_source=object())

    assert set(told) == {"time", "level", "from", "message"}


def test_a_failure_has_its_traceback() -> None:
    told = line(log_format="a mistake", log_failure=Failure(ValueError("that went wrong")))

    assert "ValueError: that went wrong" in told["traceback"]


def test_the_servers_json_is_one_line_for_each_event() -> None:
    options = TwistOptions()
    options.parseOptions(["--log-format=json", "iam"])
    written = StringIO()
    observer = options["fileLogObserverFactory"](written)

    for text in ("first\nline", "second"):
        observer({"log_level": LogLevel.info, "log_format": "{it}", "it": text, "log_time": 0.0})

    lines = written.getvalue().splitlines()
    assert [json.loads(each)["message"] for each in lines] == ["first\nline", "second"]
