import socket
import sqlite3
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run, Serve, Server
from tests.conftest import SEED, Engines

LEADS = {"SKHCN", "SNV", "STC", "STP", "VPUB"}


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr of a command that could not do its work."""
    assert done.returncode == 1, done
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def report(server: Server, key: str, **body: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "If-Match": "*"}
    address = f"http://127.0.0.1:{server.port}/api/v1/tasks/ST-2024-TC-15/updates"
    with httpx.Client(trust_env=False) as client:
        done = client.post(address, headers=headers, json={"status": "in_progress", **body})
    assert done.is_success, done.text


def _is_given_up(server: Server, request: bytes) -> bool:
    """Whether a request that has no end is answered with 400, or cut off before the answer could be read."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        try:
            line.sendall(request)
            return line.recv(1_000).startswith(b"HTTP/1.1 400 ")
        except ConnectionError:
            return True


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_first_run_prints_working_keys_and_a_second_run_keeps_everything_and_prints_none(
    engine: str, engines: Engines, serve: Serve, run: Run
) -> None:
    variables = {} if engine == "sqlite" else {"DATABASE_URL": engines.copy(engine, "empty")}
    with serve("--seed", str(SEED), **variables) as server:
        roles = {("admin", "-"), ("coordinator", "SNV"), ("leadership", "-")}
        assert set(server.keys) == roles | {("agency", code) for code in LEADS}
        key = server.keys["agency", "SKHCN"]
        assert server.get("/api/v1/tasks?agency=SKHCN", key).json()["total"] == 5
        assert server.get("/api/v1/tasks").status_code == 401
        report(server, key, progress="Đang tích hợp 7 dịch vụ còn lại.")
        assert "swagger" in server.get("/docs").text
        assert server.stop() == 0

    with serve("--seed", str(SEED), **variables) as server:
        assert server.keys == {}
        assert server.get("/api/v1/tasks/ST-2024-TC-15", key).json()["status"] == "in_progress"
        assert "server" not in server.get("/healthz").headers
        assert _is_given_up(server, b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1_000_000)

    if variables:
        engines.drop(variables["DATABASE_URL"])


def test_a_port_in_use_is_one_line_and_nothing_is_made(run: Run, data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused(run("serve", "--port", str(port), "--seed", str(SEED)))
    assert f"cổng {port}" in line
    assert "đang có chương trình khác dùng" in line
    assert not data.exists()


def test_a_database_newer_than_the_code_is_refused_and_left_alone(run: Run, data: Path) -> None:
    data.mkdir()
    with sqlite3.connect(data / "khacphuc.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.close()
    assert "mới hơn chương trình này" in refused(run("serve", "--port", "0"))
    assert "mới hơn chương trình này" in refused(run("keys", "list"))


def test_a_folder_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    below = str(tmp_path / "file" / "data")
    assert "Không ghi được vào thư mục" in refused(run("serve", "--port", "0", KHACPHUC_DATA_DIR=below))


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"DATABASE_URL": "postgresql://khacphuc@127.0.0.1:1/khacphuc"}, "Không dùng được cơ sở dữ liệu"),
        ({"DATABASE_URL": "mysql://somewhere/else"}, "không hỗ trợ mysql"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL không đọc được"),
        ({"KHACPHUC_HOST": "no.such.host.invalid"}, "Không có địa chỉ"),
        ({"KHACPHUC_POOL_SIZE": "many"}, "KHACPHUC_POOL_SIZE: giá trị 'many' không hợp lệ: cần một số nguyên."),
        ({"KHACPHUC_BASE_URL": "foo"}, "KHACPHUC_BASE_URL"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(run: Run, variables: dict[str, str], words: str) -> None:
    assert words in refused(run("serve", "--port", "0", **variables))


def test_it_says_where_it_listens_and_what_links_start_with(serve: Serve) -> None:
    with serve(KHACPHUC_BASE_URL="https://khacphuc.example.vn/") as server:
        said = "".join(server.lines)
        assert f"http://127.0.0.1:{server.port}/docs" in said
        assert "Liên kết trong thư: https://khacphuc.example.vn\n" in said


def test_a_seed_that_does_not_load_leaves_no_half_of_it(run: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("province: {}\n")
    done = run("serve", "--port", "0", "--seed", str(tmp_path / "broken.yaml"))
    assert done.returncode == 1
    assert "broken.yaml dòng 1" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Chưa có kỳ đánh giá nào" in refused(run("summary"))
