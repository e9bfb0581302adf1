"""Settings from flags, variables and defaults."""

import os
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from mockserver import config
from mockserver.config import BadSetting, ClockChoice, Settings, load


def test_without_flags_and_variables_all_settings_have_their_defaults() -> None:
    assert load({}, {}) == Settings()
    assert (Settings().host, Settings().port, Settings().rate_limits) == ("localhost", 7460, "documented")


def test_every_setting_has_a_row_and_its_default_can_be_given_as_text() -> None:
    rows = config.table()
    assert [name for name, _, _ in rows] == [field.name for field in fields(Settings)]
    for name, option, default in rows:
        assert option.help.endswith(".")
        if default not in (None, (), False):
            assert load({name: str(default)}, {}) == Settings(), name


def test_a_flag_wins_over_its_variable_and_the_variable_over_the_default() -> None:
    environment = {"MOCKSERVER_PORT": "8001", "MOCKSERVER_SEED": "from-variable"}
    settings = load({"port": "8002"}, environment)
    assert (settings.port, settings.seed) == (8002, "from-variable")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load({}, {config.variable_of(name): "" for name, _, _ in config.table()}) == Settings()


def test_an_empty_flag_is_refused() -> None:
    with pytest.raises(BadSetting, match=r"^--port: needs a value: ''$"):
        load({"port": ""}, {})


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("port", "http", "must be a whole number from 0 to 65535: 'http'"),
        ("port", "65536", "must be a whole number from 0 to 65535: '65536'"),
        ("port", "-1", "must be a whole number from 0 to 65535: '-1'"),
        ("port", "٣", "must be a whole number from 0 to 65535: '٣'"),
        ("port", "9" * 5000, "must be a whole number from 0 to 65535: '9"),
        ("max_sandboxes", "0", "must be a whole number from 1 to 1000000: '0'"),
        ("journal_size", "1e3", "must be a whole number from 1 to 10000000: '1e3'"),
        ("populate", "0", "must be a whole number from 1 to 10000: '0'"),
        ("populate", "10001", "must be a whole number from 1 to 10000: '10001'"),
        ("max_log_bytes", "1", "must be a whole number from 65536 to 99999999999: '1'"),
        ("unknown_sandbox", "ignore", "must be one of create, refuse: 'ignore'"),
        ("sandbox_ttl", "0s", "must be a duration above 0, or off: '0s'"),
        ("sandbox_ttl", "never", "not a duration: 'never'"),
        ("host", "http://localhost", "must be a host name or an IP address, without scheme and port"),
        ("host", "localhost:80", "must be a host name or an IP address, without scheme and port"),
        ("host", "two words", "must be a host name or an IP address, without scheme and port"),
        ("clock", "slow", "must be real, frozen or scaled:N"),
        ("clock", "scaled", "must be real, frozen or scaled:N"),
        ("clock", "scaled:0", "must be real, frozen or scaled:N"),
        ("clock", "scaled:-3", "must be real, frozen or scaled:N"),
        ("clock", "scaled:1000001", "must be real, frozen or scaled:N"),
        ("clock", "real:2", "must be real, frozen or scaled:N"),
        ("start", "tomorrow", "not a moment: 'tomorrow'"),
        ("start", "2026-01-31T12:00:00", "moment without a time zone"),
        ("start", "1969-12-31T23:59:59Z", "must be a moment from 1970 to 8999"),
        ("start", "0001-01-01T00:00:00+05:00", "not a moment"),
        ("seed", "\udcff", "must be text in UTF-8"),
        ("rate_limits", "on", "must be one of documented, off: 'on'"),
        ("log_format", "xml", "must be one of human, json: 'xml'"),
    ],
)
def test_a_bad_value_names_the_flag_or_the_variable_with_the_rule(name: str, text: str, rule: str) -> None:
    with pytest.raises(BadSetting) as by_flag:
        load({name: text}, {})
    with pytest.raises(BadSetting) as by_variable:
        load({}, {config.variable_of(name): text})
    assert str(by_flag.value).startswith(f"{config.flag_of(name)}: {rule}")
    assert str(by_variable.value).startswith(f"{config.variable_of(name)}: {rule}")
    assert "\n" not in str(by_flag.value)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("real", ClockChoice("real", Decimal(1))),
        ("frozen", ClockChoice("frozen", Decimal(0))),
        ("scaled:60", ClockChoice("scaled", Decimal(60))),
        ("scaled:0.5", ClockChoice("scaled", Decimal("0.5"))),
    ],
)
def test_a_clock_has_a_mode_and_an_exact_rate_and_is_written_as_it_is_read(text: str, choice: ClockChoice) -> None:
    assert load({"clock": text}, {}).clock == choice
    assert str(choice) == text


