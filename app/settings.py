"""Everything an operator can set, from the environment (see docs/settings.md)."""

import ipaddress
import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app import reasons
from app.errors import SetupProblem

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds app/, migrations/ and seeds/."""
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")


class Settings(BaseSettings):
    """Read once at start by the edge (`main`, `cli`) and handed down; nothing else reads the environment."""

    model_config = SettingsConfigDict(env_prefix="KHACPHUC_", extra="ignore")

    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    data_dir: Path = Path("data")
    pool_size: int = Field(default=8, ge=1, le=100)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    base_url: str = "http://127.0.0.1:8000"
    """What links in mails start with."""
    body_limit: int = Field(default=1_000_000, ge=1_000)
    """Largest JSON body in bytes."""
    evidence_limit: int = Field(default=20_000_000, ge=1_000)
    """Largest evidence file in bytes."""
    log_json: bool = False

    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str = ""
    smtp_password: str = Field(default="", repr=False)
    smtp_timeout: float = Field(default=20.0, gt=0, le=120)
    mail_from: str = "Khắc Phục <khacphuc@localhost>"
    webhook_hosts: str = ""
    """Hosts that webhooks may go to, separated by commas; empty allows none."""
    webhook_timeout: float = Field(default=10.0, gt=0, le=60)

    scheduler: bool = True
    """False on replicas that should only answer requests."""

    @field_validator("base_url")
    @classmethod
    def _address(cls, given: str) -> str:
        """http or https with a host, perhaps a path; without a slash at the end."""
        try:
            parts = urlsplit(given.strip())
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        strange = parts.query or parts.fragment or "@" in parts.netloc or re.search(r"\s", given.strip())
        if parts.scheme not in ("http", "https") or not host or strange:
            raise ValueError("cần dạng https://tên-miền, là địa chỉ mà người nhận thư mở được")
        return given.strip().rstrip("/")

    @field_validator("webhook_hosts")
    @classmethod
    def _hosts(cls, given: str) -> str:
        """Whatever else stands in it would never match a host, and nobody would notice."""
        for host in _listed(given):
            if not _is_host(host):
                raise ValueError(
                    f"{host} không phải tên máy chủ; chỉ ghi tên, cách nhau bằng dấu phẩy, không ghi https://, cổng "
                    "hay đường dẫn, ví dụ hooks.example.vn"
                )
        return given

    @property
    def url(self) -> str:
        """The database as SQLAlchemy names it; the default is a file in the data folder."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir / 'khacphuc.db'}"
        for plain in ("postgres://", "postgresql://"):
            if self.database_url.startswith(plain):
                return "postgresql+psycopg://" + self.database_url.removeprefix(plain)
        return self.database_url

    @property
    def evidence_dir(self) -> Path:
        return self.data_dir / "evidence"

    @property
    def outbox_dir(self) -> Path:
        return self.data_dir / "outbox"

    @property
    def allowed_webhook_hosts(self) -> frozenset[str]:
        return frozenset(_listed(self.webhook_hosts))


def load_settings() -> Settings:
    """The settings, or one `SetupProblem` line per bad variable instead of a stack trace."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{_variable(one['loc'])}: giá trị {one['input']!r} không hợp lệ: {reasons.of_value(dict(one))}."
            for one in error.errors()
        ]
        raise SetupProblem("\n".join(lines)) from None


def _variable(loc: tuple[int | str, ...]) -> str:
    name = str(loc[0]).upper()
    return name if name == "DATABASE_URL" else f"KHACPHUC_{name}"


def _listed(hosts: str) -> list[str]:
    return [host.strip().lower() for host in hosts.split(",") if host.strip()]


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    return True
