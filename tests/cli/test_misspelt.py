"""Misspelt commands and settings are told in Vietnamese, in one line."""

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.errors import SetupProblem
from app.settings import Settings, load_settings

ENGLISH = ("Input", "Value", "Error", "Usage", "Missing", "No such", "Invalid", "valid", "requires", "unexpected")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("summary --as-of 2025", "--as-of: không nhận '2025'; cần dạng YYYY-MM-DD. Xem: khacphuc summary --help"),
        ("keys create --role king", "cần một trong: agency, coordinator, leadership, admin."),
        ("serve --port x", "--port: không nhận 'x'; cần một số nguyên."),
        ("serve --port 99999", "không được lớn hơn 65535"),
        ("keys create --role admin --days 0", "không được nhỏ hơn 1"),
        ("serve --at tomorrow", "--at: cần dạng 2025-06-20T08:00"),
        ("restore", "Thiếu FILE."),
        ("contacts add --agency SNV", "Thiếu --name."),
        ("keys create --role", "Tùy chọn --role cần một giá trị."),
        ("summary --json=1", "Tùy chọn --json không nhận giá trị."),
        ("keys create --rol admin", "Không có tùy chọn --rol, có thể là --role."),
        ("summary everything", "Thừa tham số: everything."),
        ("keys frob", "Không có lệnh frob. Xem: khacphuc keys --help"),
    ],
)
def test_a_misspelt_command_is_one_vietnamese_line(command: str, words: str) -> None:
    done = CliRunner().invoke(cli, command.split(), prog_name="khacphuc")
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not [word for word in ENGLISH if word in done.stderr]


def test_no_command_at_all_shows_those_that_there_are() -> None:
    for args in ([], ["keys"]):
        done = CliRunner().invoke(cli, args)
        assert done.exit_code == 2
        assert "Khóa API" in done.stderr


def test_the_version_is_printed() -> None:
    done = CliRunner().invoke(cli, ["--version"])
    assert done.exit_code == 0
    assert done.stdout.startswith("khacphuc 0.")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BASE_URL", "foo", "cần dạng https://tên-miền"),
        ("BASE_URL", "http://", "cần dạng https://tên-miền"),
        ("BASE_URL", "ftp://khacphuc.example.vn", "cần dạng https://tên-miền"),
        ("BASE_URL", "https://khac phuc.example.vn", "cần dạng https://tên-miền"),
        ("BASE_URL", "https://a:b@khacphuc.example.vn", "cần dạng https://tên-miền"),
        ("BASE_URL", "https://khacphuc.example.vn:port", "cần dạng https://tên-miền"),
        ("WEBHOOK_HOSTS", "hooks.example.vn, https://hooks.example.vn/kp", "chỉ ghi tên"),
        ("WEBHOOK_HOSTS", "hooks.example.vn:8443", "chỉ ghi tên"),
        ("WEBHOOK_HOSTS", "*.example.vn", "chỉ ghi tên"),
        ("TRUSTED_PROXIES", "*", "không phải địa chỉ IP"),
        ("TRUSTED_PROXIES", "127.0.0.1, proxy.example.vn", "không phải địa chỉ IP"),
        ("TRUSTED_PROXIES", "10.0.0.5/24", "không phải địa chỉ IP"),
        ("SECOND_FACTOR_ROLES", "admin, leader", "leader không phải vai trò"),
        ("PORT", "0", "không được nhỏ hơn 1"),
        ("SMTP_TIMEOUT", "0", "phải lớn hơn 0"),
        ("SMTP_TIMEOUT", "soon", "cần một số"),
        ("SMTP_SECURITY", "ssl", "cần một trong: none, starttls, tls"),
        ("SCHEDULER", "perhaps", "cần true hoặc false"),
    ],
)
def test_a_setting_that_does_not_fit_is_one_vietnamese_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"KHACPHUC_{name}", value)
    with pytest.raises(SetupProblem) as raised:
        load_settings()
    assert raised.value.detail.startswith(f"KHACPHUC_{name}: giá trị {value!r} không hợp lệ: ")
    assert words in raised.value.detail
    assert not [word for word in ENGLISH if word in raised.value.detail.replace("value", "")]


def test_a_secret_that_does_not_fit_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHACPHUC_METRICS_TOKEN", "qua-ngan")
    with pytest.raises(SetupProblem) as raised:
        load_settings()
    assert "KHACPHUC_METRICS_TOKEN" in raised.value.detail
    assert "16–200" in raised.value.detail
    assert "qua-ngan" not in raised.value.detail


def test_addresses_and_hosts_that_fit_are_kept() -> None:
    assert Settings(base_url="https://khacphuc.example.vn/cchc/").base_url == "https://khacphuc.example.vn/cchc"
    assert Settings(base_url="http://[::1]:8000").base_url == "http://[::1]:8000"
    assert Settings(trusted_proxies="10.0.0.0/24, ::1").proxies == ["10.0.0.0/24", "::1"]
    hosts = Settings(webhook_hosts="Hooks.example.vn, 10.0.0.1,::1, ").allowed_webhook_hosts
    assert hosts == {"hooks.example.vn", "10.0.0.1", "::1"}
