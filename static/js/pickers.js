// Pickers: turns select[data-picker-url] into a Tom Select field with search. The server searches: for
// what is typed, the URL returns [{"value": 17, "text": "华天科技", "code": "C000017"}, …].
// select[data-picker] becomes one that searches the options in the page.

const texts = document.getElementById("texts").dataset;
let libraryLoaded;

/** Resolves when the library's style sheet has loaded, or has failed to load. */
function loadStyle() {
  return new Promise((resolve) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = texts.tomSelectCss;
    style.addEventListener("load", resolve);
    // Without its style a picker can still be used.
    style.addEventListener("error", resolve);
    // Before the first style sheet of the page, so that ours override it.
    document.head.querySelector("link[rel=stylesheet]").before(style);
  });
}

function loadScript() {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = texts.tomSelect;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

/** Load script and style once. Without the style, the picker would appear below the select. */
function loadLibrary() {
  libraryLoaded ??= Promise.all([loadStyle(), loadScript()]);
  return libraryLoaded;
}

function optionHtml(option, escape) {
  const code = option.code ? ` <small>${escape(option.code)}</small>` : "";
  return `<div>${escape(option.text)}${code}</div>`;
}

/** Return Tom Select's settings for a search by the server, and `isLoading`, which says if one is under
 * way. Tom Select calls the functions with `this` as the picker. */
function remoteSettings(url) {
  let latestRequest = 0; // responses to earlier requests are ignored
  let isLoading = false;
  return {
    // Results for other terms must not stay selectable.
    onType() {
      isLoading = true;
      this.clearOptions();
      this.refreshOptions();
    },
    isLoading: () => isLoading,
    valueField: "value",
    labelField: "text",
    searchField: [], // the server has searched, so the options are not filtered again
    preload: "focus",
    refreshThrottle: 0,
    loadThrottle: 250, // ms after the last key before the server is asked
    load(terms, done) {
      const number = ++latestRequest;
      const address = new URL(url, location.href);
      address.searchParams.set("q", terms);
      fetch(address, { headers: { "HX-Request": "true" } })
        .then((response) => (response.ok ? response.json() : []))
        .then((options) => {
          if (number !== latestRequest) return;
          isLoading = false;
          // The results replace all options, those of the search before included.
          this.clearOptions();
          done(options);
        }, () => {
          isLoading = false;
          done();
        });
    },
  };
}

function plugins(select) {
  if (select.multiple) return { remove_button: { title: texts.remove } };
  if (select.required) return { dropdown_input: {} };
  return { dropdown_input: {}, clear_button: { title: texts.remove } };
}

function settings(select) {
  const url = select.dataset.pickerUrl;
  const { isLoading = () => false, ...remote } = url ? remoteSettings(url) : {};
  return {
    plugins: plugins(select),
    maxOptions: 200,
    render: {
      option: optionHtml,
      no_results: (_, escape) =>
        `<div class="no-results">${escape(isLoading() ? texts.loading : texts.noResults)}</div>`,
      loading: (_, escape) => `<div class="no-results">${escape(texts.loading)}</div>`,
      not_loading: () => "",
    },
    ...remote,
  };
}

async function createPicker(select) {
  if (select.tomselect || select.dataset.isCreating !== undefined) return;
  select.dataset.isCreating = "";
  // The library points the label to its own field, so the hidden select needs an aria-label.
  select.ariaLabel = select.labels[0]?.firstChild?.textContent.trim() ?? select.ariaLabel;
  await loadLibrary();
  const picker = new window.TomSelect(select, settings(select));
  // The field shows the text of the empty option; the search box has its own placeholder.
  picker.control_input.placeholder = select.dataset.pickerPlaceholder || "";
}

function createPickers(within) {
  if (within.matches?.("select[data-picker], select[data-picker-url]")) createPicker(within);
  within.querySelectorAll("select[data-picker], select[data-picker-url]").forEach(createPicker);
}

document.addEventListener("htmx:load", (event) => createPickers(event.detail.elt));
createPickers(document);
