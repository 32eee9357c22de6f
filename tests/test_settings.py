"""Settings: where they come from, what is stronger, and which values are refused."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from iam.settings import Settings, SettingsError, read


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the test itself sets."""
    for name in [name for name in os.environ if name.startswith("IAM_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "iam.toml"


def complaint(config: Path | None = None, **options: object) -> str:
    with pytest.raises(SettingsError) as caught:
        read(options, config)
    return str(caught.value)


def test_without_anything_the_defaults_hold() -> None:
    settings = read({})

    assert (settings.port, settings.interface, settings.issuer) == (8000, ("127.0.0.1", "::1"), "http://localhost:8000")
    assert (settings.database, settings.no_migrate, settings.no_rate_limits) == (None, False, False)
    assert not settings.secure


@pytest.mark.parametrize("length", ["8", "15", "64"])
def test_the_shortest_password_has_8_to_64_characters(length: str) -> None:
    assert read({"password_length": length}).password_length == int(length)


@pytest.mark.parametrize("length", ["7", "65", "0", "-8", "8.5", "many", "1e1"])
def test_another_length_is_refused(length: str) -> None:
    assert complaint(password_length=length).startswith("--password-length: ")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 587, False, False)),
        ("smtps://mail.example.org/", ("mail.example.org", 465, True, False)),
        ("smtp://Mail.Example.org:2525", ("mail.example.org", 2525, False, False)),
        ("smtp://localhost:25", ("localhost", 25, False, True)),
        ("smtp://127.0.0.2:25", ("127.0.0.2", 25, False, True)),
        ("smtp://[::1]:25", ("::1", 25, False, True)),
        ("smtp://192.0.2.7", ("192.0.2.7", 587, False, False)),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, server: tuple[str, int, bool, bool]) -> None:
    found = read({"smtp": url, "mail_from": "iam@example.org"}).mail_server

    assert found is not None
    assert (found.host, found.port, found.tls, found.loopback) == server


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example.org", "http://mail.example.org", "smtp://", "smtp://mail.example.org:x", "smtp://a b"),
        *(
            "smtp://mail.example.org:99999",
            "smtp://mail.example.org/x",
            "smtp://mail.example.org?x",
            "smtp://zoë.example",
        ),
        *("smtp://user:secret@mail.example.org", "smtp://mail.example.org:25\r\nx", "smtp://-x", "smtp://[::1"),
    ],
)
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    sentence = complaint(smtp=url, mail_from="iam@example.org")

    assert sentence.startswith("--smtp: ")
    assert "secret" not in sentence


def test_a_mail_server_needs_an_address_that_mail_comes_from() -> None:
    assert complaint(smtp="smtp://mail.example.org") == ("--smtp: needs --mail-from, the address that mail comes from.")


@pytest.mark.parametrize(
    "address", ["iam", "IAM <iam@example.org>", "iam@example.org\nBcc: a@b", "a@b, c@d", "@example.org"]
)
def test_mail_comes_from_a_plain_address(address: str) -> None:
    assert complaint(mail_from=address) == "--mail-from: is not an address such as login@example.org."


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"smtp_user": "iam"}, "--smtp-user: needs --smtp, which says whose user it is."),
        ({"smtp_password": "horse"}, "--smtp-password: is given together with IAM_SMTP_USER, or not at all."),
        (
            {"smtp": "smtp://localhost", "mail_from": "a@b.c", "smtp_user": "iam"},
            "--smtp-password: is given together with IAM_SMTP_USER, or not at all.",
        ),
    ],
    ids=["a user of nothing", "a password of nobody", "a user without a password"],
)
def test_user_and_password_of_a_mail_server_come_together(given: dict[str, object], said: str) -> None:
    assert complaint(**given) == said


def test_the_password_of_a_mail_server_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAM_SMTP_USER", "iam")
    monkeypatch.setenv("IAM_SMTP_PASSWORD", "horse")

    settings = read({"smtp": "smtp://localhost", "mail_from": "iam@example.org"})

    assert settings.smtp_login == ("iam", "horse")
    assert "horse" not in repr(settings)


def test_the_lifetimes_are_those_of_the_contract() -> None:
    settings = read({})

    assert (settings.access_token_lifetime, settings.authorization_code_lifetime) == (36000, 60)
    assert (settings.refresh_token_idle, settings.refresh_token_lifetime) == (30 * 86400, 365 * 86400)
    assert (settings.session_idle, settings.session_lifetime, settings.session_remembered) == (43200, 604800, 2592000)


