// What every page has: the main menu, the theme, dialogs, form submission and notices. Elements are
// connected by data attributes: a click on <button data-open="sheet"> opens <dialog id="sheet">.
// The width of the menu and the theme are stored in the browser's localStorage. Scripts do not import
// each other, because the served name of a file contains a hash; they use events ("notice", "theme").

const root = document.documentElement;

// --- main menu ("rail") and theme ---------------------------------------------------------------
function toggleRail() {
  const isNarrow = root.classList.toggle("rail-narrow");
  localStorage.setItem("rail", isNarrow ? "narrow" : "wide");
}

function toggleTheme() {
  const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  // A user who chooses the system's theme follows the system again.
  if (next === system) localStorage.removeItem("theme");
  else localStorage.setItem("theme", next);
  root.dataset.bsTheme = next;
  root.dispatchEvent(new CustomEvent("theme")); // charts.js draws the charts in the new colours
}

// --- dialogs and menus --------------------------------------------------------------------------
function openDialog(id) {
  closeMenus();
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  document.getElementById(id)?.showModal();
}

/** Close all open menus except one, if it is given. */
function closeMenus(except) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
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
  // The target is the dialog itself, not its content, when the click is outside of its box.
  if (event.target.matches?.("dialog[open]")) event.target.close();
});

// Escape closes an open menu. The browser itself closes an open dialog.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// --- submitting forms -------------------------------------------------------------------------
// A form is sent once, however often its button is pressed. A line at the top of the page (#busy)
// shows that it is being sent.
const SENDING_MS = 5000; // after this time the form can be sent again

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
  // A response that is a download does not replace the page, and the form must become usable again.
  setTimeout(() => setSending(form, false), SENDING_MS);
});

// The Back button may show the page as it was when its form was sent.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sending]").forEach((form) => setSending(form, false));
});

// A change of a field with data-submits sends its form, such as a filter of a list.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// Ctrl+Enter (or Cmd+Enter) sends the form that one writes in.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.form;
  if (form?.method !== "post") return;
  event.preventDefault();
  form.requestSubmit();
});

// --- notices ----------------------------------------------------------------------------------
const NOTICE_MS = 6000;

/** Remove a notice after NOTICE_MS, but not while the pointer is on it. */
function removeLater(notice) {
  // Errors and warnings stay until the user closes them.
  if (["bad", "warn"].includes(notice.dataset.tone)) return;
  let timer = setTimeout(() => notice.remove(), NOTICE_MS);
  notice.addEventListener("mouseenter", () => clearTimeout(timer));
  notice.addEventListener("mouseleave", () => {
    timer = setTimeout(() => notice.remove(), NOTICE_MS);
  });
}

// Other scripts show a notice by the event "notice" with {text, tone}. The tone (good, warn, bad or
// info) selects one of the templates in components/script_texts.html.
document.addEventListener("notice", (event) => {
  const { text, tone = "info" } = event.detail;
  const noticeTemplates = document.getElementById("texts").content;
  const template = noticeTemplates.querySelector(`[data-notice="${tone}"]`);
  const notice = template.content.firstElementChild.cloneNode(true);
  notice.querySelector("p").textContent = text;
  document.getElementById("notices").append(notice);
  removeLater(notice);
});

document.querySelectorAll(".notice").forEach(removeLater);

// After a refused form, focus the first invalid field.
document.querySelector("main [aria-invalid=true]")?.focus();

// Show the Back button only when the history has a page to go back to.
if (history.length > 1) {
  document.querySelectorAll("[data-back]").forEach((button) => { button.hidden = false; });
}
