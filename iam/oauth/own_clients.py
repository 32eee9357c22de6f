"""The client that this server is itself: the command line on somebody's own machine."""

from typing import Final

COMMAND_LINE: Final = "iam-cli"  # its id
# seconds: a login that is older is made anew, since what is sensitive wants one of the last ten minutes
FRESH: Final = 300
CALLBACK: Final = "http://127.0.0.1/"  # where it waits, at any port (RFC 8252 §7.3)
