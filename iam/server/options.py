"""The options of `twist iam`."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from twisted.logger import LogLevel, jsonFileLogObserver, textFileLogObserver
from twisted.python import usage

from iam import settings as configuration
from iam.server.help_texts import help_text
from iam.server.log import json_observer, text_observer
from iam.server.redaction import RedactedLog
from iam.server.terminal import TerminalLog
from iam.settings import Settings, SettingsError

USAGE_STATUS = 2
LONG = (
    "An OAuth 2.0 authorization server. Without --database it makes and runs a PostgreSQL of its own in "
    "the data directory. Each option may also stand in the environment as IAM_<NAME> and in the TOML file"
    " of --config."
)


class Options(usage.Options):
    """The command-line options of `twist iam`, which become Settings."""

    longdesc = LONG
    synopsis = "[options]"
    optParameters = [  # noqa: RUF012 - usage.Options wants a list
        ["port", None, None, "where to listen (8000)"],
        [
            "database",
            None,
            None,
            "libpq URI or keywords of a PostgreSQL >= 14; none: one of its own in the data directory",
        ],
        [
            "wait-for-database",
            None,
            None,
            "seconds that a start waits for a database that does not answer yet (0 at a terminal, else 60)",
        ],
        ["data-dir", None, None, "its own database, and the secret made at the first start"],
        ["issuer", None, None, "public address, a path such as /o allowed, no trailing slash (http://localhost:PORT)"],
        [
            "proxy-header",
            None,
            None,
            "the one header of proxies that is believed (X-Forwarded-For or Forwarded: the one there)",
        ],
        [
            "signup",
            None,
            None,
            "who may make an account: open, invite or closed (open for an http issuer on this machine, else invite)",
        ],
        [
            "registration",
            None,
            None,
            "who may register clients at /register: open, token (with an initial access token) or closed (token)",
        ],
        ["registration-quota", None, None, "how often a day one network may try to register, without a token (100)"],
        [
            "applications",
            None,
            None,
            "who may register applications on the page: everybody or administrators (everybody)",
        ],
        [
            "admin-acr",
            None,
            None,
            "how well administrators must prove who they are: 1 (a password), 2 (two factors) or phr (a passkey) (1)",
        ],
        ["password-length", None, None, "the shortest password, in characters (8; without a second factor better 15)"],
        ["connections", None, None, "how many connections at a time (1024)"],
        ["connections-per-network", None, None, "how many of one IPv4 address or IPv6 /64 (128)"],
        ["templates", None, None, "a theme: overrides any of the bundled templates and static files"],
        ["name", None, None, "whose login it is, as pages and mail say (the issuer's host)"],
        ["logo", None, None, "a PNG, WebP or SVG of at most 64 kB"],
        ["accent", None, None, "the colour of buttons and links, as in CSS; text stays legible on it"],
        ["help-url", None, None, "an http or https address of help, at the foot of each page and mail"],
        ["privacy-url", None, None, "the same of the privacy statement"],
        ["terms-url", None, None, "the same of the terms of use"],
        [
            "smtp",
            None,
            None,
            "the mail server, smtp://HOST:587 or smtps://HOST:465 (none: mail goes into files of the data directory)",
        ],
        ["mail-from", None, None, "the address that mail comes from; needed with --smtp"],
        ["config", None, None, "a TOML file with any of these options"],
        ["log-format", None, None, "text or json (text on a terminal, json else)"],
        ["log-level", None, None, "debug, info, warn, error or critical (info)"],
    ]
    optFlags = [  # noqa: RUF012
        ["no-migrate", None, "do not migrate the database at start"],
        ["implicit", None, "answer response_type=id_token and 'id_token token', against the advice of RFC 9700"],
        [
            "no-rate-limits",
            None,
            "for tests and benchmarks only: no limit of connections, registrations or writes of a network, nor of wrong passwords",
        ],
    ]

    settings: Settings
    parent: Any
    at_terminal = False  # a person reads the log, and has not chosen a format or level
    debugging = True  # the log has events of debug level

    def __init__(self) -> None:
        super().__init__()
        self.several: dict[str, list[str]] = {}

    def opt_interface(self, address: str) -> None:
        """Listen on this address (127.0.0.1 and ::1); repeatable."""
        self.several.setdefault("interface", []).append(address)

    def opt_listen(self, endpoint: str) -> None:
        """Listen on this Twisted endpoint (ssl:443:..., unix:..., systemd:...) instead; repeatable."""
        self.several.setdefault("listen", []).append(endpoint)

    def opt_proxy_headers(self, network: str) -> None:
        """Believe the forwarding headers of proxies in this network, or of all peers on unix sockets: `unix`; repeatable (none)."""
        self.several.setdefault("proxy_headers", []).append(network)

    def opt_allow_fetch(self, network: str) -> None:
        """Reach clients' servers in this private network too, and there over http and at any port; repeatable (none)."""
        self.several.setdefault("allow_fetch", []).append(network)

    def opt_registration_scope(self, scope: str) -> None:
        """Let clients that register themselves ask for this scope too, besides those of OpenID Connect; repeatable (none)."""
        self.several.setdefault("registration_scope", []).append(scope)

    def opt_private_scheme(self, name: str) -> None:
        """Let apps register redirect URIs with this scheme of their own although it has no dot, such as cursor; repeatable (none)."""
        self.several.setdefault("private_scheme", []).append(name)

    def opt_application_scope(self, scope: str) -> None:
        """Let the applications of people who are no administrators ask for this scope; repeatable (OpenID Connect's, read, write)."""
        self.several.setdefault("application_scope", []).append(scope)

    def opt_application_grant(self, grant_type: str) -> None:
        """Let these applications have this grant type; repeatable (authorization_code, refresh_token)."""
        self.several.setdefault("application_grant", []).append(grant_type)

    def opt_limit(self, pair: str) -> None:
        """Set a limit, as NAME=N; docs/reference/options.md lists them; repeatable."""
        self.several.setdefault("limit", []).append(pair)

    def opt_help(self) -> NoReturn:
        """Display this help and exit."""
        sys.stdout.write(f"{self}\n")
        raise SystemExit(0)

    def opt_version(self) -> NoReturn:
        """Display the version and exit."""
        sys.stdout.write(f"iam {version('iam')}\n")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the options; a wrong one ends the process with one sentence and status 2."""
        try:
            super().parseOptions(options)
        except (usage.UsageError, SettingsError) as error:
            refuse(str(error))

    def postOptions(self) -> None:
        """Build Settings from the options, and set twist's log format and level by them."""
        given: dict[str, object] = {
            name.replace("-", "_"): value for name, value in self.items() if isinstance(value, str) and name != "config"
        }
        given |= {name: tuple(values) for name, values in self.several.items()}
        given |= {flag.replace("-", "_"): True for flag in ("no-migrate", "no-rate-limits", "implicit") if self[flag]}
        self.settings = configuration.read(given, Path(self["config"]).absolute() if self["config"] else None)
        told = self.settings.model_fields_set
        if self.settings.log_format is not None:
            self.parent.opt_log_format(self.settings.log_format)
        if "log_level" in told:
            self.parent.opt_log_level(self.settings.log_level)
        if self.parent is not None:
            self.debugging = self.parent["logLevel"] <= LogLevel.debug
            observer: Any = self.parent["fileLogObserverFactory"]
            self.at_terminal = observer is textFileLogObserver and not {"log_format", "log_level"} & told
            observer = json_observer if observer is jsonFileLogObserver else text_observer
            if self.at_terminal:
                observer = TerminalLog
            self.parent["fileLogObserverFactory"] = lambda file: observer(RedactedLog(file))


for _name, _handler in vars(Options).items():
    if _name.startswith("opt_"):
        _handler.__doc__ = help_text(_handler)


def refuse(sentence: str) -> NoReturn:
    """Write what is wrong with the options to standard error, and exit with status 2."""
    sys.stderr.write(f"twist iam: {sentence} (`twist iam --help` lists the options)\n")
    raise SystemExit(USAGE_STATUS)
