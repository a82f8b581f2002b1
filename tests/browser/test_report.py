"""The report while one types: the score follows, and what is typed outlives tabs, sessions and colleagues."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site

TC16 = "/tasks/ST-2024-TC-16"
KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('khacphuc:report:')).length"


def typing(page: Page, name: str, text: str) -> None:
    page.locator(f'[name="{name}"]').fill(text)


def holds(page: Page, name: str, text: str) -> None:
    expect(page.locator(f'[name="{name}"]')).to_have_value(text)


def forgive(site: Site, status: int) -> None:
    """Browsers say on the console that an answer was no success; here that is what is tested."""
    site.complaints[:] = [said for said in site.complaints if f"status of {status}" not in said]


def test_the_score_follows_what_is_typed(site: Site) -> None:
    page = site.page("SKHCN")
    page.goto(TC16)
    score = page.locator("#score")
    expect(score).to_contain_text("Nhập đủ số liệu")
    typing(page, "input.online_files", "120.000")
    expect(score).to_contain_text("Thiếu số liệu: Tổng số hồ sơ")
    typing(page, "input.files", "168561")
    expect(score).to_contain_text("1,0679")
    expect(score).to_contain_text("tăng 0,2269")
    typing(page, "input.files", "168.561 hồ sơ")
    expect(score).to_contain_text("không phải số")
    assert score.get_attribute("aria-live") == "polite"


def test_a_closed_tab_loses_nothing_and_another_device_has_it_too(site: Site) -> None:
    page = site.page("SKHCN")
    page.goto(TC16)
    typing(page, "progress", "Gõ xong chờ tự lưu")
    expect(page.locator("[data-draft-state]")).to_contain_text("Đã lưu bản nháp lúc 09:00")
    assert page.evaluate(KEPT) == 0
    typing(page, "remedy", "Gõ rồi đóng ngay")
    page.close(run_before_unload=True)
    elsewhere = site.page("SKHCN")
    elsewhere.goto(TC16)
    elsewhere.wait_for_timeout(500)
    elsewhere.goto(TC16)
    holds(elsewhere, "progress", "Gõ xong chờ tự lưu")
    holds(elsewhere, "remedy", "Gõ rồi đóng ngay")
    expect(elsewhere.locator("main")).to_contain_text("Bản nháp lưu lúc 09:00 24/06/2025")
    elsewhere.get_by_role("button", name="Lưu", exact=True).click()
    expect(elsewhere.locator("main")).to_contain_text("Đã lưu báo cáo.")
    assert elsewhere.evaluate(KEPT) == 0


def test_what_was_typed_after_the_session_ended_is_there_after_signing_in_and_for_nobody_else(site: Site) -> None:
    page = site.page("SKHCN")
    page.goto(TC16)
    own = page.context.cookies()[0]["value"]  # type: ignore[typeddict-item]
    page.context.clear_cookies()
    typing(page, "remedy", "Gõ khi phiên đã hết")
    expect(page.locator("[data-draft-state]")).to_contain_text("đăng nhập lại")
    forgive(site, 401)
    colleague = site.page("SKHCN#2")
    theirs = colleague.context.cookies()[0]["value"]  # type: ignore[typeddict-item]
    page.context.add_cookies([{"name": "khacphuc", "value": theirs, "url": site.address}])
    page.goto(TC16)
    holds(page, "remedy", "")
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "khacphuc", "value": own, "url": site.address}])
    page.goto(TC16)
    holds(page, "remedy", "Gõ khi phiên đã hết")
    expect(page.locator("[data-draft-state]")).to_contain_text("Đã lưu bản nháp")
    assert page.evaluate(KEPT) == 0


def test_signing_out_asks_before_it_clears_what_the_server_has_not_taken(site: Site) -> None:
    page = site.page("SKHCN")
    page.goto(TC16)
    page.context.set_offline(True)
    typing(page, "remedy", "Chỉ có trên máy này")
    expect(page.locator("[data-draft-state]")).to_contain_text("giữ trên máy này")
    page.context.set_offline(False)
    site.complaints[:] = [said for said in site.complaints if "ERR_INTERNET_DISCONNECTED" not in said]
    page.once("dialog", lambda question: question.dismiss())
    page.get_by_role("button", name="Đăng xuất").click()
    assert page.evaluate(KEPT) == 1
    page.once("dialog", lambda question: question.accept())
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.locator("main")).to_contain_text("đăng xuất")
    assert page.evaluate(KEPT) == 0


def test_two_versions_stand_side_by_side_and_either_can_be_taken(site: Site) -> None:
    mine, other = site.page("SKHCN"), site.page("SKHCN#2")
    mine.goto(TC16)
    other.goto(TC16)
    typing(other, "progress", "Bản của đồng nghiệp")
    other.get_by_role("button", name="Lưu", exact=True).click()
    expect(other.locator("main")).to_contain_text("Đã lưu báo cáo.")
    typing(mine, "progress", "Bản của tôi")
    mine.get_by_role("button", name="Lưu", exact=True).click()
    expect(mine.get_by_label("Bản đang lưu: Tiến độ xử lý")).to_have_value("Bản của đồng nghiệp")
    forgive(site, 412)
    holds(mine, "progress", "Bản của tôi")
    mine.get_by_role("button", name="Dùng bản của họ").press("Enter")
    holds(mine, "progress", "Bản của đồng nghiệp")
    mine.get_by_role("button", name="Giữ bản của tôi").press("Enter")
    holds(mine, "progress", "Bản của tôi")
    mine.get_by_role("button", name="Lưu", exact=True).click()
    expect(mine.locator("main")).to_contain_text("Đã lưu báo cáo.")


def test_without_a_script_a_report_is_saved_and_handed_in(site: Site) -> None:
    page = site.page("SKHCN", java_script_enabled=False)
    page.goto("/tasks/ST-2024-TC-14")
    for name in ("reason", "progress", "remedy"):
        typing(page, name, "Nội dung")
    typing(page, "declared_score", "0,3")
    page.get_by_role("button", name="Nộp báo cáo").click()
    expect(page.locator("main")).to_contain_text("Đã nộp báo cáo, chờ xác nhận.")


def test_ready_reports_are_ticked_and_handed_in_by_keyboard(site: Site) -> None:
    page = site.page("SKHCN")
    page.goto("/tasks/ST-2024-TC-14")
    for name in ("reason", "progress", "remedy"):
        typing(page, name, "Nội dung")
    typing(page, "declared_score", "0,3")
    page.get_by_role("button", name="Lưu", exact=True).press("Enter")
    expect(page.locator("main")).to_contain_text("Đã lưu báo cáo.")
    page.goto("/tasks")
    page.get_by_label("Chọn tất cả báo cáo đủ nội dung").press("Space")
    expect(page.get_by_label("Chọn nộp ST-2024-TC-14")).to_be_checked()
    page.get_by_role("button", name="Nộp các báo cáo đã chọn").press("Enter")
    expect(page.locator("main")).to_contain_text("Đã nộp 1 báo cáo.")


def test_two_devices_do_not_write_over_each_other(site: Site) -> None:
    phone, desktop = site.page("SKHCN"), site.page("SKHCN")
    for page in (phone, desktop):
        page.goto(TC16)
    typing(phone, "progress", "Trên điện thoại")
    expect(phone.locator("[data-draft-state]")).to_contain_text("Đã lưu bản nháp")
    typing(desktop, "progress", "Trên máy bàn")
    desktop.get_by_role("button", name="Xem cả hai bản").click()
    expect(desktop.get_by_label("Bản nháp trên thiết bị khác")).to_have_value("Trên điện thoại")
    expect(desktop.get_by_label("Bản đang nhập ở đây")).to_have_value("Trên máy bàn")
    desktop.get_by_role("button", name="Dùng bản này").click()
    holds(desktop, "progress", "Trên điện thoại")
    expect(desktop.locator("[data-draft-state]")).to_contain_text("Đã lưu bản nháp")
    forgive(site, 409)


def test_a_form_with_faults_begins_at_the_first_and_leads_to_each(site: Site) -> None:
    page = site.page("SKHCN")
    page.goto(TC16)
    page.get_by_role("button", name="Nộp báo cáo").click()
    expect(page.locator('[name="reason"]')).to_be_focused()
    told = page.get_by_role("alert").get_by_role("link").all_inner_texts()
    assert len(told) == len(set(told)) == 5
    page.get_by_role("alert").get_by_role("link").last.click()
    expect(page.locator('[name="input.files"]')).to_be_focused()
    fault, help_ = (page.locator(f'[id="report-input.files-{part}"]').bounding_box() for part in ("fault", "help"))
    assert fault is not None
    assert help_ is not None
    assert fault["y"] + fault["height"] <= help_["y"] + 1  # neither is printed over the other
    forgive(site, 422)


def test_on_paper_the_history_is_unfolded(site: Site) -> None:
    page = site.page("SKHCN")
    page.goto(TC16)
    typing(page, "remedy", "Kết nối theo tháng")
    page.get_by_role("button", name="Lưu", exact=True).click()
    told = page.locator("ol.log details .text", has_text="Kết nối theo tháng")
    expect(told).to_be_hidden()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(told).to_be_visible()
    saved = page.get_by_role("heading", name="Biện pháp khắc phục").locator("+ p")
    page.emulate_media(media="print")
    expect(saved).to_have_text("Kết nối theo tháng")  # and no form
    expect(page.locator('[name="remedy"]')).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(told).to_be_hidden()
