// Runs before the first paint, so that neither the theme nor the width of the menu jumps.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = localStorage.getItem("theme");
    root.dataset.bsTheme = chosen || (dark.matches ? "dark" : "light");
    root.dispatchEvent(new CustomEvent("theme"));
  };
  root.classList.add("js");
  root.classList.toggle("rail-narrow", localStorage.getItem("rail") === "narrow");
  dark.addEventListener("change", apply);
  apply();
})();
