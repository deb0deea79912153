// Runs before the first paint, so that neither the theme nor the menu's width changes visibly.
(() => {
  const root = document.documentElement;
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const storedTheme = localStorage.getItem("theme");
    root.dataset.bsTheme = storedTheme || (prefersDark.matches ? "dark" : "light");
    root.dispatchEvent(new CustomEvent("theme"));
  };
  root.classList.add("js");
  root.classList.toggle("rail-narrow", localStorage.getItem("rail") === "narrow");
  prefersDark.addEventListener("change", apply);
  apply();
})();
