/* What plain HTML cannot do. Everything else works without it. */
"use strict";

document.documentElement.classList.add("scripted");

// Menus of the header close when one goes elsewhere, and with Escape.
function closeMenus(besides) {
  for (const menu of document.querySelectorAll("header.top details[open]")) {
    if (!menu.contains(besides)) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("header.top details[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// Every request that htmx makes carries the session's token; a session that ended leads to the sign-in page.
document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf"]');
  if (token) event.detail.ctx.request.headers["X-CSRF-Token"] = token.content;
});

// A choice that acts at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// Ask before what cannot be undone.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// Signing out clears what this browser keeps. A report that the server has not taken yet is only here, so ask first.
function unsentReports() {
  try {
    return Object.keys(window.localStorage).filter((key) => key.startsWith("khacphuc:report:"));
  } catch {
    return []; // storage is switched off
  }
}
document.addEventListener("submit", (event) => {
  if (!event.target.matches('form[action="/signout"]')) return;
  const unsent = unsentReports();
  const question = "Trên máy này còn nội dung báo cáo chưa gửi được, đăng xuất sẽ xóa nội dung đó. Vẫn đăng xuất?";
  if (unsent.length && !window.confirm(question)) return event.preventDefault();
  for (const key of unsent) window.localStorage.removeItem(key);
});

// What was just done is said once, not again on reload; a problem gets the focus, so that it is read out.
const address = new URL(window.location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done");
  window.history.replaceState(null, "", address);
}
const wrong = document.querySelector('main [aria-invalid="true"]');
wrong?.closest("details")?.setAttribute("open", "");
(wrong ?? document.querySelector("[data-focus]"))?.focus();

// What was wrong with one choice is not said of another.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-fresh-on]");
  if (!form || event.target.name !== form.dataset.freshOn) return;
  document.querySelector("main > .notice.error")?.remove();
  for (const fault of form.querySelectorAll(".fault")) fault.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// On paper nothing can be unfolded: what was written stands there whole. Forms and the tables of charts stay away.
const folded = "main details:not([open], :has(form), figure.chart details)";
window.addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll(folded)) {
    one.open = true;
    one.dataset.folded = "";
  }
});
window.addEventListener("afterprint", () => {
  for (const one of document.querySelectorAll("details[data-folded]")) {
    one.open = false;
    delete one.dataset.folded;
  }
});

// What is shown once is copied with one press.
for (const shown of document.querySelectorAll("input[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.textContent = "Chép";
  button.addEventListener("click", async () => {
    shown.select();
    try {
      await navigator.clipboard.writeText(shown.value);
    } catch {
      document.execCommand("copy"); // without https there is no clipboard
    }
    button.textContent = "Đã chép";
  });
  const row = document.createElement("div");
  row.className = "copied";
  shown.replaceWith(row);
  row.append(shown, button);
}
