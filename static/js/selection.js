// The selection of rows in a list: the checkbox of the head selects the page, Shift selects a range, x
// selects the focused row, and the bar above the rows says how many are selected. Without this script
// the checkboxes and the bar work one by one.

const ROWS = "[name=ids][form=list-selection]";
let lastChanged = null;

const rowBoxes = () => [...document.querySelectorAll(ROWS)];

function update() {
  const boxes = rowBoxes();
  const count = boxes.filter((box) => box.checked).length;
  const head = document.querySelector("[data-select-page]");
  if (head) {
    head.checked = count > 0 && count === boxes.length;
    head.indeterminate = count > 0 && count < boxes.length;
  }
  const status = document.querySelector("[data-selected]");
  if (status) status.textContent = count ? `${status.dataset.selected} ${count}` : "";
}

function selectRange(from, to) {
  const boxes = rowBoxes();
  const [start, end] = [boxes.indexOf(from), boxes.indexOf(to)].sort((one, other) => one - other);
  if (start < 0) return;
  boxes.slice(start, end + 1).forEach((box) => { box.checked = to.checked; });
}

document.addEventListener("click", (event) => {
  if (!event.target.matches?.(ROWS)) return;
  if (event.shiftKey && lastChanged) selectRange(lastChanged, event.target);
  lastChanged = event.target;
  update();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-page]")) {
    rowBoxes().forEach((box) => { box.checked = event.target.checked; });
    update();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = document.activeElement?.matches("td.name a")
    && document.activeElement.closest("tr").querySelector(ROWS);
  if (!box) return;
  box.click();
  event.preventDefault();
});

document.addEventListener("htmx:afterSettle", update);
window.addEventListener("pageshow", update); // the Back button keeps checkboxes checked
