// select[data-picker] becomes a field one can type into; with data-picker-url it asks the server.

const texts = document.getElementById("texts").dataset;
let loading;

function loadStyle() {
  return new Promise((resolve) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = texts.tomSelectCss;
    style.addEventListener("load", resolve);
    // A picker without its style can still be used.
    style.addEventListener("error", resolve);
    // Before our own styles, which have the last word.
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

function load() {
  // Both, because a picker whose style is missing stands below its select, which is not hidden yet.
  loading ??= Promise.all([loadStyle(), loadScript()]);
  return loading;
}

function line(option, escape) {
  const code = option.code ? ` <small>${escape(option.code)}</small>` : "";
  return `<div>${escape(option.text)}${code}</div>`;
}

function remote(url) {
  let asked = 0;
  let waiting = false;
  return {
    // What was found for other words is no choice any more.
    onType() {
      waiting = true;
      this.clearOptions();
      this.refreshOptions();
    },
    isWaiting: () => waiting,
    valueField: "value",
    labelField: "text",
    searchField: [],
    preload: "focus",
    refreshThrottle: 0,
    loadThrottle: 250,
    load(words, done) {
      const number = ++asked;
      const address = new URL(url, location.href);
      address.searchParams.set("q", words);
      fetch(address, { headers: { "HX-Request": "true" } })
        .then((response) => (response.ok ? response.json() : []))
        .then((found) => {
          if (number !== asked) return;
          waiting = false;
          // The server has searched (by pinyin, too): what it found is all there is to choose.
          this.clearOptions();
          done(found);
        }, () => {
          waiting = false;
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
  const { isWaiting = () => false, ...asking } = url ? remote(url) : {};
  return {
    plugins: plugins(select),
    maxOptions: 200,
    render: {
      option: line,
      no_results: (_, escape) =>
        `<div class="no-results">${escape(isWaiting() ? texts.loading : texts.noResults)}</div>`,
      loading: (_, escape) => `<div class="no-results">${escape(texts.loading)}</div>`,
      not_loading: () => "",
    },
    ...asking,
  };
}

async function make(select) {
  if (select.tomselect || select.dataset.making !== undefined) return;
  select.dataset.making = "";
  // The library moves the label to its own field; the one it hides keeps its name.
  select.ariaLabel = select.labels[0]?.firstChild?.textContent.trim() ?? select.ariaLabel;
  await load();
  const picker = new window.TomSelect(select, settings(select));
  // The text of the empty choice is shown in the field; the search box has a text of its own.
  picker.control_input.placeholder = select.dataset.pickerPlaceholder || "";
}

function all(within) {
  if (within.matches?.("select[data-picker], select[data-picker-url]")) make(within);
  within.querySelectorAll("select[data-picker], select[data-picker-url]").forEach(make);
}

document.addEventListener("htmx:load", (event) => all(event.detail.elt));
all(document);
