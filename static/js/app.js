// The frame's own behaviour: menu, theme, dialogs, notices, questions. No state but the browser's.

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
  // Choosing what the system says means following it again.
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

/** Ask before something that cannot be undone; resolves to true when told to go ahead. */
function ask(question) {
  const dialog = document.getElementById("question");
  dialog.querySelector("#question-text").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest?.(selector);
  closeMenus(at("details.menu"));
  if (at("[data-toggle-rail]")) toggleRail();
  if (at("[data-toggle-theme]")) toggleTheme();
  if (at("[data-back]")) history.back();
  if (at("[data-close]")) at("dialog").close();
  if (at("[data-close-notice]")) at(".notice").remove();
  const opener = at("[data-open]");
  if (opener) {
    event.preventDefault();
    openDialog(opener.dataset.open);
  }
  // A click beside a dialog closes it; the question wants an answer.
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
  if (!(await ask(form.dataset.confirm))) return;
  form.dataset.confirmed = "";
  form.requestSubmit(submitter);
  delete form.dataset.confirmed;
}, true);

document.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  if (await ask(event.detail.question)) event.detail.issueRequest(true);
});

// Sent once, however often the button is pressed; the line at the top says that it was heard.
const SENDING_MS = 5000;

function sending(form, on) {
  if (on) form.dataset.sending = "";
  else delete form.dataset.sending;
  document.getElementById("busy")?.classList.toggle("on", on);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sending !== undefined) {
    event.preventDefault();
    return;
  }
  sending(form, true);
  // A download leaves the page where it is.
  setTimeout(() => sending(form, false), SENDING_MS);
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sending]").forEach((form) => sending(form, false));
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// --- notices ----------------------------------------------------------------------------------
const READING_MS = 6000;

function fade(notice) {
  // What went wrong stays until it is closed.
  if (["bad", "warn"].includes(notice.dataset.tone)) return;
  let timer = setTimeout(() => notice.remove(), READING_MS);
  notice.addEventListener("mouseenter", () => clearTimeout(timer));
  notice.addEventListener("mouseleave", () => {
    timer = setTimeout(() => notice.remove(), READING_MS);
  });
}

document.addEventListener("notice", (event) => {
  const { text, tone = "info" } = event.detail;
  const pattern = texts.content.querySelector(`[data-notice="${tone}"]`);
  const notice = pattern.content.firstElementChild.cloneNode(true);
  notice.querySelector("p").textContent = text;
  document.getElementById("notices").append(notice);
  fade(notice);
});

document.querySelectorAll(".notice").forEach(fade);

// After a refused form the cursor stands where something is to be put right.
document.querySelector("main [aria-invalid=true]")?.focus();

// A way back is offered only where there is one.
if (history.length > 1) document.querySelectorAll("[data-back]").forEach((b) => { b.hidden = false; });
