"""What each setting means, in the words of `twist iam --help` and of the administration."""

from collections.abc import Mapping
from typing import Final

MEANINGS: Final[Mapping[str, str]] = {
    "port": "where to listen (8000)",
    "interface": "Listen on this address (127.0.0.1 and ::1); repeatable.",
    "listen": "Listen on this Twisted endpoint (ssl:443:..., unix:..., systemd:...) instead; repeatable.",
    "database": "libpq URI or keywords of a PostgreSQL >= 14; none: one of its own in the data directory",
    "wait_for_database": "seconds that a start waits for a database that does not answer yet (0 at a terminal, else "
    "60)",
    "data_dir": "its own database, and the secret made at the first start",
    "issuer": "public address, a path such as /o allowed, no trailing slash (http://localhost:PORT)",
    "proxy_headers": "Believe the forwarding headers of proxies in this network, or of all peers on unix sockets: "
    "`unix`; repeatable (none).",
    "proxy_header": "the one header of proxies that is believed (X-Forwarded-For or Forwarded: the one there)",
    "mtls_listen": "Listen on this Twisted endpoint (ssl:8443:...) too, and ask clients for certificates there; repeatable.",
    "client_certificate_header": "the header of those proxies that holds the client's certificate, such as Client-Cert",
    "mtls_url": "public address at which clients show certificates, such as https://mtls.example.org",
    "client_ca": "a PEM file of the authorities whose certificates authenticate clients",
    "allow_fetch": "Reach clients' servers in this private network too, and there over http and at any port; "
    "repeatable (none).",
    "signup": "who may make an account: open, invite or closed (open for an http issuer on this machine, else invite)",
    "registration": "who may register clients at /register: open, token (with an initial access token) or closed "
    "(token)",
    "registration_scope": "Let clients that register themselves ask for this scope too, besides those of OpenID Connect; "
    "repeatable (none).",
    "registration_quota": "how often a day one network may try to register, without a token (100)",
    "client_documents": "which clients may be documents, whose id is the URL of their metadata: open (all), listed (those at "
    "--client-document-host) or off (open)",
    "client_document_host": "A host whose documents may be clients when they are listed, and may use client credentials; "
    "repeatable (none).",
    "private_scheme": "Let apps register redirect URIs with this scheme of their own although it has no dot, such as "
    "cursor; repeatable (none).",
    "applications": "who may register applications on the page: everybody or administrators (everybody)",
    "application_scope": "Let the applications of people without a role ask for this scope; repeatable "
    "(OpenID Connect's, read, write).",
    "application_grant": "Let these applications have this grant type; repeatable (authorization_code, refresh_token).",
    "admin_acr": "how well administrators must prove who they are: 1 (a password), 2 (two factors) or phr (a "
    "passkey) (1)",
    "password_length": "the shortest password, in characters (8; without a second factor better 15)",
    "connections": "how many connections at a time (1024)",
    "connections_per_network": "how many of one IPv4 address or IPv6 /64 (128)",
    "limit": "Set a limit, as NAME=N; docs/reference/options.md lists them; repeatable.",
    "no_rate_limits": "for tests and benchmarks only: no limit of connections, registrations or writes of a network, "
    "nor of wrong passwords",
    "no_migrate": "do not migrate the database at start",
    "implicit": "answer response_type=id_token and 'id_token token', against the advice of RFC 9700",
    "profile": "serve nothing weaker than FAPI 2.0: fapi2 for its Security Profile, fapi2-signed for Message Signing too "
    "(none)",
    "dpop_nonces": "whether DPoP proofs must have a nonce of this server: required, or offered to clients that know none "
    "(required)",
    "templates": "a theme: overrides any of the bundled templates and static files",
    "name": "whose login it is, as pages and mail say (the issuer's host)",
    "logo": "a PNG, WebP or SVG of at most 64 kB",
    "accent": "the colour of buttons and links, as in CSS; text stays legible on it",
    "help_url": "an http or https address of help, at the foot of each page and mail",
    "privacy_url": "the same of the privacy statement",
    "terms_url": "the same of the terms of use",
    "smtp": "the mail server, smtp://HOST:587 or smtps://HOST:465 (none: mail goes into files of the data directory)",
    "mail_from": "the address that mail comes from; needed with --smtp",
    "log_format": "text or json (text on a terminal, json else)",
    "log_level": "debug, info, warn, error or critical (info)",
    "secret_key": "the secret that servers share, in place of secret.key in the data directory: 32 characters or more",
    "smtp_user": "who we are at the mail server, if it wants to know",
    "smtp_password": "our password there",
    "disk_reserve": "bytes free on the disk, below which an embedded database is only read",
    "authorization_code_lifetime": "seconds that an authorization code lives, at most 600",
    "access_token_lifetime": "seconds that an access token lives",
    "refresh_token_idle": "seconds after which an unused refresh token ends",
    "refresh_token_lifetime": "seconds after which a grant ends, however often it was refreshed",
    "refresh_token_retry_window": "seconds in which a public client may repeat a refresh whose answer was lost, at most "
    "3600",
    "session_idle": "seconds after which a session that nobody uses ends",
    "session_lifetime": "seconds that a session lives",
    "session_remembered": "seconds that a session lives whose person asked to be remembered",
}
