"""The settings of a server: frozen, validated, and the only source of defaults."""

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from iam import limits, schemes
from iam.connections import NETLOC, ConnectionSettings
from iam.limits import Limits
from iam.networks import loopback
from iam.profiles import ProfileSettings
from iam.records import brand, mail_server
from iam.records.brand import Brand
from iam.records.grant_type import GrantType
from iam.records.host import Host
from iam.records.mail_server import MailServer

MINUTE, HOUR, DAY = 60, 3600, 86400
SEGMENT = re.compile(
    r"[A-Za-z0-9._~-]+"
)  # unreserved (RFC 3986 §2.3): there is one way to write it, a cookie's Path too
LONGEST_PATH = 128
TAKEN = (".well-known", "healthz", "readyz")  # names at the host's root, whatever the issuer's path
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}")  # RFC 6749 §3.3


class SettingsError(Exception):
    """A setting cannot be used; the text is one sentence that names the option."""


@lru_cache(maxsize=16)
def host_of(address: str) -> str:
    """Returns the host in an address, in lower case, without port; "" if there is none."""
    return urlsplit(address).hostname or ""


def default_data_dir() -> Path:
    """Returns the platform's directory for the data of `iam`; for root /var/lib/iam, which PostgreSQL's own user can reach (H47)."""
    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/iam")
    return Path(platformdirs.user_data_dir("iam"))