def test_a_start_is_turned_into_utc() -> None:
    start = load({"start": "2026-01-31T12:00:00+02:00"}, {}).start
    assert start == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert start.tzinfo is UTC


@pytest.mark.parametrize(("text", "seed"), [("42", 42), ("-7", -7), ("007", "007"), ("4 2", "4 2"), ("abc", "abc")])
def test_a_seed_is_a_number_only_when_it_is_written_as_one(text: str, seed: int | str) -> None:
    assert load({"seed": text}, {}).seed == seed


def test_scenario_directories_come_from_repeated_flags_or_a_path_list(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "with,comma"
    first.mkdir()
    second.mkdir()
    listed = os.pathsep.join((str(first), str(second)))
    assert load({"scenarios": (str(first), str(second))}, {}).scenarios == (first, second)
    assert load({}, {"MOCKSERVER_SCENARIOS": listed}).scenarios == (first, second)
    assert load({"scenarios": (str(second),)}, {"MOCKSERVER_SCENARIOS": listed}).scenarios == (second,)


def test_a_scenario_directory_must_exist(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.touch()
    for path in (tmp_path / "missing", file, "nul\0byte"):
        with pytest.raises(BadSetting, match=r"^--scenarios: must be a directory that exists and can be read: '"):
            load({"scenarios": (str(path),)}, {})


def test_webhook_hosts_are_lower_case_and_named_once() -> None:
    settings = load({}, {"MOCKSERVER_WEBHOOK_HOSTS": "Hooks.Example,[::1],hooks.example"})
    assert settings.webhook_hosts == ("hooks.example", "::1")


@pytest.mark.parametrize(("text", "quiet"), [("1", True), ("TRUE", True), ("off", False), ("0", False)])
def test_a_switch_is_a_flag_without_value_or_a_variable_with_one(text: str, quiet: bool) -> None:
    assert load({"quiet": True}, {}).quiet is True
    assert load({}, {"MOCKSERVER_QUIET": text}).quiet is quiet
    assert load({"quiet": True}, {"MOCKSERVER_QUIET": "0"}).quiet is True


def test_the_token_is_in_no_message_and_no_repr() -> None:
    assert "s3cret" not in repr(load({"token": "s3cret"}, {}))
    with pytest.raises(BadSetting, match=r"^--token: must be 1 to 200 printable ASCII") as refused:
        load({"token": "s3cret with space"}, {})
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("localhost.example", False),
    ],
)
def test_only_loopback_addresses_and_localhost_are_loopback(host: str, loopback: bool) -> None:
    assert config.is_loopback(load({"host": host}, {}).host) is loopback


def test_unknown_variables_of_others_are_left_alone() -> None:
    others: dict[str, Any] = {"MOCKSERVER_URL": "http://elsewhere", "PORT": "1"}
    assert load({}, others) == Settings()


@pytest.mark.parametrize("name", ["port", "max_sandboxes", "journal_size"])
@pytest.mark.parametrize("text", ["tcp://10.96.17.5:7460", "udp://[fd00::1]:7460", "http://mockserver"])
def test_a_url_where_a_number_belongs_is_passed_over_in_a_variable_and_refused_in_a_flag(name: str, text: str) -> None:
    variable = config.variable_of(name)
    assert load({}, {variable: text}) == Settings()
    assert config.ignored({variable: text, "MOCKSERVER_SEED": text}) == [variable]
    assert load({}, {"MOCKSERVER_SEED": text}).seed == text
    with pytest.raises(BadSetting, match=f"^{config.flag_of(name)}: must be a whole number"):
        load({name: text}, {})
    with pytest.raises(BadSetting, match=f"^{variable}: must be a whole number"):
        load({}, {variable: "7460/tcp"})


