"""Everything an operator can set, from the environment (see docs/settings.md)."""

import ipaddress
import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app import reasons
from app.errors import SetupProblem

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds app/, migrations/ and seeds/."""
_SCANNER_FORM = "cần dạng tcp://máy-chủ:3310 hoặc unix:///run/clamav/clamd.ctl"
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_=-][A-Za-z0-9_.=-]{0,99}){0,8}")
_ROLES = ("agency", "coordinator", "leadership", "admin")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")


class Settings(BaseSettings):
    """Read once at start by the edge (`main`, `cli`) and handed down; nothing else reads the environment."""

    model_config = SettingsConfigDict(env_prefix="KHACPHUC_", extra="ignore")

    database_url: str = Field(default="", validation_alias="DATABASE_URL", repr=False)
    data_dir: Path = Path("data")
    pool_size: int = Field(default=8, ge=1, le=100)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    base_url: str = "http://127.0.0.1:8000"
    """What links in mails start with."""
    hsts_subdomains: bool = True
    """Whether, with https, hosts below this one must have it too."""
    trusted_proxies: str = "127.0.0.1,::1"
    """Addresses and networks, separated by commas, whose word counts on where a request came from."""
    metrics_token: str = Field(default="", repr=False)
    """What a scraper of /metrics sends as Bearer; empty lets everybody read them."""
    api_docs: bool = True
    """Whether /docs and the API's description are served."""
    second_factor_roles: str = ""
    """Roles whose people must have a second factor, separated by commas; empty leaves it to everybody."""
    body_limit: int = Field(default=1_000_000, ge=1_000)
    """Largest JSON body in bytes."""
    evidence_limit: int = Field(default=20_000_000, ge=1_000)
    """Largest evidence file in bytes."""
    virus_scanner: str = ""
    """clamd, as `tcp://host:port` or `unix:///path`; empty scans nothing."""
    virus_scan_timeout: float = Field(default=30.0, gt=0, le=300)
    evidence_store: str = ""
    """`s3://bucket/prefix`; empty is the folder `evidence_dir`."""
    s3_endpoint: str = ""
    """Where the bucket's server is; empty is what AWS_ENDPOINT_URL says, or Amazon's."""
    s3_region: str = ""
    s3_access_key: str = Field(default="", repr=False)
    s3_secret_key: str = Field(default="", repr=False)
    """Keys; empty leaves the search to AWS_… and to the machine's own role."""
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

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, given: str) -> str:
        """Whatever else stands in it would trust nobody, or with `*` everybody's word, and nobody would notice."""
        for one in _listed(given):
            try:
                ipaddress.ip_network(one)
            except ValueError:
                raise ValueError(f"{one} không phải địa chỉ IP hay mạng, ví dụ 10.0.0.5 hoặc 10.0.0.0/24") from None
        return given

    @field_validator("metrics_token")
    @classmethod
    def _token(cls, given: str) -> str:
        if given and not re.fullmatch(r"[!-~]{16,200}", given):
            raise ValueError("cần 16–200 chữ cái, chữ số hoặc dấu không có khoảng trắng, khó đoán")
        return given

    @field_validator("second_factor_roles")
    @classmethod
    def _roles(cls, given: str) -> str:
        """A misspelt role would be held to nothing, and nobody would notice."""
        for one in _listed(given):
            if one not in _ROLES:
                raise ValueError(f"{one} không phải vai trò; chỉ ghi {', '.join(_ROLES)}, cách nhau bằng dấu phẩy")
        return given

    @field_validator("virus_scanner")
    @classmethod
    def _scanner(cls, given: str) -> str:
        try:
            parts = urlsplit(given.strip())
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError(_SCANNER_FORM) from None
        named = parts.scheme == "tcp" and host and not parts.path
        if given.strip() and not (named or (parts.scheme == "unix" and not host and parts.path.startswith("/"))):
            raise ValueError(_SCANNER_FORM)
        return given.strip()

    @field_validator("evidence_store")
    @classmethod
    def _store(cls, given: str) -> str:
        kept = given.strip().rstrip("/")
        if kept and not _BUCKET.fullmatch(kept):
            raise ValueError("để trống (dùng thư mục), hoặc cần dạng s3://tên-bucket/thư-mục")
        return kept

    @field_validator("s3_endpoint")
    @classmethod
    def _endpoint(cls, given: str) -> str:
        return cls._address(given) if given.strip() else ""

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
        """Where evidence lies, or with a bucket, where it is first received and looked into."""
        return self.data_dir / "evidence"

    @property
    def outbox_dir(self) -> Path:
        return self.data_dir / "outbox"

    @property
    def allowed_webhook_hosts(self) -> frozenset[str]:
        return frozenset(_listed(self.webhook_hosts))

    @property
    def roles_with_second_factor(self) -> frozenset[str]:
        return frozenset(_listed(self.second_factor_roles))

    @property
    def proxies(self) -> list[str]:
        return _listed(self.trusted_proxies)


def load_settings() -> Settings:
    """The settings, or one `SetupProblem` line per bad variable instead of a stack trace."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{_variable(one['loc'])}: giá trị {_told(one)} không hợp lệ: {reasons.of_value(dict(one))}."
            for one in error.errors()
        ]
        raise SetupProblem("\n".join(lines)) from None


def _told(error: Any) -> str:
    """The value at fault, unless it is a secret."""
    field = Settings.model_fields.get(str(error["loc"][0]))
    return repr(error["input"]) if field is None or field.repr else "đã cho"


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
