// Every action has a key: data-key="x" is clicked when x is pressed; "?" lists them all.

function typing(target) {
  return target.isContentEditable || target.matches("input, select, textarea");
}

function shown(element) {
  return element.getClientRects().length > 0 || element.closest("dialog, details, .rail");
}

function words(element) {
  return element.dataset.keyLabel || element.title || element.ariaLabel || element.textContent.trim();
}

function press(key) {
  const found = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(shown);
  found?.click();
  return Boolean(found);
}

function walk(step) {
  const links = [...document.querySelectorAll("main .dense tbody td.name a, main .entries a")];
  if (!links.length) return false;
  const here = links.indexOf(document.activeElement);
  links[Math.min(Math.max(here + step, 0), links.length - 1)].focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  const search = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
  if (!search && (event.ctrlKey || event.metaKey || event.altKey || typing(event.target))) return;
  if (!search && document.querySelector("dialog[open]")) return;
  const steps = { j: 1, k: -1 };
  const done = search ? press("/") : steps[event.key] ? walk(steps[event.key]) : press(event.key);
  if (done) event.preventDefault();
});

// The list is written when it is opened, so that it knows what this page offers.
const list = document.querySelector("[data-keys]");
const fixed = list?.innerHTML;

new MutationObserver(() => {
  list.innerHTML = fixed;
  const known = new Set(["/", "?"]);
  document.querySelectorAll("[data-key]").forEach((element) => {
    if (known.has(element.dataset.key)) return;
    known.add(element.dataset.key);
    const name = document.createElement("dt");
    name.textContent = words(element);
    const key = document.createElement("dd");
    key.append(document.createElement("kbd"));
    key.firstChild.textContent = element.dataset.key;
    list.append(name, key);
  });
}).observe(document.getElementById("shortcuts"), { attributes: true, attributeFilter: ["open"] });