def test_the_help_of_the_token_says_who_sees_the_flag_and_names_the_variable() -> None:
    options = {name: option for name, option, _ in config.table()}
    assert "can list the processes" in options["token"].help


@pytest.mark.parametrize(
    ("flags", "lifetime"),
    [
        ({}, None),
        ({"sandbox_ttl": "30m"}, timedelta(minutes=30)),
        ({"sandbox_ttl": "off"}, None),
        ({"host": "0.0.0.0"}, timedelta(hours=24)),
        ({"host": "0.0.0.0", "sandbox_ttl": "2h"}, timedelta(hours=2)),
        ({"host": "0.0.0.0", "sandbox_ttl": "off"}, None),
        ({"host": "::1"}, None),
    ],
)
def test_sandboxes_live_for_ever_on_loopback_and_for_a_day_beyond_unless_the_flag_says_otherwise(
    flags: dict[str, str], lifetime: timedelta | None
) -> None:
    assert load(flags, {}).sandbox_lifetime == lifetime


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own on Windows")
def test_a_state_file_is_no_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "missing").symlink_to(tmp_path / "nowhere" / "state.json")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    (tmp_path / "new").symlink_to(tmp_path / "state.json")
    for name in ("missing", "itself"):
        with pytest.raises(BadSetting, match="must be a file in a directory that exists"):
            load({"state": str(tmp_path / name)}, {})
    assert load({"state": str(tmp_path / "new")}, {}).state == tmp_path / "new"


def test_a_long_number_is_a_seed_of_its_digits_and_a_seed_has_a_limit() -> None:
    assert load({"seed": "999999999999999"}, {}).seed == 999_999_999_999_999
    assert load({"seed": "12345678901234567"}, {}).seed == "12345678901234567"
    with pytest.raises(BadSetting, match="at most 1000 characters"):
        load({"seed": "x" * 1001}, {})


def list_of_the_revoked() -> bytes:
    """What a CA publishes beside its certificate, and is easily taken for it."""
    start = datetime(2026, 1, 31, tzinfo=UTC)
    builder = x509.CertificateRevocationListBuilder(x509.Name([]), start, start + timedelta(days=1))
    return builder.sign(generate_private_key(SECP256R1()), SHA256()).public_bytes(Encoding.PEM)


def test_a_webhook_ca_must_be_a_file_of_certificates(tmp_path: Path) -> None:
    good, bad, revoked = (tmp_path / f"{name}.pem" for name in ("good", "bad", "revoked"))
    trustme.CA().cert_pem.write_to_path(good)
    bad.write_text("no certificate\n")
    revoked.write_bytes(list_of_the_revoked())
    listed = os.pathsep.join((str(good), str(good)))
    assert load({}, {"MOCKSERVER_WEBHOOK_CA": listed}).webhook_ca == (good,)
    for path, rule in (
        (bad, "must be a file with certificates (PEM): "),
        (revoked, "must be a file with certificates (PEM): "),
        (tmp_path, "must be a file that can be read (Is a directory): "),
        (tmp_path / "none", "must be a file that can be read (No such file or directory): "),
    ):
        with pytest.raises(BadSetting) as raised:
            load({"webhook_ca": (str(good), str(path))}, {})
        assert str(raised.value) == f"--webhook-ca: {rule}{str(path)!r}"


def test_tls_names_are_host_names_and_addresses_in_one_form_each() -> None:
    names = ("Mock", "mock.", "10.0.0.1", "[0:0::1]", "fe80::1%eth0")
    assert load({"tls_name": names}, {}).tls_name == ("mock", "10.0.0.1", "::1", "fe80::1")
    with pytest.raises(BadSetting, match=r"^MOCKSERVER_TLS_NAME: must be a host name or an IP address"):
        load({}, {"MOCKSERVER_TLS_NAME": "mock,*.example.com"})


def test_the_directory_of_the_ca_need_not_exist(tmp_path: Path) -> None:
    assert load({}, {"MOCKSERVER_CA_DIR": str(tmp_path / "later")}).ca_dir == tmp_path / "later"
    with pytest.raises(BadSetting, match=r"^--ca-dir: must be a directory"):
        load({"ca_dir": "a\0b"}, {})
