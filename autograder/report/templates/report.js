"use strict";
// Sorting, filtering and printing: the page is complete without it.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const rows = [...table.tBodies[0].rows].sort((a, b) =>
        key(a).localeCompare(key(b), undefined, { numeric: true }));
      table.tBodies[0].append(...(down ? rows.reverse() : rows));
    });
  });
}
for (const section of document.querySelectorAll("section.assignment")) {
  const form = section.querySelector("form.filter");
  if (!form) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = form.elements.state.value;
    const items = [...section.querySelectorAll("[data-student]")];
    const said = new Map(); // by student: the line, and of the verdicts what did not pass
    for (const item of items) {
      const parts = item.tagName === "TR" ? [item] : item.querySelectorAll("summary, caption, tbody tr:not(.passed)");
      const text = [...parts].map((part) => part.textContent.toLowerCase()).join(" ");
      said.set(item.dataset.student, `${said.get(item.dataset.student) ?? ""} ${text}`);
    }
    let shown = 0;
    for (const item of items) {
      const text = said.get(item.dataset.student);
      item.hidden = (state && item.dataset.state !== state) || !words.every((word) => text.includes(word));
      shown += !item.hidden && item.tagName === "TR";
    }
    section.classList.toggle("only-lost", form.elements.lost.checked);
    form.querySelector("output").textContent = `${shown} students`;
  });
}
const openTarget = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.tagName === "DETAILS") target.open = true;
};
addEventListener("hashchange", openTarget);
openTarget();
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details")) each.open = true;
});
