// The search palette: customers by name or code, pages of the menu, actions of this page.

const dialog = document.getElementById("palette");
const list = document.getElementById("palette-list");
const input = dialog.querySelector("input");
const TYPING_DELAY_MS = 160;
const MAX_RECORDS = 8;
let timer;
let latestRequest = 0;
let shownTerms = ""; // the search terms whose results the list shows

function createItem(label, note, onClick) {
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
  option.addEventListener("click", onClick);
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
  // An option's id counts the options in the list, so each is appended before the next is created.
  items.forEach((create) => section.append(create()));
}

function closeAndClick(element) {
  dialog.close();
  element.click();
}

function pages(terms) {
  const elements = [...document.querySelectorAll("[data-page], .page-actions [data-key]")];
  return elements
    .map((element) => [element.dataset.page || element.textContent.trim(), element])
    .filter(([label]) => label.toLowerCase().includes(terms.toLowerCase()))
    .map(([label, element]) => () => createItem(label, element.dataset.key, () => closeAndClick(element)));
}

function select(option) {
  list.querySelectorAll("[aria-selected]").forEach((element) => element.removeAttribute("aria-selected"));
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function show(terms, customers = []) {
  shownTerms = terms;
  list.replaceChildren();
  const customersUrl = list.dataset.customers;
  const openUrl = (url) => () => location.assign(url);
  const records = customers.slice(0, MAX_RECORDS).map(({ value, text, code }) => () =>
    createItem(text, code, openUrl(`${customersUrl}${value}/`)));
  if (terms && customersUrl) {
    const listUrl = `${customersUrl}?q=${encodeURIComponent(terms)}`;
    records.push(() => createItem(`${list.dataset.search} “${terms}”`, "", openUrl(listUrl)));
  }
  group(list.dataset.records, records);
  group(list.dataset.pages, pages(terms));
  select(list.querySelector("[role=option]"));
}

async function search(terms) {
  const number = ++latestRequest;
  show(terms);
  if (!terms || !list.dataset.options) return;
  const response = await fetch(`${list.dataset.options}?q=${encodeURIComponent(terms)}`, {
    headers: { "HX-Request": "true" },
  }).catch(() => null);
  // A late or failed response does not change the list.
  if (number === latestRequest && response?.ok) show(terms, await response.json());
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => search(input.value.trim()), TYPING_DELAY_MS);
});

input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && shownTerms !== input.value.trim()) {
    // The user was faster than the search: Enter applies to what is typed, not to the old list.
    clearTimeout(timer);
    latestRequest += 1;
    show(input.value.trim());
  }
  const options = [...list.querySelectorAll("[role=option]")];
  const current = options.findIndex((option) => option.ariaSelected === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    select(options[(current + step + options.length) % options.length]);
  } else if (event.key === "Enter" && !event.isComposing && options[current]) {
    event.preventDefault();
    options[current].click();
  }
});

new MutationObserver(() => {
  if (!dialog.open) return;
  input.value = "";
  search("");
}).observe(dialog, { attributes: true, attributeFilter: ["open"] });
