/* Tính thử: sliders beside the boxes, and a search over the criteria. Without this the boxes and the button do. */
"use strict";

(() => {
  const form = document.querySelector("form[data-what-if]");
  if (!form) return;

  /** A number as people type it: "94.511" and "0,84"; a score ("data-step" below 1) has no thousands. */
  const read = (text, score) => {
    const packed = text.replace(/\s/g, "");
    const plain = !score && /^[1-9]\d{0,2}(\.\d{3})+(,\d+)?$/.test(packed) ? packed.replaceAll(".", "") : packed;
    return Number(plain.replace(",", "."));
  };
  const write = (number, score) =>
    score
      ? String(Math.round(number * 100) / 100).replace(".", ",")
      : String(Math.round(number)).replace(/\B(?=(\d{3})+(?!\d))/g, ".");

  for (const slider of form.querySelectorAll("[data-slides]")) {
    const box = document.getElementById(slider.dataset.slides);
    const score = Number(box.dataset.step) < 1;
    const most = read(slider.dataset.most, score);
    slider.max = String(most);
    slider.step = box.dataset.step;
    const follow = () => {
      const value = read(box.value, score);
      if (Number.isFinite(value)) slider.value = String(value);
    };
    follow();
    slider.hidden = false;
    slider.addEventListener("input", () => {
      box.value = write(Number(slider.value), score);
    });
    box.addEventListener("input", follow);
  }

  // What is wrong with a box stands under it; mark the box too.
  document.addEventListener("htmx:after:swap", () => {
    for (const box of form.querySelectorAll("[data-box]")) {
      const fault = document.getElementById(`${box.id}-fault`);
      if (fault.textContent.trim()) box.setAttribute("aria-invalid", "true");
      else box.removeAttribute("aria-invalid");
    }
  });

  const fold = (text) =>
    text.toLowerCase().replaceAll("đ", "d").normalize("NFD").replace(/[\u0300-\u036f]/g, "").trim();
  const find = document.getElementById("find");
  find.parentElement.hidden = false;
  let opened = null;
  find.addEventListener("input", () => {
    const words = fold(find.value).split(/\s+/).filter(Boolean);
    const groups = [...form.querySelectorAll("details.group")];
    opened ??= groups.map((group) => group.open);
    groups.forEach((group, place) => {
      let shown = 0;
      for (const one of group.querySelectorAll("[data-words]")) {
        one.hidden = !words.every((word) => one.dataset.words.includes(word));
        if (!one.hidden) shown += 1;
      }
      group.hidden = shown === 0;
      group.open = words.length ? shown > 0 : opened[place];
    });
    if (!words.length) opened = null;
  });
})();
