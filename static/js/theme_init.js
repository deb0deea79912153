// Sets the theme and the width of the main menu that are stored in the browser. It runs before the
// first paint, so that neither changes visibly. app.js stores them.
(() => {
  const root = document.documentElement;
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const storedTheme = localStorage.getItem("theme");
    root.dataset.bsTheme = storedTheme || (prefersDark.matches ? "dark" : "light");
    root.dispatchEvent(new CustomEvent("theme"));
  };
  root.classList.toggle("rail-narrow", localStorage.getItem("rail") === "narrow");
  prefersDark.addEventListener("change", apply);
  apply();
})();
