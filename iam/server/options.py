"""The options of `twist iam`."""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NoReturn

from twisted.logger import LogLevel, jsonFileLogObserver, textFileLogObserver
from twisted.python import usage

from iam import settings as configuration
from iam.meanings import MEANINGS
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


SINGLE: Final = (
    *("port", "database", "wait_for_database", "data_dir", "issuer", "proxy_header", "signup", "registration"),
    *("client_certificate_header", "mtls_url", "client_ca"),
    *(
        "registration_quota",
        "client_documents",
        "applications",
        "admin_acr",
        "password_length",
        "connections",
        "connections_per_network",
    ),
    *("templates", "name", "logo", "accent", "help_url", "privacy_url", "terms_url", "smtp", "mail_from"),
    *("log_format", "log_level", "dpop_nonces", "profile"),
)
FLAGS: Final = ("no_migrate", "implicit", "no_rate_limits")
REPEATABLE: Final = (
    *("interface", "listen", "mtls_listen", "proxy_headers", "allow_fetch", "registration_scope"),
    *("client_document_host", "private_scheme"),
    *("application_scope", "application_grant", "limit"),
)


class Options(usage.Options):
    """The command-line options of `twist iam`, which become Settings."""

    longdesc = LONG
    synopsis = "[options]"
    optParameters = [  # noqa: RUF012 - usage.Options wants a list
        *([name.replace("_", "-"), None, None, MEANINGS[name]] for name in SINGLE),
        ["config", None, None, "a TOML file with any of these options"],
    ]
    optFlags = [[name.replace("_", "-"), None, MEANINGS[name]] for name in FLAGS]  # noqa: RUF012

    settings: Settings
    parent: Any
    at_terminal = False  # a person reads the log, and has not chosen a format or level
    debugging = True  # the log has events of debug level

    def __init__(self) -> None:
        super().__init__()
        self.several: dict[str, list[str]] = {}

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
        given |= {flag: True for flag in FLAGS if self[flag.replace("_", "-")]}
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


def repeatable(name: str) -> Callable[[Options, str], None]:
    """Returns the method that takes a value of an option which may be given several times."""

    def take(self: Options, value: str) -> None:
        self.several.setdefault(name, []).append(value)

    take.__doc__ = MEANINGS[name]
    return take


for _name in REPEATABLE:
    setattr(Options, f"opt_{_name}", repeatable(_name))
for _handler in (Options.opt_help, Options.opt_version):
    _handler.__doc__ = help_text(_handler)


def refuse(sentence: str) -> NoReturn:
    """Write what is wrong with the options to standard error, and exit with status 2."""
    sys.stderr.write(f"twist iam: {sentence} (`twist iam --help` lists the options)\n")
    raise SystemExit(USAGE_STATUS)
