/* What plain HTML cannot do. Everything else works without it. */
"use strict";

document.documentElement.classList.add("scripted");

// On a phone the places to go fold away behind a button.
const menu = document.querySelector("button.menu");
menu?.addEventListener("click", () => {
  const open = document.getElementById("places").classList.toggle("open");
  menu.setAttribute("aria-expanded", String(open));
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

// What was just done is said once, not again on reload; a problem gets the focus, so that it is read out.
const address = new URL(window.location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done");
  window.history.replaceState(null, "", address);
}
document.querySelector("[data-focus]")?.focus();

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
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
  shown.after(button);
}
