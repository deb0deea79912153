// The page of notices: following the link of an unread notice marks it as read. The browser sends this
// request also while it leaves the page. Without scripts the button beside the notice does the same.

function markRead(event) {
  const link = event.target.closest?.(".notice-list a");
  const form = link?.closest("li").querySelector("form[data-reads]");
  if (form) navigator.sendBeacon(form.action, new FormData(form));
}

document.addEventListener("click", markRead);
document.addEventListener("auxclick", markRead); // the middle button, which opens a new tab
