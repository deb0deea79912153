// The palette: pages of the menu, actions of this page, customers by name or code.

const dialog = document.getElementById("palette");
const list = document.getElementById("palette-list");
const input = dialog.querySelector("input");
const WAIT_MS = 160;
const MAX_RECORDS = 8;
let timer;
let asked = 0;
let shown = ""; // the words the list answers

function item(label, note, go) {
  const option = document.createElement("div");
  option.className = "menu-item";
  option.role = "option";
  option.id = `palette-${list.querySelectorAll("[role=option]").length}`;
  option.append(label);
  if (note) {
    const small = document.createElement("small");
    small.className = "end faint";
    small.textContent = note;
    option.append(small);
  }
  option.addEventListener("click", go);
  return option;
}

function group(title, items) {
  if (!items.length) return;
  const section = document.createElement("div");
  section.role = "group";
  section.ariaLabel = title;
  const heading = document.createElement("h3");
  heading.textContent = title;
  heading.ariaHidden = "true";
  list.append(section);
  section.append(heading);
  // An option's number is taken when it is made, so each goes in before the next is made.
  items.forEach((make) => section.append(make()));
}

function leave(element) {
  dialog.close();
  element.click();
}

function pages(words) {
  const found = [...document.querySelectorAll("[data-page], .page-actions [data-key]")];
  return found
    .map((element) => [element.dataset.page || element.textContent.trim(), element])
    .filter(([label]) => label.toLowerCase().includes(words.toLowerCase()))
    .map(([label, element]) => () => item(label, element.dataset.key, () => leave(element)));
}

function choose(option) {
  list.querySelectorAll("[aria-selected]").forEach((old) => old.removeAttribute("aria-selected"));
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function show(words, customers = []) {
  shown = words;
  list.replaceChildren();
  const address = list.dataset.customers;
  const to = (url) => () => location.assign(url);
  const records = customers.slice(0, MAX_RECORDS).map(({ value, text, code }) => () =>
    item(text, code, to(`${address}${value}/`)));
  if (words && address) {
    const all = `${address}?q=${encodeURIComponent(words)}`;
    records.push(() => item(`${list.dataset.search} “${words}”`, "", to(all)));
  }
  group(list.dataset.records, records);
  group(list.dataset.pages, pages(words));
  choose(list.querySelector("[role=option]"));
}

async function search(words) {
  const number = ++asked;
  show(words);
  if (!words || !list.dataset.options) return;
  const response = await fetch(`${list.dataset.options}?q=${encodeURIComponent(words)}`, {
    headers: { "HX-Request": "true" },
  }).catch(() => null);
  // An answer that comes late, or not at all, leaves what is there.
  if (number === asked && response?.ok) show(words, await response.json());
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => search(input.value.trim()), WAIT_MS);
});

input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && shown !== input.value.trim()) {
    // Faster than the list: what Enter means is what has been typed.
    clearTimeout(timer);
    asked += 1;
    show(input.value.trim());
  }
  const options = [...list.querySelectorAll("[role=option]")];
  const here = options.findIndex((option) => option.ariaSelected === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    choose(options[(here + step + options.length) % options.length]);
  } else if (event.key === "Enter" && !event.isComposing && options[here]) {
    event.preventDefault();
    options[here].click();
  }
});

new MutationObserver(() => {
  if (!dialog.open) return;
  input.value = "";
  search("");
}).observe(dialog, { attributes: true, attributeFilter: ["open"] });
