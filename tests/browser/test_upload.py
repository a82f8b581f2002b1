"""A document with its file, sent from a real browser: progress, a double click, refusals that lose nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from app.models import evidence, login_sessions
from tests.browser.conftest import PHONE, Site
from tests.browser.test_report import forgive
from tests.domain.evidence_samples import EXE, PDF

FORM = "/evidence/new?task=ST-2024-TC-16"


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "Báo cáo kết quả.pdf"
    path.write_bytes(PDF + b" " * 2_000_000)
    return path


def filled(site: Site, file: Path | None, **size: dict[str, int]) -> Page:
    page = site.page("SKHCN", **size)
    page.goto(FORM)
    page.get_by_label("Số, ký hiệu").fill("123/BC-SKHCN")
    page.get_by_label("Người ký").fill("Phó Giám đốc Sở")
    if file is not None:
        page.get_by_label("Tệp (không bắt buộc)").set_input_files(file)
    return page


def send(page: Page) -> None:
    page.get_by_role("button", name="Ghi tài liệu").click()


def rows(site: Site) -> int:
    with site.world.db.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(evidence)).scalar_one()


@pytest.mark.parametrize("size", [{}, {"size": PHONE}])
def test_a_letter_goes_up_for_two_tasks_and_comes_down_again(site: Site, letter: Path, size: dict[str, int]) -> None:
    page = filled(site, letter, **size)
    page.get_by_label("Lọc nhiệm vụ").fill("thanh toan truc tuyen")
    shown = page.locator("[data-ticks] li:visible")
    expect(shown).to_have_count(1)
    shown.get_by_role("checkbox").check()
    expect(page.locator("[data-count]")).to_have_text("Đã chọn 2 nhiệm vụ")
    send(page)
    expect(page.locator("main")).to_contain_text("Đã ghi tài liệu kiểm chứng.")
    expect(page.locator("main")).to_contain_text("ST-2024-TC-17")
    with page.expect_download() as download:
        page.get_by_role("button", name="Tải tệp").click()
    assert download.value.suggested_filename == "Báo cáo kết quả.pdf"
    assert Path(download.value.path()).read_bytes() == letter.read_bytes()


def test_a_double_click_enters_one_document(site: Site, letter: Path) -> None:
    page = filled(site, letter)
    page.get_by_role("button", name="Ghi tài liệu").dblclick()
    expect(page.locator("h1")).to_have_text("Tài liệu 123/BC-SKHCN")
    assert rows(site) == 1


def test_progress_is_shown_while_a_file_goes_up(site: Site, letter: Path) -> None:
    page = filled(site, letter)
    held = []
    page.route("**/evidence/new", lambda route: held.append(route))
    send(page)
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("button", name="Ghi tài liệu")).to_be_disabled()
    held[0].continue_()
    expect(page.locator("h1")).to_have_text("Tài liệu 123/BC-SKHCN")


def test_a_refusal_keeps_everything_also_the_chosen_file(site: Site, tmp_path: Path, letter: Path) -> None:
    page = filled(site, letter)
    page.get_by_label("Ngày ban hành").fill("31/02/2025")
    send(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("không phải ngày")
    expect(page.get_by_label("Ngày ban hành")).to_be_focused()
    expect(page.get_by_label("Ngày ban hành")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Số, ký hiệu")).to_have_value("123/BC-SKHCN")
    assert page.get_by_label("Tệp (không bắt buộc)").evaluate("input => input.files.length") == 1
    (tmp_path / "giả.pdf").write_bytes(EXE)
    page.get_by_label("Tệp (không bắt buộc)").set_input_files(tmp_path / "giả.pdf")
    page.get_by_label("Ngày ban hành").fill("20/06/2025")
    send(page)
    expect(alert).to_contain_text("giả.pdf")
    page.get_by_label("Tệp (không bắt buộc)").set_input_files(letter)
    send(page)
    expect(page.locator("h1")).to_have_text("Tài liệu 123/BC-SKHCN")
    assert rows(site) == 1
    forgive(site, 422)
    forgive(site, 415)


def test_a_file_that_is_too_large_is_not_even_sent(site: Site, tmp_path: Path) -> None:
    (tmp_path / "lớn.pdf").write_bytes(PDF + b" " * 20_000_001)
    page = filled(site, tmp_path / "lớn.pdf")
    expect(page.get_by_role("alert")).to_contain_text("lớn hơn 20 MB")
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("lớn hơn 20 MB")
    assert rows(site) == 0


def test_a_session_that_ended_loses_nothing_typed(site: Site, letter: Path) -> None:
    page = filled(site, letter)
    with site.world.db.transaction() as connection:
        connection.execute(update(login_sessions).values(ended_at=site.world.now))
    send(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Phiên đăng nhập đã hết")
    again = site.page("SKHCN")  # as signing in in another tab does, this brings a new session with another token
    page.context.add_cookies(again.context.cookies())
    send(page)
    expect(page.locator("h1")).to_have_text("Tài liệu 123/BC-SKHCN")
    assert rows(site) == 1


def test_a_broken_connection_may_be_tried_again(site: Site, letter: Path) -> None:
    page = filled(site, letter)
    page.route("**/evidence/new", lambda route: route.abort())
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Mất kết nối")
    page.unroute("**/evidence/new")
    send(page)
    expect(page.locator("h1")).to_have_text("Tài liệu 123/BC-SKHCN")
    assert rows(site) == 1
    site.complaints[:] = [said for said in site.complaints if "ERR_FAILED" not in said]


def test_it_works_without_scripts_too(site: Site, letter: Path) -> None:
    page = site.page("SKHCN", java_script_enabled=False)
    page.goto(FORM)
    page.get_by_label("Số, ký hiệu").fill("123/BC-SKHCN")
    page.get_by_label("Ngày ban hành").fill("31/02/2025")
    page.get_by_label("Tệp (không bắt buộc)").set_input_files(letter)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("không phải ngày")
    expect(page.locator("main")).to_contain_text("tệp phải chọn lại")
    page.get_by_label("Ngày ban hành").fill("20/06/2025")
    page.get_by_label("Tệp (không bắt buộc)").set_input_files(letter)
    send(page)
    expect(page.locator("h1")).to_have_text("Tài liệu 123/BC-SKHCN")
    forgive(site, 422)


def test_a_document_is_entered_and_withdrawn_by_keyboard_alone(site: Site) -> None:
    page = filled(site, None)
    page.get_by_label("Số, ký hiệu").press("Enter")
    expect(page.locator("h1")).to_have_text("Tài liệu 123/BC-SKHCN")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("summary", has_text="Rút tài liệu").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Nhầm văn bản")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Lý do: Nhầm văn bản")
