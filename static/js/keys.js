// Keyboard shortcuts. Pressing n clicks the element with data-key="n"; j and k move through the rows
// of a list; Ctrl+K (or Cmd+K) is the same as "/", the search. "?" opens the list of shortcuts.

function isEditable(target) {
  return target.isContentEditable || target.matches("input, select, textarea");
}

/** Whether the element is visible, or in a dialog or menu, which may be closed at the moment. */
function isReachable(element) {
  return element.getClientRects().length > 0 || element.closest("dialog, details, .rail");
}

function labelOf(element) {
  return element.title || element.ariaLabel || element.textContent.trim();
}

/** Click the element of a shortcut; return whether there is one. */
function clickShortcut(key) {
  const element = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(isReachable);
  element?.click();
  return Boolean(element);
}

/** Focus the next (1) or previous (-1) row of the page's list; return whether there is a list. */
function moveFocus(step) {
  const links = [...document.querySelectorAll("main .dense tbody td.name a, main .entries a")];
  if (!links.length) return false;
  const current = links.indexOf(document.activeElement);
  links[Math.min(Math.max(current + step, 0), links.length - 1)].focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  const isSearch = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
  if (!isSearch && (event.ctrlKey || event.metaKey || event.altKey || isEditable(event.target))) return;
  if (!isSearch && document.querySelector("dialog[open]")) return;
  const step = { j: 1, k: -1 }[event.key];
  const shortcut = isSearch ? "/" : event.key;
  const isHandled = step && !isSearch ? moveFocus(step) : clickShortcut(shortcut);
  if (isHandled) event.preventDefault();
});

// The list of shortcuts is filled each time it opens, with those that the page has at that moment. It
// follows the entries in the template, which every page has.
const list = document.querySelector("[data-keys]");
const fixedEntries = list.innerHTML;

new MutationObserver(() => {
  list.innerHTML = fixedEntries;
  const listed = new Set(["/", "?"]);
  document.querySelectorAll("[data-key]").forEach((element) => {
    if (listed.has(element.dataset.key)) return;
    listed.add(element.dataset.key);
    const name = document.createElement("dt");
    name.textContent = labelOf(element);
    const key = document.createElement("dd");
    key.append(document.createElement("kbd"));
    key.firstChild.textContent = element.dataset.key;
    list.append(name, key);
  });
}).observe(document.getElementById("shortcuts"), { attributes: true, attributeFilter: ["open"] });
