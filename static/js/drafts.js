// Drafts: what a user types into a form with data-draft is stored in localStorage until the server has
// accepted the form, so that it survives a lost session, a reload and a closed tab. A page with the
// form offers to restore it. data-draft names the form ("customer-17"); drafts are stored by user.

const texts = document.getElementById("texts").dataset;
const userId = document.body.dataset.user;
const PREFIX = "draft:";
// sessionStorage has under this key the storage key of the draft whose form was sent last.
const SENT_DRAFT_KEY = "draft-sent";
const TYPING_DELAY_MS = 250;
const EXCLUDED_FIELDS = "[type=password], [type=file], [type=hidden], [name=csrfmiddlewaretoken]";

function storageKey(form) {
  return `${PREFIX}${userId}:${form.dataset.draft}`;
}

function fields(form) {
  return [...form.elements].filter((field) => field.name && !field.matches(`${EXCLUDED_FIELDS}, button`));
}

/** Return [[name, value], …]: true or false for check boxes and radio buttons, a list for a multiple
 * select, otherwise text. */
function readValues(form) {
  return fields(form).map((field) => {
    if (field.matches("[type=checkbox], [type=radio]")) return [field.name, field.checked];
    if (field.multiple) return [field.name, [...field.selectedOptions].map((option) => option.value)];
    return [field.name, field.value];
  });
}

/** Put the values of readValues into the form; nothing if the form has other fields by now. */
function writeValues(form, values) {
  const formFields = fields(form);
  if (formFields.length !== values.length) return;
  formFields.forEach((field, index) => {
    const [name, value] = values[index];
    if (name !== field.name) return;
    if (typeof value === "boolean") field.checked = value;
    else if (field.tomselect) field.tomselect.setValue(value);
    else if (Array.isArray(value)) {
      [...field.options].forEach((option) => { option.selected = value.includes(option.value); });
    } else field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

/** Show a box that restores or discards the draft, if it differs from the form's values. */
function offerDraft(form) {
  const draft = localStorage.getItem(storageKey(form));
  if (draft === null || draft === JSON.stringify(readValues(form))) return;
  const box = document.createElement("div");
  box.className = "draft-offer";
  box.role = "status";
  const text = document.createElement("p");
  text.textContent = texts.draft;
  const createButton = (label, onClick) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = label;
    button.addEventListener("click", () => {
      onClick();
      box.remove();
    });
    return button;
  };
  box.append(
    text,
    createButton(texts.restore, () => writeValues(form, JSON.parse(draft))),
    createButton(texts.discard, () => localStorage.removeItem(storageKey(form))),
  );
  form.prepend(box);
}

/** Delete the draft of the form sent last, unless this page shows that the form was not accepted. */
function removeAcceptedDraft() {
  const sent = sessionStorage.getItem(SENT_DRAFT_KEY);
  sessionStorage.removeItem(SENT_DRAFT_KEY);
  // On the login page or an error page ("sign-in", "error") the form was not accepted.
  if (sent === null || document.documentElement.dataset.pageKind !== "content") return;
  const wasRefused = [...document.querySelectorAll("form[data-draft]")].some(
    (form) => storageKey(form) === sent && form.querySelector("[aria-invalid=true], [role=alert]"),
  );
  if (!wasRefused) localStorage.removeItem(sent);
}

function draftForms(within) {
  const inside = [...within.querySelectorAll("form[data-draft]")];
  return within.matches?.("form[data-draft]") ? [within, ...inside] : inside;
}

let timer;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-draft]");
  if (!form) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (form.isConnected) localStorage.setItem(storageKey(form), JSON.stringify(readValues(form)));
  }, TYPING_DELAY_MS);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.signsOut !== undefined) {
    // Another user may use this browser next, so the drafts of all users are deleted.
    Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .forEach((key) => localStorage.removeItem(key));
  } else if (form.dataset.draft !== undefined) {
    clearTimeout(timer);
    localStorage.setItem(storageKey(form), JSON.stringify(readValues(form)));
    sessionStorage.setItem(SENT_DRAFT_KEY, storageKey(form));
  }
});

// A form that htmx sends does not load another page, so its draft is handled here.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest("form[data-draft]");
  if (!form) return;
  sessionStorage.removeItem(SENT_DRAFT_KEY);
  if (event.detail.successful) localStorage.removeItem(storageKey(form));
});

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) draftForms(event.detail.elt).forEach(offerDraft);
});

removeAcceptedDraft();
if (userId) draftForms(document).forEach(offerDraft);
