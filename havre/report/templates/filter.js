
"use strict";
const parsed = () => {
  const [anchor, query = ""] = location.hash.slice(1).split("?");
  try {
    return [decodeURIComponent(anchor), new URLSearchParams(query)];
  } catch {
    return [anchor, new URLSearchParams(query)];
  }
};
const write = (anchor, name, values) => {
  const [before, query] = parsed();
  for (const key of [...query.keys()]) {
    if (key.startsWith(`${name}.`) && key.slice(name.length + 1) in values) { query.delete(key); }
  }
  for (const [key, value] of Object.entries(values)) {
    if (value) { query.set(`${name}.${key}`, value); }
  }
  const told = query.toString();
  const state = told ? `#${anchor || before}?${told}` : `#${anchor || before}`;
  history.replaceState(null, "", state === "#" ? location.pathname : state);
};

const chosen = (form) => {
  const boxes = [...form.querySelectorAll("[name=outcome]")];
  const outcomes = boxes.filter((box) => box.checked).map((box) => box.value);
  const values = { outcome: outcomes.length < boxes.length ? outcomes.join(" ") || "none" : "" };
  for (const field of form.querySelectorAll("select, [type=search]")) {
    values[field.name] = field.value;
  }
  const differs = form.elements.differs;
  return differs ? { ...values, differs: differs.checked ? "yes" : "" } : values;
};
const fits = (item, values) => Object.entries(values).every(([key, value]) => {
  if (!value) { return true; }
  if (key === "search") { return item.textContent.toLowerCase().includes(value.toLowerCase()); }
  const told = item.dataset[key] || "";
  if (key !== "outcome") { return told === value; }
  return value.split(" ").some((word) => told.split(" ").includes(word));
});
const apply = (form) => {
  const values = chosen(form);
  const items = [...document.querySelectorAll(form.dataset.filter)];
  for (const item of items) { item.hidden = !fits(item, values); }
  const shown = items.filter((item) => !item.hidden).length;
  form.querySelector("output").textContent = `${shown} of ${items.length} shown`;
  return values;
};
const restore = (form, query) => {
  form.reset();
  const outcomes = query.get(`${form.dataset.name}.outcome`);
  for (const field of form.elements) {
    const value = query.get(`${form.dataset.name}.${field.name}`);
    if (field.name === "outcome") {
      field.checked = !outcomes || outcomes.split(" ").includes(field.value);
    } else if (field.name === "differs") {
      field.checked = value === "yes";
    } else if (value !== null && field.name) {
      field.value = value;
      if (field.matches("select") && field.selectedIndex < 0) { field.value = ""; }
    }
  }
  apply(form);
};
const forms = [...document.querySelectorAll("form[data-filter]")];
for (const form of forms) {
  const changed = () => write(form.dataset.name, form.dataset.name, apply(form));
  form.hidden = false;
  form.addEventListener("input", changed);
  form.querySelector("button").addEventListener("click", () => { form.reset(); changed(); });
  form.addEventListener("submit", (event) => event.preventDefault());
}

const collator = new Intl.Collator("en", { numeric: true });
const key = (row, column) => {
  const cell = row.cells[column];
  return (cell && (cell.dataset.sort || cell.textContent.trim())) || "";
};
const sort = (table, told) => {
  const column = Math.abs(told) - 1;
  const heads = table.tHead.rows[0].cells;
  const rows = [...table.tBodies[0].rows];
  if (!Number.isInteger(column) || column >= heads.length) { return; }
  if (column < 0) {
    rows.sort((a, b) => a.dataset.place - b.dataset.place);
  } else {
    rows.sort((a, b) => Math.sign(told) * collator.compare(key(a, column), key(b, column)));
  }
  table.tBodies[0].append(...rows);
  [...heads].forEach((head, place) => {
    if (place !== column) { head.removeAttribute("aria-sort"); return; }
    head.setAttribute("aria-sort", told > 0 ? "ascending" : "descending");
  });
};
const sortable = [...document.querySelectorAll("table.sortable")];
for (const table of sortable) {
  [...table.tBodies[0].rows].forEach((row, place) => { row.dataset.place = place; });
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => {
      const told = head.getAttribute("aria-sort") === "ascending" ? -place - 1 : place + 1;
      sort(table, told);
      write(table.id, table.id, { sort: String(told) });
    });
    head.append(button);
  });
}

// What is long is folded until it is asked for; without scripts, and on paper, all of it is open.
const narrow = matchMedia("(max-width: 43rem)").matches ? ", details.narrow" : "";
for (const each of document.querySelectorAll(`details.chapter${narrow}`)) { each.open = false; }

const reveal = () => {
  const [anchor, query] = parsed();
  for (const form of forms) { restore(form, query); }
  for (const table of sortable) { sort(table, Number(query.get(`${table.id}.sort`) || 0)); }
  for (const row of document.querySelectorAll(".aim")) { row.classList.remove("aim"); }
  const target = anchor && document.getElementById(anchor);
  if (!target) { return; }
  target.hidden = false;
  for (let each = target; each; each = each.parentElement) {
    if (each.matches("details")) { each.open = true; }
  }
  for (let each = target.nextElementSibling; each && target.matches("h2, h3") && !each.matches("h2");
    each = each.nextElementSibling) {
    if (each.matches("details.chapter:not(.exit), details.narrow")) { each.open = true; }
  }
  if (target.matches("tr")) { target.classList.add("aim"); }
  target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();

const root = document.documentElement;
const theme = document.getElementById("theme");
const system = matchMedia("(prefers-color-scheme: dark)");
const dark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
const label = () => { theme.textContent = dark() ? theme.dataset.light : theme.dataset.dark; };
try {
  const kept = localStorage.getItem("havre-theme");
  if (kept === "dark" || kept === "light") { root.dataset.theme = kept; }
} catch { /* a browser that keeps nothing */ }
theme.addEventListener("click", () => {
  root.dataset.theme = dark() ? "light" : "dark";
  label();
  try {
    localStorage.setItem("havre-theme", root.dataset.theme);
  } catch { /* a browser that keeps nothing */ }
});
system.addEventListener("change", label);
theme.hidden = false;
label();

const folded = new Set();
const unfold = () => {
  for (const item of document.querySelectorAll("details:not([open])")) {
    folded.add(item);
    item.open = true;
  }
};
const fold = () => {
  for (const item of folded) { item.open = false; }
  folded.clear();
};
addEventListener("beforeprint", unfold);
addEventListener("afterprint", fold);
matchMedia("print").addEventListener("change", (event) => (event.matches ? unfold() : fold()));