def test_an_option_is_stronger_than_the_environment_and_that_than_the_file(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('port = 1001\nlog-level = "warn"\nlog-format = "json"\n')
    monkeypatch.setenv("IAM_PORT", "1002")
    monkeypatch.setenv("IAM_LOG_LEVEL", "error")

    settings = read({"port": "1003"}, config)

    assert (settings.port, settings.log_level, settings.log_format) == (1003, "error", "json")


@pytest.mark.parametrize("name", ["data-dir", "data_dir"])
def test_the_file_names_options_with_dashes_or_underscores(config: Path, name: str) -> None:
    config.write_text(f'{name} = "/srv/iam"\n')

    assert read({}, config).data_dir == Path("/srv/iam")


def test_the_file_may_give_lists_flags_and_lifetimes(config: Path) -> None:
    config.write_text('listen = ["tcp:1", "unix:/run/a,b"]\nno-migrate = true\naccess-token-lifetime = 60\n')

    settings = read({}, config)

    assert settings.listen == ("tcp:1", "unix:/run/a,b")
    assert (settings.no_migrate, settings.access_token_lifetime) == (True, 60)


def test_a_variable_separates_several_values_by_spaces_or_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAM_INTERFACE", "127.0.0.1, ::1")
    monkeypatch.setenv("IAM_PROXY_HEADERS", "10.0.0.0/8,fd00::/8")
    monkeypatch.setenv("IAM_LISTEN", "tcp:1 unix:/run/a,b")

    settings = read({})

    assert settings.interface == ("127.0.0.1", "::1")
    assert [str(network) for network in settings.proxy_headers] == ["10.0.0.0/8", "fd00::/8"]
    assert settings.listen == ("tcp:1", "unix:/run/a,b")


@pytest.mark.parametrize("name", ["registration_scope", "application_scope"])
@pytest.mark.parametrize("told", ["a b", "a,b", ("a b",), ("a", "b"), ["a, b"]])
def test_a_value_of_a_repeatable_option_may_hold_several(name: str, told: object) -> None:
    assert getattr(read({name: told}), name) == ("a", "b")


def test_every_option_of_which_there_are_several_takes_several_in_one_value(config: Path) -> None:
    config.write_text(
        'registration-scope = ["a b"]\napplication-grant = ["client_credentials refresh_token"]\n'
        'allow-fetch = ["10.0.0.0/8 fd00::/8"]\nproxy-headers = ["10.0.0.0/8,fd00::/8"]\n'
        'interface = ["127.0.0.1 ::1"]\nlimit = ["head=9000 body=9000"]\n'
    )

    settings = read({}, config)

    assert settings.registration_scope == ("a", "b")
    assert settings.application_grant == ("client_credentials", "refresh_token")
    assert settings.interface == ("127.0.0.1", "::1")
    assert len(settings.allow_fetch) == len(settings.proxy_headers) == len(settings.limit) == 2


def test_an_endpoint_description_is_one_however_it_is_written(config: Path) -> None:
    config.write_text("listen = ['unix:/run/a b', 'ssl:443:interface=::1,x']\n")

    assert read({}, config).listen == ("unix:/run/a b", "ssl:443:interface=::1,x")


def test_a_variable_sets_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAM_NO_MIGRATE", "true")

    assert read({}).no_migrate


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAM_DATABASE", "")
    monkeypatch.setenv("IAM_PORT", "")

    assert (read({}).database, read({}).port) == (None, 8000)


def test_the_issuer_follows_the_port() -> None:
    assert read({"port": "8123"}).issuer == "http://localhost:8123"
    assert read({"port": "80"}).issuer == "http://localhost"


def test_an_issuer_on_https_is_secure() -> None:
    settings = read({"issuer": "https://login.example.org"})

    assert settings.secure
    assert settings.issuer_host == "login.example.org"


@pytest.mark.parametrize("path", ["", "/o", "/login/o", "/Auth", "/a.b~c_d-1", "/" + "o" * 127])
def test_an_issuer_may_have_a_path(path: str) -> None:
    settings = read({"issuer": "https://login.example.org:8443" + path})

    assert (settings.path, settings.origin) == (path, "https://login.example.org:8443")
    assert settings.issuer == settings.origin + settings.path


def test_settings_do_not_change() -> None:
    settings = read({})

    with pytest.raises(ValidationError):
        settings.port = 1


def test_the_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAM_SECRET_KEY", "canary" * 8)

    assert "canary" not in repr(read({}))


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("port", "0", "--port: Input should be greater than or equal to 1."),
        ("port", "65536", "--port: Input should be less than or equal to 65535."),
        ("port", "http", "--port: Input should be a valid integer"),
        ("interface", ("localhost",), "--interface: is not an IP address: 'localhost'."),
        ("interface", ("",), "--interface: is not an IP address: ''."),
        ("issuer", "login.example.org", "--issuer: is not an address such as https://login.example.org."),
        ("issuer", "ftp://login.example.org", "--issuer: is not an address"),
        ("issuer", "https:login.example.org", "--issuer: is not an address"),
        ("issuer", "https://login.example.org/", "--issuer: must not end in a slash."),
        ("issuer", "https://login.example.org/o/", "--issuer: must not end in a slash."),
        ("issuer", "https://login.example.org/o?x", "--issuer: must end after the host and port, or after a path"),
        ("issuer", "https://login.example.org//o", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/a//o", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/./o", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/a/..", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/%6F", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/ö", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/a;b", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/a\\b", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/<o>", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/o\n", "--issuer: must have a path, if any, such as /o"),
        ("issuer", "https://login.example.org/" + "o" * 128, "--issuer: must have a path of at most 128 characters."),
        ("issuer", "https://login.example.org/.well-known/o", "--issuer: must have a path that does not begin with"),
        ("issuer", "https://login.example.org/healthz", "--issuer: must have a path that does not begin with"),
        ("issuer", "https://login.example.org\n", "--issuer: must"),
        ("issuer", "https://login.example.org?", "--issuer: must end after the host and port"),
        ("issuer", "https://login.example.org#", "--issuer: must end after the host and port"),
        ("issuer", "https://Login.example.org", "--issuer: must be written as browsers do"),
        ("issuer", "https://login.example.org:443", "--issuer: must be written as browsers do"),
        ("issuer", "http://localhost:80", "--issuer: must be written as browsers do"),
        ("issuer", "https://me@login.example.org", "--issuer: must be written as browsers do"),
        ("issuer", "https://lögin.example.org", "--issuer: must be written as browsers do"),
        ("issuer", "http://local host", "--issuer: must be written as browsers do"),
        ("issuer", "http://", "--issuer: must be written as browsers do"),
        ("issuer", "http://localhost:99999", "--issuer: Port out of range 0-65535."),
        ("issuer", "http://[::1", "--issuer: Invalid IPv6 URL."),
        ("data_dir", "~0/iam", "--data-dir: begins with the home of nobody known here: ~0/iam."),
        ("templates", "/nowhere", "--templates: is not a directory: /nowhere."),
        ("proxy_headers", ("10.0.0.1/8",), "--proxy-headers: Input is not a valid IPv4 network."),
        ("registration_scope", ('say "yes"',), "--registration-scope: is not the name of a scope: '\"yes\"'."),
        ("application_scope", ("back\\slash",), "--application-scope: is not the name of a scope"),
        ("application_grant", ("password",), "--application-grant: Input should be 'authorization_code'"),
        ("applications", "nobody", "--applications: Input should be 'everybody' or 'administrators'."),
        ("no_migrate", "perhaps", "--no-migrate: Input should be a valid boolean"),
        ("log_format", "xml", "--log-format: Input should be 'text' or 'json'."),
        ("log_level", "loud", "--log-level: Input should be 'debug', 'info', 'warn', 'error' or 'critical'."),
        (
            "authorization_code_lifetime",
            "601",
            "--authorization-code-lifetime: Input should be less than or equal to 600.",
        ),
        ("access_token_lifetime", "0", "--access-token-lifetime: Input should be greater than or equal to 1."),
    ],
)
def test_a_wrong_value_is_a_sentence_that_names_the_option(option: str, value: object, sentence: str) -> None:
    assert complaint(**{option: value}).startswith(sentence)


