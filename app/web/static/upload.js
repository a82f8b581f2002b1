/* Ticking tasks from a long list, and a form with a file: sent with its progress shown, nothing typed is ever lost.
   Without this script the form is sent as any other. */
"use strict";

// Vietnamese without accents: "ho so" finds "Hồ sơ".
const fold = (text) =>
  text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/\s+/g, " ").trim();

for (const ticks of document.querySelectorAll("[data-ticks]")) {
  const filter = ticks.querySelector("[data-filter]");
  const count = ticks.querySelector("[data-count]");
  const none = ticks.querySelector("[data-none]");
  const rows = [...ticks.querySelectorAll("li")].map((row) => ({ row, text: fold(row.textContent) }));

  const tell = () => {
    const chosen = ticks.querySelectorAll("input[type=checkbox]:checked").length;
    count.textContent = chosen ? `Đã chọn ${chosen} nhiệm vụ` : "Chưa chọn nhiệm vụ nào";
  };
  filter.addEventListener("input", () => {
    const words = fold(filter.value).split(" ");
    for (const { row, text } of rows) row.hidden = !words.every((word) => text.includes(word));
    none.hidden = rows.some(({ row }) => !row.hidden);
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it filters, it does not send the form
  });
  ticks.addEventListener("change", tell);
  filter.parentElement.hidden = rows.length < 2;
  tell();
}

const form = document.querySelector("form[data-upload]");
if (form) watch(form);

function watch(form) {
  const button = form.querySelector("button[type=submit]");
  const file = form.querySelector("input[type=file]");
  const shown = form.querySelector("[data-progress]");
  const bar = shown.querySelector("progress");
  const words = shown.querySelector("[role=status]");
  let signedOut = false;

  file.addEventListener("change", () => tooLong() && complain());

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled) return;
    if (tooLong()) return complain();
    start();
  });

  // The browser keeps pages for its back button: there the form may be sent again.
  window.addEventListener("pageshow", () => busy(false));

  function tooLong() {
    const chosen = file.files[0];
    return chosen && chosen.size > Number(form.dataset.limit);
  }

  function complain() {
    fail(`Tệp “${file.files[0].name}” lớn hơn ${form.dataset.limitText}. Hãy chọn tệp nhỏ hơn, hoặc nén ảnh, giảm độ phân giải bản quét.`, ["file"]);
  }

  async function start() {
    forget();
    busy(true);
    if (signedOut && !(await takeNewToken())) return expired();
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && tell(event.loaded / event.total));
    request.addEventListener("load", () => finish(request));
    request.addEventListener("error", () => fail("Mất kết nối với máy chủ; chưa rõ tài liệu đã ghi hay chưa. Những gì đã nhập vẫn còn: hãy bấm gửi lại, tài liệu không bị ghi hai lần."));
    request.addEventListener("timeout", () => fail("Máy chủ không trả lời. Hãy bấm gửi lại; tài liệu không bị ghi hai lần."));
    request.send(new FormData(form));
  }

  function tell(part) {
    const percent = Math.round(part * 100);
    bar.value = percent;
    words.textContent = percent < 100 ? `Đang tải lên: ${percent}%` : "Đã tải lên, đang kiểm tra và ghi…";
  }

  function finish(request) {
    const where = new URL(request.responseURL || form.action);
    if (where.pathname === "/signin") return expired();
    if (request.status < 400) return window.location.assign(where);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const said = page.querySelector(".notice.error") ?? page.querySelector("main p");
    const key = page.querySelector("form[data-upload] input[name=key]");
    if (key) form.elements.key.value = key.value;
    fail(said ?? "Không gửi được. Hãy thử lại.");
    const faulty = [...page.querySelectorAll("form[data-upload] .fault")].map(mark).filter(Boolean);
    faulty[0]?.focus();
  }

  function expired() {
    signedOut = true;
    fail("Phiên đăng nhập đã hết. Những gì đã nhập vẫn còn: hãy mở trang đăng nhập ở một thẻ khác, đăng nhập, rồi quay lại đây bấm gửi lần nữa.");
    const link = Object.assign(document.createElement("a"), { href: "/signin", target: "_blank", rel: "noopener", textContent: " Mở trang đăng nhập" });
    document.querySelector("main .notice.error").append(link);
  }

  // Somebody signed in again in another tab: the form needs the new session's token.
  async function takeNewToken() {
    const answer = await fetch(form.action).catch(() => null);
    if (!answer?.ok || new URL(answer.url).pathname === "/signin") return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    form.elements.csrf.value = page.querySelector("meta[name=csrf]").content;
    signedOut = false;
    return true;
  }

  function busy(is) {
    button.disabled = is;
    button.toggleAttribute("aria-busy", is);
    shown.hidden = !is;
    if (is) tell(0);
  }

  function forget() {
    for (const old of document.querySelectorAll("main .notice.error, main .notice.success, form .fault")) old.remove();
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  }

  /** Says of our field what the answer says of it. */
  function mark(fault) {
    const field = document.getElementById(fault.id.replace(/-fault$/, ""));
    if (!field) return null;
    const group = field.matches("fieldset");
    if (!group) field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", [fault.id, document.getElementById(`${field.id}-help`)?.id].filter(Boolean).join(" "));
    (group ? field.querySelector("legend") : field).after(document.importNode(fault, true));
    return field;
  }

  /** `what`: words, or the answer's own notice with its links to fields. */
  function fail(what, names = []) {
    forget();
    busy(false);
    const notice = document.createElement("div");
    notice.className = "notice error";
    notice.setAttribute("role", "alert");
    notice.tabIndex = -1;
    if (what instanceof Element && what.matches(".notice")) notice.append(...document.importNode(what, true).childNodes);
    else notice.textContent = (what.textContent ?? what).trim();
    document.getElementById("main").prepend(notice);
    for (const name of names) form.elements[name]?.setAttribute?.("aria-invalid", "true");
    notice.focus();
  }
}
