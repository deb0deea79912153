// The search palette, a dialog that opens with "/": it finds customers by name or code, pages of the
// main menu (data-page), and actions of this page (elements with data-key in its header).

const dialog = document.getElementById("palette");
const list = document.getElementById("palette-list");
const input = dialog.querySelector("input");
const TYPING_DELAY_MS = 160;
const MAX_CUSTOMERS = 8;
let timer;
let latestRequest = 0; // responses to earlier requests are ignored
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

/** Append a titled group of items. Each of `creators` is a function that creates one item. */
function appendGroup(title, creators) {
  if (!creators.length) return;
  const section = document.createElement("div");
  section.role = "group";
  section.ariaLabel = title;
  const heading = document.createElement("h3");
  heading.textContent = title;
  heading.ariaHidden = "true";
  list.append(section);
  section.append(heading);
  // An item's id counts the items in the list, so each is appended before the next is created.
  creators.forEach((create) => section.append(create()));
}

function closeAndClick(element) {
  dialog.close();
  element.click();
}

/** Return creators of items for the pages and actions whose label contains the terms. */
function pageCreators(terms) {
  const elements = [...document.querySelectorAll("[data-page], .page-actions [data-key]")];
  return elements
    .map((element) => [element.dataset.page || element.textContent.trim(), element])
    .filter(([label]) => label.toLowerCase().includes(terms.toLowerCase()))
    .map(([label, element]) => () => createItem(label, element.dataset.key, () => closeAndClick(element)));
}

/** Mark an item as the one that Enter opens; none if `option` is null. */
function select(option) {
  list.querySelectorAll("[aria-selected]").forEach((element) => element.removeAttribute("aria-selected"));
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

/** Fill the list: customers [{value, text, code}, …], a link to the customer list, then pages. */
function show(terms, customers = []) {
  shownTerms = terms;
  list.replaceChildren();
  const customersUrl = list.dataset.customers;
  const openUrl = (url) => () => location.assign(url);
  const customerCreators = customers.slice(0, MAX_CUSTOMERS).map(({ value, text, code }) => () =>
    createItem(text, code, openUrl(`${customersUrl}${value}/`)));
  if (terms && customersUrl) {
    const listUrl = `${customersUrl}?q=${encodeURIComponent(terms)}`;
    customerCreators.push(() => createItem(`${list.dataset.search} “${terms}”`, "", openUrl(listUrl)));
  }
  appendGroup(list.dataset.records, customerCreators);
  appendGroup(list.dataset.pages, pageCreators(terms));
  select(list.querySelector("[role=option]"));
}

async function search(terms) {
  const number = ++latestRequest;
  show(terms);
  if (!terms || !list.dataset.options) return; // without data-options the user may not see customers
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

// Each time the palette opens it is empty, with the pages listed.
new MutationObserver(() => {
  if (!dialog.open) return;
  input.value = "";
  search("");
}).observe(dialog, { attributes: true, attributeFilter: ["open"] });
