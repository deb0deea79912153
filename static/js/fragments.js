// Parts of a page fetched by themselves: what is shown while they come, and when they don't.

const texts = document.getElementById("texts").dataset;
const busy = document.getElementById("busy");
const SIGNED_OUT = 401;
const MESSAGES = {
  403: texts.forbidden, 404: texts.gone, 409: texts.conflict, 429: texts.throttled,
};
let under_way = 0;

function notice(text, tone) {
  document.dispatchEvent(new CustomEvent("notice", { detail: { text, tone } }));
}

function count(step) {
  under_way = Math.max(0, under_way + step);
  busy?.classList.toggle("on", under_way > 0);
}

document.addEventListener("htmx:beforeRequest", () => count(1));
document.addEventListener("htmx:afterRequest", () => count(-1));

function said(xhr) {
  const plain = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  const words = (plain && xhr.responseText.trim()) || MESSAGES[xhr.status] || texts.failed;
  const reference = xhr.getResponseHeader("X-Reference");
  return reference ? `${words} ${texts.reference} ${reference}` : words;
}

/** Put the message and a way on where the part would have stood. */
function explain(target, words, label, go) {
  target.querySelectorAll("[aria-busy], .skeleton, .problem").forEach((old) => old.remove());
  const problem = document.createElement("div");
  problem.className = "problem";
  problem.role = "alert";
  const text = document.createElement("p");
  text.textContent = words;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = label;
  button.addEventListener("click", go);
  problem.append(text, button);
  const head = target.querySelector(":scope > .panel-head");
  if (head) head.after(problem);
  else target.prepend(problem);
}

function signIn() {
  const here = location.pathname + location.search;
  location.assign(`${texts.login}?next=${encodeURIComponent(here)}`);
}

function fail(event, words) {
  const { elt, target, requestConfig } = event.detail;
  const out = event.detail.xhr?.status === SIGNED_OUT;
  if (!out && requestConfig.verb !== "get") {
    notice(words, "bad");
    return;
  }
  const where = target?.isConnected && target !== document.body ? target : null;
  if (!where) notice(words, "bad");
  else if (out) explain(where, texts.signedOut, texts.signIn, signIn);
  else {
    explain(where, words, texts.retry, () => {
      const swap = elt.getAttribute("hx-swap") || undefined;
      window.htmx.ajax("GET", requestConfig.path, { source: elt, target: where, swap });
    });
  }
}

document.addEventListener("htmx:responseError", (event) => fail(event, said(event.detail.xhr)));
document.addEventListener("htmx:sendError", (event) => fail(event, texts.offline));
document.addEventListener("htmx:timeout", (event) => fail(event, texts.offline));

document.addEventListener("htmx:afterSettle", (event) => {
  event.detail.elt.querySelector("[aria-invalid=true]")?.focus();
});

// --- the side panel ---------------------------------------------------------------------------
const drawer = document.getElementById("drawer");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "drawer-body") return;
  const from = event.detail.requestConfig.elt;
  const title = from.closest("[data-drawer-title]")?.dataset.drawerTitle;
  if (title) drawer.querySelector("h2").textContent = title;
  if (!drawer.open) drawer.showModal();
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, successful } = event.detail;
  if (successful && xhr.status === 204 && elt.closest("#drawer")) drawer.close();
});