BEHIND = {"proxy_headers": ("10.0.0.0/8",), "client_certificate_header": "Client-Cert"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"client_certificate_header": "Client-Cert"}, "--client-certificate-header: needs --proxy-headers"),
        ({**BEHIND, "client_certificate_header": "Client Cert"}, "--client-certificate-header: is not the name"),
        ({"mtls_listen": ("ssl:8443",)}, "--mtls-url: is needed with --mtls-listen"),
        ({"mtls_url": "https://mtls.example.org"}, "--mtls-url: needs --mtls-listen or --client-certificate-header"),
        ({"client_ca": "ca.pem"}, "--client-ca: needs --mtls-listen or --client-certificate-header"),
        ({**BEHIND, "client_ca": "/nowhere/ca.pem"}, "--client-ca: cannot be read: /nowhere/ca.pem"),
        ({**BEHIND, "client_ca": __file__}, "--client-ca: holds no certificates in PEM"),
        *(
            ({**BEHIND, "mtls_url": url}, "--mtls-url: is not an address such as https://mtls.example.org")
            for url in (
                "http://mtls.example.org",
                "https://mtls.example.org/",
                "https://mtls.example.org/o",
                "https://mtls.example.org:443",
                "https://Mtls.example.org",
                "https://a@mtls.example.org",
                "mtls.example.org",
            )
        ),
    ],
)
def test_what_mutual_tls_needs_is_said(options: dict[str, object], sentence: str) -> None:
    assert complaint(**options).startswith(sentence)


