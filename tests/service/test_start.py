"""What a start does not import, so that it is short and small."""

import os
import subprocess
import sys

# By the time that the service is made; the rest of the start imports nothing else. A server imports them when it is ready, except
# zxcvbn and its dictionaries, 12 megabytes, and webauthn, 10 megabytes: the first new password and the first passkey bring them
# in, in a thread.
LATER = (
    *("klein", "werkzeug", "jinja2", "treq", "twisted.web.client", "zxcvbn", "webauthn", "cbor2"),
    *("rich", "click", "multiprocessing"),
)
PROGRAM = """
import sys
from twisted.application.twist._options import TwistOptions
options = TwistOptions()
options.parseOptions(["iam", "--database", "dbname=nothing", "--data-dir", "/nowhere"])
options.plugins["iam"].makeService(options.subOptions)
import iam.server.application, iam.server.site
print(*sys.modules)
"""


def test_what_a_start_does_not_need_is_not_imported() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IAM_")}
    program = [sys.executable, "-c", PROGRAM]

    said = subprocess.run(program, env=environment, capture_output=True, text=True, check=True).stdout

    assert sorted(set(LATER) & set(said.split())) == []
