// Fragments that htmx fetches: the progress line, and a message with a button when one fails.

const texts = document.getElementById("texts").dataset;
const busy = document.getElementById("busy");
const SIGNED_OUT = 401;
const MESSAGES = {
  403: texts.forbidden, 404: texts.gone, 409: texts.conflict, 429: texts.throttled,
};
let pendingRequests = 0;

function notice(text, tone) {
  document.dispatchEvent(new CustomEvent("notice", { detail: { text, tone } }));
}

function changePending(step) {
  pendingRequests = Math.max(0, pendingRequests + step);
  busy?.classList.toggle("on", pendingRequests > 0);
}

document.addEventListener("htmx:beforeRequest", () => changePending(1));
document.addEventListener("htmx:afterRequest", () => changePending(-1));

function errorMessage(xhr) {
  const isPlainText = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  const message = (isPlainText && xhr.responseText.trim()) || MESSAGES[xhr.status] || texts.failed;
  const reference = xhr.getResponseHeader("X-Reference");
  return reference ? `${message} ${texts.reference} ${reference}` : message;
}

/** Show a message with a button in place of the fragment. */
function showProblem(target, message, buttonLabel, onClick) {
  target.querySelectorAll("[aria-busy], .skeleton, .problem").forEach((element) => element.remove());
  const problem = document.createElement("div");
  problem.className = "problem";
  problem.role = "alert";
  const text = document.createElement("p");
  text.textContent = message;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = buttonLabel;
  button.addEventListener("click", onClick);
  problem.append(text, button);
  const head = target.querySelector(":scope > .panel-head");
  if (head) head.after(problem);
  else target.prepend(problem);
}

function goToSignIn() {
  const currentPath = location.pathname + location.search;
  location.assign(`${texts.login}?next=${encodeURIComponent(currentPath)}`);
}

function handleFailure(event, message) {
  const { elt, target, requestConfig } = event.detail;
  const isSignedOut = event.detail.xhr?.status === SIGNED_OUT;
  if (!isSignedOut && requestConfig.verb !== "get") {
    notice(message, "bad");
    return;
  }
  const place = target?.isConnected && target !== document.body ? target : null;
  if (!place) notice(message, "bad");
  else if (isSignedOut) showProblem(place, texts.signedOut, texts.signIn, goToSignIn);
  else {
    showProblem(place, message, texts.retry, () => {
      const swap = elt.getAttribute("hx-swap") || undefined;
      window.htmx.ajax("GET", requestConfig.path, { source: elt, target: place, swap });
    });
  }
}

document.addEventListener("htmx:responseError", (event) => {
  handleFailure(event, errorMessage(event.detail.xhr));
});
document.addEventListener("htmx:sendError", (event) => handleFailure(event, texts.offline));
document.addEventListener("htmx:timeout", (event) => handleFailure(event, texts.offline));

document.addEventListener("htmx:afterSettle", (event) => {
  event.detail.elt.querySelector("[aria-invalid=true]")?.focus();
});

// --- the side panel ---------------------------------------------------------------------------
const drawer = document.getElementById("drawer");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "drawer-body") return;
  const trigger = event.detail.requestConfig.elt;
  const title = trigger.closest("[data-drawer-title]")?.dataset.drawerTitle;
  if (title) drawer.querySelector("h2").textContent = title;
  if (!drawer.open) drawer.showModal();
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, successful } = event.detail;
  if (successful && xhr.status === 204 && elt.closest("#drawer")) drawer.close();
});
