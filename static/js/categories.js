// The customer form: shows a custom field that belongs to some categories only while one of these is
// selected. data-only-for of its input has the ids of the categories ("3 7"). Without this script
// all fields are shown.

const form = document.querySelector("form:has([data-only-for])");
const category = form?.elements.namedItem("category");

/** Show the fields of the selected category, and those with an error message; hide the others. */
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