class Settings(ConnectionSettings, ProfileSettings):
    """The settings of one server: from options, then IAM_… variables, then the TOML file, then these defaults. Durations are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    port: int = Field(8000, ge=1, le=65535)
    interface: tuple[str, ...] = ("127.0.0.1", "::1")
    listen: tuple[str, ...] = ()
    issuer: str = ""
    database: str | None = None
    wait_for_database: int | None = Field(None, ge=0, le=DAY)
    data_dir: Path = Field(default_factory=default_data_dir)
    templates: Path | None = None
    name: Annotated[str, AfterValidator(brand.check_name)] | None = None
    logo: Path | None = None
    accent: Annotated[str, AfterValidator(brand.check_colour)] | None = None
    help_url: brand.Link | None = None
    privacy_url: brand.Link | None = None
    terms_url: brand.Link | None = None
    allow_fetch: tuple[IPv4Network | IPv6Network, ...] = ()
    signup: Literal["open", "invite", "closed"] | None = None
    registration: Literal["open", "token", "closed"] = "token"
    registration_scope: tuple[str, ...] = ()
    registration_quota: int = Field(100, ge=1)
    client_documents: Literal["open", "listed", "off"] = "open"
    client_document_host: tuple[Host, ...] = ()
    private_scheme: tuple[str, ...] = ()
    applications: Literal["everybody", "administrators"] = "everybody"
    admin_acr: Literal["1", "2", "phr"] = "1"
    application_scope: tuple[str, ...] = (
        *("openid", "profile", "email", "address", "phone", "offline_access"),
        *("read", "write"),
    )
    application_grant: tuple[GrantType, ...] = ("authorization_code", "refresh_token")
    password_length: int = Field(8, ge=8, le=64)  # characters
    connections: int = Field(1_024, ge=1)
    connections_per_network: int = Field(128, ge=1)
    limit: tuple[str, ...] = ()
    no_rate_limits: bool = False
    no_migrate: bool = False
    dpop_nonces: Literal["required", "offered"] = "required"
    log_format: Literal["text", "json"] | None = None
    log_level: Literal["debug", "info", "warn", "error", "critical"] = "info"
    secret_key: SecretStr | None = None
    mail_from: str | None = None
    smtp: str | None = None
    smtp_user: str | None = None
    smtp_password: SecretStr | None = Field(None, validate_default=True)
    disk_reserve: int = Field(256 << 20, ge=0)  # free bytes below which an embedded database is only read (H51)

    authorization_code_lifetime: int = Field(60, ge=1, le=10 * MINUTE)
    access_token_lifetime: int = Field(36000, ge=1)
    refresh_token_idle: int = Field(30 * DAY, ge=1)
    refresh_token_lifetime: int = Field(365 * DAY, ge=1)
    refresh_token_retry_window: int = Field(120, ge=0, le=HOUR)
    session_idle: int = Field(12 * HOUR, ge=1)
    session_lifetime: int = Field(7 * DAY, ge=1)
    session_remembered: int = Field(30 * DAY, ge=1)

    _sources: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def traced(self, layers: Mapping[str, Mapping[str, object]]) -> "Settings":
        """Returns these settings, which remember which of the layers, the last that has it, each comes from."""
        self._sources = {name: source for source, told in layers.items() for name in told}
        return self

    def source(self, name: str) -> str:
        """Returns where a setting comes from: `command line`, `environment`, `file` or `default`."""
        return self._sources.get(name, "default")

    @model_validator(mode="before")
    @classmethod
    def default_issuer(cls, values: dict[str, object]) -> dict[str, object]:
        """Fills in this machine as the issuer if none is given."""
        if not values.get("issuer"):
            port = str(values.get("port") or 8000)
            values = {**values, "issuer": "http://localhost" + (f":{port}" if port != "80" else "")}
        return values

    @field_validator(
        "interface",
        "listen",
        "mtls_listen",
        "proxy_headers",
        "allow_fetch",
        "registration_scope",
        "client_document_host",
        "private_scheme",
        "application_scope",
        "application_grant",
        "limit",
        mode="before",
    )
    @classmethod
    def several(cls, value: object, info: ValidationInfo) -> object:
        """Splits a text, or each text of a list, at spaces and commas.

        Endpoint descriptions may contain commas: a variable with several of them is split at spaces alone.
        """
        if info.field_name in {"listen", "mtls_listen"}:
            return tuple(value.split()) if isinstance(value, str) else value
        if isinstance(value, str):
            return tuple(value.replace(",", " ").split())
        if isinstance(value, list | tuple):
            return tuple(part for one in value for part in separated(one))
        return value

    @field_validator("registration_scope", "application_scope")
    @classmethod
    def scope_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuses a text that cannot be a scope's name: it would have no effect, silently."""
        for name in value:
            if not SCOPE.fullmatch(name):
                raise ValueError(f"is not the name of a scope: {name[:64]!r}")
        return value

    @field_validator("interface")
    @classmethod
    def addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuses host names: they would have to be looked up, and may have several addresses."""
        for address in value:
            try:
                ip_address(address)
            except ValueError:
                raise ValueError(f"is not an IP address: {address!r}") from None
        return value

    @field_validator("private_scheme")
    @classmethod
    def private_schemes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuses schemes that browsers open or run themselves."""
        for scheme in value:
            if sentence := schemes.complaint(scheme):
                raise ValueError(sentence)
        return value

    @field_validator("limit")
    @classmethod
    def known_limits(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuses unknown names and values that are no numbers."""
        limits.parsed(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def address_of_mail(cls, value: str | None) -> str | None:
        """Refuses all but a plain address, which a mail server takes as it is."""
        if value is not None and not mail_server.ADDRESS.fullmatch(value):
            raise ValueError("is not an address such as login@example.org")
        return value

    @field_validator("smtp")
    @classmethod
    def address_of_mail_server(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Refuses what is no mail server, and one without a sender that it would take."""
        if value is not None:
            mail_server.parse(value)
            if not info.data.get("mail_from"):
                raise ValueError("needs --mail-from, the address that mail comes from")
        return value

    @field_validator("smtp_user")
    @classmethod
    def user_of_a_mail_server(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Refuses a user without a mail server: it would have no effect, silently."""
        if value is not None and not info.data.get("smtp"):
            raise ValueError("needs --smtp, which says whose user it is")
        return value

    @field_validator("smtp_password")
    @classmethod
    def password_of_a_user(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Refuses a password without a user, and a user without a password."""
        if (value is None) != (info.data.get("smtp_user") is None):
            raise ValueError("is given together with IAM_SMTP_USER, or not at all")
        return value

    @field_validator("issuer")
    @classmethod
    def public_address(cls, value: str) -> str:
        """Refuses an issuer that is not an http or https URL without query and fragment (RFC 8414 §2), in canonical spelling."""
        url = urlsplit(value)
        if url.scheme not in ("http", "https") or not value.startswith(f"{url.scheme}://"):
            raise ValueError("is not an address such as https://login.example.org")
        if "?" in value or "#" in value:
            raise ValueError("must end after the host and port, or after a path such as /o: no query or fragment")
        if not NETLOC.fullmatch(url.netloc) or url.port == schemes.USUAL_PORTS[url.scheme]:
            raise ValueError(
                "must be written as browsers do: host in lower case and ASCII, the port where it is not the usual one"
            )
        check_path(
            value.removeprefix(f"{url.scheme}://{url.netloc}")
        )  # not url.path, from which urlsplit removes line breaks
        return value

    @field_validator("data_dir", "templates", "logo", "client_ca")
    @classmethod
    def absolute(cls, value: Path | None) -> Path | None:
        """Makes paths absolute, so that they do not depend on the directory in which the server was started."""
        try:
            return value and value.expanduser().absolute()
        except RuntimeError:
            raise ValueError(f"begins with the home of nobody known here: {value}") from None

    @field_validator("templates")
    @classmethod
    def theme_exists(cls, value: Path | None) -> Path | None:
        """Refuses a theme that is not a directory: the bundled one would be used, silently."""
        if value and not value.is_dir():
            raise ValueError(f"is not a directory: {value}")
        return value

    @property
    def limits(self) -> Limits:
        """The limits of this server, those of --limit included."""
        most = None if self.no_rate_limits else self.connections_per_network
        return Limits(connections=self.connections, connections_per_network=most, **limits.parsed(self.limit))

    @property
    def mail_server(self) -> MailServer | None:
        """The mail server; None: mail goes into files of the data directory."""
        return mail_server.parse(self.smtp) if self.smtp else None

    @property
    def smtp_login(self) -> tuple[str, str] | None:
        """User and password at the mail server, or None."""
        password = self.smtp_password
        return (self.smtp_user, password.get_secret_value()) if self.smtp_user and password else None

    @property
    def mail_dir(self) -> Path:
        """The directory of mail where there is no mail server."""
        return self.data_dir / "mail"

    @property
    def secure(self) -> bool:
        """Whether the public address is https, so that cookies can be Secure."""
        return self.issuer.startswith("https:")

    @property
    def sign_up(self) -> Literal["open", "invite", "closed"]:
        """Who may make an account: by default everybody on a machine of one's own, elsewhere whoever is invited."""
        return self.signup or ("open" if not self.secure and loopback(self.issuer_host) else "invite")

    @property
    def brand(self) -> Brand:
        """Whose login it is; without a name, the host of the public address."""
        accent = brand.parse_colour(self.accent) if self.accent else None
        return Brand(self.name or self.issuer_host, self.help_url, self.privacy_url, self.terms_url, accent)

    @property
    def issuer_host(self) -> str:
        """The host of the public address, in lower case, without port."""
        return host_of(self.issuer)

    @property
    def mtls_host(self) -> str | None:
        """The host of the address for mutual TLS, in lower case, without port; None if there is no such address."""
        return self.mtls_url and host_of(self.mtls_url)

    @property
    def mtls_issuer(self) -> str | None:
        """The address below which endpoints are for mutual TLS, with the path of the issuer (RFC 8705 §5)."""
        return self.mtls_url and self.mtls_url + self.path

    @property
    def origin(self) -> str:
        """The public address without its path, as browsers write it in Origin."""
        return self.issuer.removesuffix(self.path)

    @property
    def path(self) -> str:
        """The path of the public address, such as /o, below which all our addresses are; "" if it has none."""
        return urlsplit(self.issuer).path


def check_path(path: str) -> None:
    """Raises ValueError unless this can be an issuer's path, and has only one spelling."""
    if path.endswith("/"):
        raise ValueError("must not end in a slash")
    first, *segments = path.split("/")
    if first or any(not SEGMENT.fullmatch(segment) or segment in {".", ".."} for segment in segments):
        raise ValueError(
            "must have a path, if any, such as /o or /login/o: segments of letters, digits, '-', '.', '_' and '~', none empty, '.' or '..'"
        )
    if len(path) > LONGEST_PATH:
        raise ValueError(f"must have a path of at most {LONGEST_PATH} characters")
    if segments and segments[0] in TAKEN:
        raise ValueError(f"must have a path that does not begin with /{segments[0]}, which is at the host's root")


def read(options: dict[str, object], config: Path | None = None) -> Settings:
    """Reads the settings from the given `options`, the environment and the TOML file `config`; raises SettingsError."""
    if config and not config.is_file():
        raise SettingsError(f"--config: there is no file {config}.")
    try:
        layers: dict[str, Mapping[str, object]] = {
            "file": in_file(config),
            "environment": in_environment(),
            "command line": options,
        }
        told = {name: value for layer in layers.values() for name, value in layer.items()}
        return Settings.model_validate(told).traced(layers)
    except ValidationError as error:
        raise SettingsError(sentence(error)) from None
    except ValueError as error:  # TOML that cannot be parsed
        raise SettingsError(f"--config: {config} cannot be read: {error}.") from None


def in_environment() -> dict[str, str]:
    """Returns the values of IAM_… variables that are not empty, by the settings' names; others of this prefix are no settings."""
    told = {name.lower(): value for name, value in os.environ.items() if value}
    return {name: told[f"iam_{name}"] for name in Settings.model_fields if f"iam_{name}" in told}


def in_file(config: Path | None) -> dict[str, object]:
    """Returns the values of a TOML file, with names as on the command line or with underscores; raises ValueError."""
    told = tomllib.loads(config.read_text("utf-8")) if config else {}
    return {name.replace("-", "_"): value for name, value in told.items()}


def separated(value: object) -> list[object]:
    """Splits a text into its values; anything else, and an empty text, is left to the validation."""
    parts = value.replace(",", " ").split() if isinstance(value, str) else []
    return [*parts] or [value]


def sentence(error: ValidationError) -> str:
    """Returns the first complaint, led by the option's name; without the value, which may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "extra_forbidden":
        return f"--config: there is no option {first['loc'][0]}."
    option = str(first["loc"][0]).replace("_", "-") if first["loc"] else "options"
    return f"--{option}: {' '.join(first['msg'].removeprefix('Value error, ').split()).rstrip('.')}."
