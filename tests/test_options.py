"""The options of `twist iam`: each is a setting, each is described, and a wrong one is wrong usage."""

from pathlib import Path

import pytest

from iam.server.options import Options
from iam.settings import Settings, read

OPTIONS = {name.removesuffix("=") for name in Options().longOpt} - {"help", "version"}


def parsed(*arguments: str) -> Settings:
    options = Options()
    options.parseOptions(list(arguments))
    return options.settings


def test_each_option_is_a_setting() -> None:
    assert {option.replace("-", "_") for option in OPTIONS - {"config"}} <= Settings.model_fields.keys()


def test_the_key_is_no_option_since_others_may_list_processes() -> None:
    assert "secret-key" not in OPTIONS


def test_the_help_lists_every_option_with_what_it_means() -> None:
    text = " ".join(str(Options()).split())

    for option in OPTIONS:
        assert f"--{option}" in text
    assert "may also stand in the environment as IAM_<NAME>" in text


def test_what_is_not_given_is_left_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAM_PORT", "1001")

    assert parsed().port == 1001
    assert parsed("--port", "1002").port == 1002


def test_flags_are_settings() -> None:
    settings = parsed("--no-migrate", "--no-rate-limits")

    assert (settings.no_migrate, settings.no_rate_limits) == (True, True)


def test_options_may_be_repeated() -> None:
    settings = parsed(
        *("--interface", "127.0.0.1", "--interface", "::1"),
        *("--listen", "tcp:1", "--listen", "unix:/run/iam"),
        *("--proxy-headers", "10.0.0.0/8", "--proxy-headers", "fd00::/8"),
        *("--registration-scope", "read", "--registration-scope", "photos:read"),
        *("--application-scope", "read write", "--application-grant", "refresh_token"),
    )

    assert settings.interface == ("127.0.0.1", "::1")
    assert settings.listen == ("tcp:1", "unix:/run/iam")
    assert [str(network) for network in settings.proxy_headers] == ["10.0.0.0/8", "fd00::/8"]
    assert settings.registration_scope == ("read", "photos:read")
    assert settings.application_scope == ("read", "write")
    assert settings.application_grant == ("refresh_token",)


def test_a_file_is_found_from_where_the_command_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "iam.toml").write_text("port = 1001\n")
    monkeypatch.chdir(tmp_path)

    assert parsed("--config", "iam.toml").port == 1001


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--bake"], "option --bake not recognized"),
        (["stray"], "Wrong number of arguments."),
        (["--port"], "option --port requires argument"),
        (["--port", "http"], "--port: Input should be a valid integer"),
        (["--config", "/nowhere"], "--config: there is no file /nowhere."),
    ],
)
def test_wrong_usage_is_one_line_and_exit_status_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed(*arguments)

    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert said.startswith(f"twist iam: {sentence}")
    assert said.count("\n") == 1


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed("--version")

    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("iam 0.")


def test_reading_settings_elsewhere_gives_the_same_defaults() -> None:
    assert parsed().model_dump() == read({}).model_dump()


@pytest.mark.parametrize("who", ["open", "token", "closed"])
def test_registration_is_for_whom_it_is_said(who: str) -> None:
    assert parsed("--registration", who).registration == who


def test_registration_needs_a_token_unless_it_is_said_otherwise() -> None:
    assert parsed().registration == "token"
