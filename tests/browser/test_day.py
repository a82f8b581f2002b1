"""Each role's whole day, as people do it: from the one-time link to the moved projection, on a desk and on a phone."""

import io
import re
from pathlib import Path

import docx
import openpyxl
import pytest
from playwright.sync_api import Page, expect

from app.accounts import create_account
from app.core.access import SYSTEM
from tests.browser.conftest import DESKTOP, PHONE, Site
from tests.domain.evidence_samples import PDF

PASSWORD = "ruộng lúa ngập nước sông Hậu"
TEXTS = {
    "reason": "Một số dịch vụ dữ liệu chưa được các bộ mở trên NDXP.",
    "progress": "Đã đưa vào sử dụng thêm 4 dịch vụ trong quý II.",
    "remedy": "Giao đầu mối từng đơn vị, kiểm tra hằng tuần.",
    "period": "6 tháng đầu năm 2025",
    "input.used_services": "13",
    "input.services": "16",
}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_whole_day(site: Site, size: dict[str, int], tmp_path: Path) -> None:
    link = _admin_gives_a_link(site.page("admin", size), _officer(site))
    _officer_reports(site.page(None, size), link, tmp_path)
    _coordinator_accepts(site.page("coordinator", size))
    _leadership_looks_and_directs(site.page("leadership", size))


def _officer(site: Site) -> int:
    made = site.world.write(
        create_account,
        SYSTEM,
        name="chuyenvien.skhcn",
        display_name="Sở KH&CN",
        role="agency",
        province="soc-trang",
        agency="SKHCN",
    )
    return int(made["id"])


def _admin_gives_a_link(page: Page, account: int) -> str:
    page.goto("/accounts")
    page.goto(f"/accounts/{account}")
    page.locator(f'form[action="/accounts/{account}/link"] button').click()
    return page.locator("#link").input_value()


def _officer_reports(page: Page, link: str, folder: Path) -> None:
    page.goto(link)
    page.get_by_label("Mật khẩu mới", exact=False).first.fill(PASSWORD)
    page.get_by_label("Nhập lại mật khẩu mới", exact=False).fill(PASSWORD)
    page.get_by_role("button", name="Đặt mật khẩu").click()
    page.get_by_label("Tên tài khoản", exact=False).fill("chuyenvien.skhcn")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nhiệm vụ")
    page.goto("/evidence/new?task=ST-2024-TC-15")
    page.get_by_label("Số, ký hiệu", exact=False).fill("45/BC-SKHCN")
    page.locator("#issued_on").fill("20/06/2025")
    (folder / "bao-cao.pdf").write_bytes(PDF)
    page.set_input_files("#file", folder / "bao-cao.pdf")
    page.get_by_role("button", name="Ghi tài liệu").click()
    page.wait_for_url(re.compile(r"/evidence/\d+"))
    expect(page.locator("main")).to_contain_text("ST-2024-TC-15")
    page.goto("/tasks/ST-2024-TC-15")
    for name, text in TEXTS.items():
        page.locator(f'[name="{name}"]').fill(text)
    expect(page.locator("#score")).to_contain_text("0,8125")
    page.get_by_role("button", name="Nộp báo cáo").click()
    expect(page.locator("main")).to_contain_text("Chờ xác nhận")


def _coordinator_accepts(page: Page) -> None:
    page.goto("/reviews")
    page.get_by_role("link", name="Tỷ lệ số dịch vụ dữ liệu").first.click()
    expect(page.locator("main")).to_contain_text("45/BC-SKHCN")
    page.locator('[name="review-decision"][value="accepted"]').check()
    page.get_by_role("button", name="Ghi quyết định").click()
    expect(page.locator("main")).to_contain_text("85,0772")
    page.goto("/desk")
    expect(page.locator("main")).to_contain_text("85,08")
    report = docx.Document(_downloaded(page, "/documents/report.docx"))
    assert "85,08" in "\n".join(paragraph.text for paragraph in report.paragraphs)
    book = openpyxl.load_workbook(_downloaded(page, "/documents/summary.xlsx"))
    assert {"Lĩnh vực", "Cơ quan", "Nhiệm vụ"} <= set(book.sheetnames)
    page.goto("/reminders")
    page.locator("#on").fill("27/06/2025")
    page.get_by_role("button", name="Xem ai nhận gì").click()
    expect(page.locator("main")).to_contain_text("Sở Tài chính")


def _downloaded(page: Page, path: str) -> io.BytesIO:
    answer = page.request.get(path)
    assert answer.status == 200
    assert "attachment" in answer.headers["content-disposition"]
    return io.BytesIO(answer.body())


def _leadership_looks_and_directs(page: Page) -> None:
    page.goto("/overview")
    expect(page.locator("main")).to_contain_text("85,08")
    page.goto("/tasks/ST-2024-TC-17")
    page.locator('form[action="/tasks/ST-2024-TC-17/directions"] textarea').fill("Báo cáo tiến độ hằng tuần.")
    page.locator('form[action="/tasks/ST-2024-TC-17/directions"] button[type="submit"]').click()
    expect(page.locator("main")).to_contain_text("Báo cáo tiến độ hằng tuần.")
    page.goto("/what-if")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
