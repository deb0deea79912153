// What every page has: menu, theme, dialogs, confirmations, form submission, notices. State is
// stored only in the browser.

const root = document.documentElement;
const texts = document.getElementById("texts");

// --- menu and theme ---------------------------------------------------------------------------
function toggleRail() {
  const narrow = root.classList.toggle("rail-narrow");
  localStorage.setItem("rail", narrow ? "narrow" : "wide");
}

function toggleTheme() {
  const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  // A user who chooses the system's theme follows the system again.
  if (next === system) localStorage.removeItem("theme");
  else localStorage.setItem("theme", next);
  root.dataset.bsTheme = next;
  root.dispatchEvent(new CustomEvent("theme"));
}

// --- dialogs ----------------------------------------------------------------------------------
function openDialog(id) {
  closeMenus();
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  document.getElementById(id)?.showModal();
}

function closeMenus(except) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

/** Ask before an action that cannot be undone; resolves to true when the user confirms. */
function confirmAction(question) {
  const dialog = document.getElementById("question");
  dialog.querySelector("#question-text").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("click", (event) => {
  const closest = (selector) => event.target.closest?.(selector);
  closeMenus(closest("details.menu"));
  if (closest("[data-toggle-rail]")) toggleRail();
  if (closest("[data-toggle-theme]")) toggleTheme();
  if (closest("[data-back]")) history.back();
  if (closest("[data-close]")) closest("dialog").close();
  if (closest("[data-close-notice]")) closest(".notice").remove();
  const opener = closest("[data-open]");
  if (opener) {
    event.preventDefault();
    openDialog(opener.dataset.open);
  }
  // A click outside a dialog closes it, except the confirmation, which needs an answer.
  if (event.target.matches?.("dialog[open]:not(#question)")) event.target.close();
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.confirm === undefined || form.dataset.confirmed !== undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const submitter = event.submitter;
  if (!(await confirmAction(form.dataset.confirm))) return;
  form.dataset.confirmed = "";
  form.requestSubmit(submitter);
  delete form.dataset.confirmed;
}, true);

document.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  if (await confirmAction(event.detail.question)) event.detail.issueRequest(true);
});

// --- submitting forms -------------------------------------------------------------------------
// A form is sent once, however often its button is pressed. The line at the top shows progress.
const SENDING_MS = 5000;

function setSending(form, isSending) {
  if (isSending) form.dataset.sending = "";
  else delete form.dataset.sending;
  document.getElementById("busy")?.classList.toggle("on", isSending);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sending !== undefined) {
    event.preventDefault();
    return;
  }
  setSending(form, true);
  // A download does not replace the page, so the form must become usable again.
  setTimeout(() => setSending(form, false), SENDING_MS);
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sending]").forEach((form) => setSending(form, false));
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// --- notices ----------------------------------------------------------------------------------
const NOTICE_MS = 6000;

function removeLater(notice) {
  // Errors and warnings stay until the user closes them.
  if (["bad", "warn"].includes(notice.dataset.tone)) return;
  let timer = setTimeout(() => notice.remove(), NOTICE_MS);
  notice.addEventListener("mouseenter", () => clearTimeout(timer));
  notice.addEventListener("mouseleave", () => {
    timer = setTimeout(() => notice.remove(), NOTICE_MS);
  });
}

document.addEventListener("notice", (event) => {
  const { text, tone = "info" } = event.detail;
  const template = texts.content.querySelector(`[data-notice="${tone}"]`);
  const notice = template.content.firstElementChild.cloneNode(true);
  notice.querySelector("p").textContent = text;
  document.getElementById("notices").append(notice);
  removeLater(notice);
});

document.querySelectorAll(".notice").forEach(removeLater);

// After a refused form, focus the first invalid field.
document.querySelector("main [aria-invalid=true]")?.focus();

// Show the Back button only when the history has a page to go back to.
if (history.length > 1) document.querySelectorAll("[data-back]").forEach((button) => { button.hidden = false; });
