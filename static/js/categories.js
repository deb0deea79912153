// Shows a custom field that is limited to some categories only while one of them is selected. The
// field names their ids in data-only-for. Without this script all fields are shown.

const form = document.querySelector("form:has([data-only-for])");
const category = form?.elements.namedItem("category");

function showFieldsOfCategory() {
  form.querySelectorAll("[data-only-for]").forEach((control) => {
    const isForCategory = control.dataset.onlyFor.split(" ").includes(category.value);
    const field = control.closest(".field");
    field.hidden = !isForCategory && !field.querySelector(".errorlist");
  });
}

if (category) {
  category.addEventListener("change", showFieldsOfCategory);
  showFieldsOfCategory();
}
