// Parts of pages that htmx fetches ("fragments"): the line at the top of the page (#busy) while a
// request is under way, and a message with a button in place of a fragment that cannot be loaded.

const texts = document.getElementById("texts").dataset;
const busy = document.getElementById("busy");
const SIGNED_OUT = 401;
// By status; the texts are in components/script_texts.html.
const MESSAGES = {
  403: texts.forbidden, 404: texts.gone, 409: texts.conflict, 429: texts.throttled,
};
let pendingRequests = 0;

function showNotice(text, tone) {
  document.dispatchEvent(new CustomEvent("notice", { detail: { text, tone } }));
}

function changePendingRequests(difference) {
  pendingRequests = Math.max(0, pendingRequests + difference);
  busy?.classList.toggle("on", pendingRequests > 0);
}

// Elements with data-background fetch themselves again and again: no line shows these requests, and no
// message their failure, because the next one may succeed.
const isInBackground = (event) => event.detail.elt.dataset?.background !== undefined;

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isInBackground(event)) changePendingRequests(1);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!isInBackground(event)) changePendingRequests(-1);
});

/** Return the response's plain text, or else the message for its status, with its reference. */
function errorMessage(xhr) {
  const isPlainText = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  const message = (isPlainText && xhr.responseText.trim()) || MESSAGES[xhr.status] || texts.failed;
  const reference = xhr.getResponseHeader("X-Reference");
  return reference ? `${message} ${texts.reference} ${reference}` : message;
}

/** Show a message with a button below the head of `target`. Removes the placeholder of a part that was
 * loading, but not content that is there already. */
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

/** Show that a request failed: in the fragment that was to be loaded. A failed change (not GET) and a
 * request that loads no fragment are shown as a notice; a user who is signed out gets a button. */
function handleFailure(event, message) {
  const { elt, target, requestConfig } = event.detail;
  if (isInBackground(event)) return;
  const isSignedOut = event.detail.xhr?.status === SIGNED_OUT;
  if (!isSignedOut && requestConfig.verb !== "get") {
    showNotice(message, "bad");
    return;
  }
  const isFragment = target?.isConnected && target !== document.body;
  if (!isFragment) showNotice(message, "bad");
  else if (isSignedOut) showProblem(target, texts.signedOut, texts.signIn, goToSignIn);
  else {
    showProblem(target, message, texts.retry, () => {
      const swap = elt.getAttribute("hx-swap") || undefined;
      window.htmx.ajax("GET", requestConfig.path, { source: elt, target, swap });
    });
  }
}

document.addEventListener("htmx:responseError", (event) => {
  handleFailure(event, errorMessage(event.detail.xhr));
});
document.addEventListener("htmx:sendError", (event) => handleFailure(event, texts.offline));
document.addEventListener("htmx:timeout", (event) => handleFailure(event, texts.offline));

// When new content contains a refused form, focus its first invalid field.
document.addEventListener("htmx:afterSettle", (event) => {
  event.detail.elt.querySelector("[aria-invalid=true]")?.focus();
});
