/* Lets people see what they typed: a Vietnamese keyboard may have changed it. */
"use strict";

const secrets = document.querySelectorAll('input[type="password"]');
const last = secrets[secrets.length - 1];
if (last) {
  const field = document.createElement("div");
  field.className = "field tick";
  const label = document.createElement("label");
  const tick = document.createElement("input");
  tick.type = "checkbox";
  tick.addEventListener("change", () => {
    for (const secret of secrets) secret.type = tick.checked ? "text" : "password";
  });
  label.append(tick, " Hiện mật khẩu");
  field.append(label);
  last.closest(".field").after(field);
  // What was shown is sent as a password again, so that no browser offers it as a typed word later.
  last.form.addEventListener("submit", () => {
    for (const secret of secrets) secret.type = "password";
  });
}
