// Turns select[data-picker] into a field with search; with data-picker-url the server searches.

const texts = document.getElementById("texts").dataset;
let libraryLoaded;

function loadStyle() {
  return new Promise((resolve) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = texts.tomSelectCss;
    style.addEventListener("load", resolve);
    // A picker without its style can still be used.
    style.addEventListener("error", resolve);
    // It comes before our own style sheets, so that these override it.
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

function loadLibrary() {
  // Both are needed: without the style the select is not hidden, and the picker appears below it.
  libraryLoaded ??= Promise.all([loadStyle(), loadScript()]);
  return libraryLoaded;
}

function optionHtml(option, escape) {
  const code = option.code ? ` <small>${escape(option.code)}</small>` : "";
  return `<div>${escape(option.text)}${code}</div>`;
}

function remoteSettings(url) {
  let latestRequest = 0;
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
    searchField: [],
    preload: "focus",
    refreshThrottle: 0,
    loadThrottle: 250,
    load(terms, done) {
      const number = ++latestRequest;
      const address = new URL(url, location.href);
      address.searchParams.set("q", terms);
      fetch(address, { headers: { "HX-Request": "true" } })
        .then((response) => (response.ok ? response.json() : []))
        .then((options) => {
          if (number !== latestRequest) return;
          isLoading = false;
          // The server has searched, by pinyin as well, so its results replace all options.
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
  if (select.tomselect || select.dataset.making !== undefined) return;
  select.dataset.making = "";
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