def test_endpoints_are_below_the_address_for_mutual_tls_and_the_path_of_the_issuer() -> None:
    settings = read({**BEHIND, "issuer": "https://login.example.org/o", "mtls_url": "https://mtls.example.org:8443"})

    assert settings.mtls_issuer == "https://mtls.example.org:8443/o"
    assert settings.mtls_host == "mtls.example.org"
    assert read({}).mtls_issuer is None


def test_a_wrong_value_may_be_a_secret_and_is_not_repeated() -> None:
    assert "hunter2" not in complaint(port="hunter2")


def test_an_unknown_option_in_the_file_is_named(config: Path) -> None:
    config.write_text("prot = 8000\n")

    assert complaint(config) == "--config: there is no option prot."


def test_a_file_with_broken_syntax_is_named_with_the_line(config: Path) -> None:
    config.write_text("port = = 8000\n")

    assert complaint(config) == f"--config: {config} cannot be read: Invalid value (at line 1, column 8)."


def test_a_file_that_is_no_text_is_named(config: Path) -> None:
    config.write_bytes(b"\xff\xfe")

    assert complaint(config).startswith(f"--config: {config} cannot be read: ")


def test_a_file_that_is_not_there_is_named(config: Path) -> None:
    assert complaint(config) == f"--config: there is no file {config}."


@given(st.sampled_from(sorted(Settings.model_fields)), st.text(max_size=40))
def test_any_text_is_a_setting_or_a_sentence_in_one_line(name: str, text: str) -> None:
    said = outcome(name, text)

    assert said is None or (said.startswith("--") and f"--{name.replace('_', '-')}" in said)
    assert said is None or len(said.splitlines()) == 1


def outcome(name: str, text: str) -> str | None:
    """What is wrong with this value, if anything."""
    try:
        read({name: text})
    except SettingsError as error:
        return str(error)
    return None


@pytest.mark.parametrize("colour", ["#c0392b", "#C00", "teal", "rgb(300 0 0)", "hsl(180deg 60% 30%)", "hwb(0 0% 0%)"])
def test_an_accent_is_a_colour_of_css(colour: str) -> None:
    accent = read({"accent": colour}).brand.accent

    assert accent is not None
    assert all(0 <= part <= 1 for part in accent)


@pytest.mark.parametrize(
    "colour",
    ["", " ", "nonsense", "#12345", "#12345678", "currentcolor", "transparent", "rgb(0 0 0 / 50%)", "red; }", "var(--x)",
     "color(display-p3 1 0 0)", "url(x)", "#c00 }"],
)  # fmt: skip
def test_another_accent_is_refused(colour: str) -> None:
    if colour:
        assert complaint(accent=colour).startswith("--accent: is not an opaque colour")
    else:
        assert complaint(accent=colour).startswith("--accent: ")


@pytest.mark.parametrize("option", ["help_url", "privacy_url", "terms_url"])
@pytest.mark.parametrize(
    "address",
    ["", "acme.example", "/help", "javascript:alert(1)", "data:text/html,x", "ftp://acme.example", "https://", "https:///x",
     "https://acme.example/a b", "https://acme.example/\u00e4", "https://acme.example/\nx", "mailto:a@example.org", "https://[",
     "https://a:b@acme.example", "https://acme.example:99999", "https://acme.example/\"><b>"],
)  # fmt: skip
def test_a_link_is_an_http_address(option: str, address: str) -> None:
    assert (
        complaint(**{option: address})
        == f"--{option.replace('_', '-')}: is not an address such as https://example.org/help."
    )


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "two\nlines", "tab\t", "\u202egnp", "\x00"])
def test_a_name_can_be_shown_on_a_line(name: str) -> None:
    assert complaint(name=name) == "--name: is not a name of 1 to 60 visible characters."


def test_who_has_no_name_is_called_by_the_host() -> None:
    assert read({"issuer": "https://login.example.org:8443/o"}).brand.name == "login.example.org"
    assert read({"name": " Acme Works "}).brand.name == "Acme Works"
