// Custom fields of some categories alone are shown when such a category is chosen.
// A limited field names the categories' ids in data-only-for; without this script all are shown.

const form = document.querySelector("form:has([data-only-for])");
const category = form?.elements.namedItem("category");

function showFields() {
  form.querySelectorAll("[data-only-for]").forEach((control) => {
    const isOffered = control.dataset.onlyFor.split(" ").includes(category.value);
    control.closest(".field").hidden = !isOffered;
  });
}

if (category) {
  category.addEventListener("change", showFields);
  showFields();
}
