// What was typed into a form with data-draft survives a lost session, a reload and a closed tab.
// It is kept in this browser, for this person, until the form has been accepted.

const texts = document.getElementById("texts").dataset;
const person = document.body.dataset.user;
const PREFIX = "draft:";
const SENT = "draft-sent";
const SECRET = "[type=password], [type=file], [type=hidden], [name=csrfmiddlewaretoken]";

function keyOf(form) {
  return `${PREFIX}${person}:${form.dataset.draft}`;
}

function fields(form) {
  return [...form.elements].filter((field) => field.name && !field.matches(`${SECRET}, button`));
}

function read(form) {
  return fields(form).map((field) => {
    if (field.matches("[type=checkbox], [type=radio]")) return [field.name, field.checked];
    if (field.multiple) return [field.name, [...field.selectedOptions].map((o) => o.value)];
    return [field.name, field.value];
  });
}

function write(form, values) {
  const all = fields(form);
  if (all.length !== values.length) return;
  all.forEach((field, place) => {
    const [name, value] = values[place];
    if (name !== field.name) return;
    if (typeof value === "boolean") field.checked = value;
    else if (field.tomselect) field.tomselect.setValue(value);
    else if (Array.isArray(value)) {
      [...field.options].forEach((o) => { o.selected = value.includes(o.value); });
    } else field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function offer(form) {
  const kept = localStorage.getItem(keyOf(form));
  if (kept === null || kept === JSON.stringify(read(form))) return;
  const box = document.createElement("div");
  box.className = "draft-offer";
  box.role = "status";
  const text = document.createElement("p");
  text.textContent = texts.draft;
  const button = (label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-sm";
    made.textContent = label;
    made.addEventListener("click", () => {
      act();
      box.remove();
    });
    return made;
  };
  box.append(
    text,
    button(texts.restore, () => write(form, JSON.parse(kept))),
    button(texts.discard, () => localStorage.removeItem(keyOf(form))),
  );
  form.prepend(box);
}

function settle() {
  const sent = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  // At the page to sign in, or one that says what went wrong, nothing was accepted.
  if (sent === null || document.documentElement.dataset.pageKind !== "content") return;
  const refused = [...document.querySelectorAll("form[data-draft]")].some(
    (form) => keyOf(form) === sent && form.querySelector("[aria-invalid=true], [role=alert]"),
  );
  if (!refused) localStorage.removeItem(sent);
}

function forms(within) {
  return within.querySelectorAll("form[data-draft]");
}

let timer;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-draft]");
  if (!form) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (form.isConnected) localStorage.setItem(keyOf(form), JSON.stringify(read(form)));
  }, 250);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.signsOut !== undefined) {
    // Somebody else may sign in here next.
    Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .forEach((key) => localStorage.removeItem(key));
  } else if (form.dataset.draft !== undefined) {
    clearTimeout(timer);
    localStorage.setItem(keyOf(form), JSON.stringify(read(form)));
    sessionStorage.setItem(SENT, keyOf(form));
  }
});

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest("form[data-draft]");
  if (!form) return;
  sessionStorage.removeItem(SENT);
  if (event.detail.successful) localStorage.removeItem(keyOf(form));
});

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) forms(event.detail.elt).forEach(offer);
});

settle();
if (person) forms(document).forEach(offer);
