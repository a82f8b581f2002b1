/* The report of a task: what is typed is kept on the server while one types, and in this browser where the server does
   not answer or the session has ended. Nothing here is needed to save or hand in. */
"use strict";

(() => {
  const TYPING_PAUSE = 1500;
  const form = document.querySelector("form[data-report]");

  // In a list: tick or untick all that can be.
  document.querySelector("[data-tick-all]")?.addEventListener("change", (event) => {
    for (const box of document.querySelectorAll("input[data-tick]")) box.checked = event.target.checked;
  });

  const own = document.querySelector("[data-own]");
  if (!own) return;

  const { account, code } = own.dataset;
  const key = `khacphuc:report:${account}:${code}`; // an account finds its own text only
  const address = `/tasks/${encodeURIComponent(code)}/draft`;
  const token = document.querySelector('meta[name="csrf"]').content;
  const page = nameOfPage();

  for (const one of document.querySelectorAll('input[name="page"]')) one.value = page;

  /** Names this tab, also after a reload: a draft that it saved itself is not another device's. */
  function nameOfPage() {
    const fresh = () => Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join("");
    try {
      const name = window.sessionStorage.getItem("khacphuc:page") ?? fresh();
      window.sessionStorage.setItem("khacphuc:page", name);
      return name;
    } catch {
      return fresh();
    }
  }

  const kept = () => {
    try {
      return JSON.parse(window.localStorage.getItem(key));
    } catch {
      return null;
    }
  };
  const forget = () => {
    try {
      window.localStorage.removeItem(key);
    } catch {
      /* storage is switched off: nothing was kept */
    }
  };
  if ("saved" in own.dataset) forget();

  /** Hand to the server as a draft what an earlier visit kept here, and see the page with it. */
  async function handOver(copy, was) {
    const body = new URLSearchParams({ ...was, ...copy.values, version: copy.version, draft: copy.draft ?? "", page, csrf: token });
    const answer = await fetch(address, { method: "POST", body, headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(String(answer.status));
    forget();
    window.location.assign(`/tasks/${encodeURIComponent(code)}`);
  }

  // The report cannot be written now, yet something unsent is here: the page then shows it for copying.
  if (!form) {
    const copy = kept();
    if (copy) handOver(copy, {}).catch(() => {});
    return;
  }

  const state = form.querySelector("[data-draft-state]");
  const fields = () => [...form.elements].filter((one) => one.name && one.type !== "hidden" && one.type !== "submit");
  const values = () => Object.fromEntries(fields().map((one) => [one.name, one.value]));
  let timer = 0;
  let sending = null;
  let dirty = false;
  let leaving = false;
  let elsewhere = false; // another device has saved a draft since, and nobody has looked at both
  let undecided = false; // something older is kept here, and nobody has said what becomes of it

  const say = (text, trouble = false) => {
    state.textContent = text;
    state.classList.toggle("fault", trouble);
  };

  // This browser's own copy

  const keep = () => {
    if (undecided) return;
    try {
      const copy = { version: form.elements.version.value, draft: form.elements.draft.value, at: Date.now(), values: values() };
      window.localStorage.setItem(key, JSON.stringify(copy));
    } catch {
      /* storage is full or switched off: the server's draft is what there is */
    }
  };
  const drop = () => {
    if (!undecided) forget();
  };

  // The server's draft

  async function save() {
    window.clearTimeout(timer);
    sending?.abort();
    const mine = (sending = new AbortController());
    const body = new URLSearchParams(new FormData(form));
    const sent = JSON.stringify(values());
    try {
      const answer = await fetch(address, { method: "POST", body, signal: mine.signal, headers: { "HX-Request": "true" } });
      if (answer.ok) {
        say(await answer.text());
        if (sent === JSON.stringify(values())) {
          dirty = false;
          drop();
        }
      } else if (answer.status === 409) {
        elsewhere = true;
        keep();
        say("");
        form.querySelector("[data-elsewhere]").hidden = false;
      } else if (answer.status === 401) {
        trouble("Phiên đăng nhập đã hết. Nội dung được giữ trên máy này; hãy đăng nhập lại rồi mở lại trang này.");
      } else {
        trouble("Chưa lưu được bản nháp lên hệ thống. Nội dung được giữ trên máy này.");
      }
    } catch (error) {
      if (error.name !== "AbortError") trouble("Máy chủ chưa trả lời. Nội dung được giữ trên máy này.");
    }
  }
  function trouble(text) {
    say(text, true);
    keep();
  }

  function touched() {
    dirty = true;
    keep();
    window.clearTimeout(timer);
    if (!elsewhere) timer = window.setTimeout(save, TYPING_PAUSE);
  }

  form.addEventListener("input", touched);
  form.addEventListener("submit", () => {
    // Whatever is still under way would only repeat what is saved now. The copy here stays until the answer is there.
    leaving = true;
    window.clearTimeout(timer);
    sending?.abort();
    keep();
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches('form[action="/signout"]') && !event.defaultPrevented) leaving = true; // desk.js has asked
  });
  window.addEventListener("pagehide", () => {
    if (!dirty || leaving) return;
    keep();
    if (!elsewhere) navigator.sendBeacon(address, new URLSearchParams(new FormData(form)));
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && dirty && !leaving && !elsewhere) save(); // a phone may never come back
  });

  // What an earlier visit left here

  function fill(copy) {
    for (const one of fields()) {
      if (one.name in copy.values) one.value = copy.values[one.name];
    }
    form.querySelector("details.more")?.toggleAttribute("open", Boolean(copy.values.note || copy.values.on_behalf_of));
    form.querySelector("fieldset.measured input")?.dispatchEvent(new Event("input", { bubbles: true }));
    touched();
  }

  /** The server can lay it beside what others have written since: as a draft, with the marks of what it began with. */
  async function restore(copy) {
    undecided = false;
    const marks = [...form.elements].filter((one) => one.name.startsWith("was."));
    const beganHere = copy.version === form.elements.version.value;
    try {
      leaving = true;
      await handOver(copy, beganHere ? Object.fromEntries(marks.map((one) => [one.name, one.value])) : {});
    } catch {
      leaving = false;
      fill(copy);
    }
  }

  function ask(copy) {
    undecided = true;
    const notice = form.querySelector("[data-restore]");
    const at = new Date(copy.at);
    notice.querySelector("[data-restore-at]").textContent = `, nhập lúc ${at.toLocaleTimeString("vi-VN", {
      hour: "2-digit",
      minute: "2-digit",
    })} ngày ${at.toLocaleDateString("vi-VN", { day: "2-digit", month: "2-digit", year: "numeric" })}`;
    notice.hidden = false;
    notice.querySelector("[data-restore-use]").addEventListener("click", () => {
      notice.hidden = true;
      restore(copy);
    });
    notice.querySelector("[data-restore-drop]").addEventListener("click", () => {
      notice.hidden = true;
      undecided = false;
      drop();
    });
  }

  const same = (left, right) => (left ?? "").trim() === (right ?? "").trim();
  const earlier = kept();
  if (form.dataset.holds === "attempt") {
    touched(); // what was kept here is what was just sent, and it stands in the form again
  } else if (form.dataset.holds === "both") {
    // What is kept here stands in the form, beside the other device's: the next key decides.
  } else if (earlier !== null && typeof earlier.values === "object") {
    const now = values();
    const differs = Object.keys(earlier.values).some((name) => name in now && !same(now[name], earlier.values[name]));
    if (!differs) {
      drop();
    } else if (form.dataset.holds === "report" && earlier.version === form.elements.version.value) {
      fill(earlier);
      say("Đã khôi phục nội dung chưa gửi được, giữ trên máy này.");
    } else {
      ask(earlier);
    }
  }

  // Two versions side by side

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-take]");
    if (!button) return;
    const name = button.dataset.field;
    const mine = document.getElementById(`report-${name}`);
    const theirs = document.getElementById(`theirs-${name}`);
    if (button.dataset.take === "theirs") {
      if (mine.value !== theirs.value) mine.dataset.mine = mine.value;
      mine.value = theirs.value;
    } else if ("mine" in mine.dataset) {
      mine.value = mine.dataset.mine;
    }
    mine.dispatchEvent(new Event("input", { bubbles: true }));
    mine.focus();
  });
})();
