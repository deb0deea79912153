// Draws every [data-chart] from the JSON element it names, in the house's colours, light and dark.

const texts = document.getElementById("texts").dataset;
const root = document.documentElement;
const chinese = root.lang.startsWith("zh");
const SERIES = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `@series-${n}`);
const drawn = new Map();
let loading;

function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = texts.echarts;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return loading;
}

// --- words for what JSON cannot carry -----------------------------------------------------------
const number = (digits) => new Intl.NumberFormat(root.lang, {
  minimumFractionDigits: digits, maximumFractionDigits: digits,
});
const short = new Intl.NumberFormat(root.lang, { notation: "compact", maximumFractionDigits: 1 });
const last = (value) => (Array.isArray(value) ? value.at(-1) : value?.value ?? value);
const finite = (format) => (value) => {
  const plain = last(value);
  return Number.isFinite(Number(plain)) && plain !== null ? format(Number(plain)) : "–";
};
const FORMATS = {
  "@compact": finite((value) =>
    short.format(value).replace("K", "k").replace(/(\d)(?=[万亿])/, "$1 ")),
  "@money": finite((value) => number(2).format(value)),
  "@integer": finite((value) => number(0).format(value)),
  "@percent": finite((value) => `${number(0).format(value * 100)}%`),
};

function colour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

/** Copy the option with named formats made functions and named colours made colours. */
function spoken(value) {
  if (typeof value === "string") {
    if (FORMATS[value]) return FORMATS[value];
    return (value.startsWith("@") && colour(value.slice(1))) || value;
  }
  if (Array.isArray(value)) return value.map(spoken);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, spoken(held)]));
}

/** Dark or light letters, whichever can be read on the colour. */
function letters(fill) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = fill;
  const [red, green, blue] = probe.fillStyle.match(/\w\w/g).map((pair) => parseInt(pair, 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150 ? "#171b22" : "#fff";
}

function legible(option) {
  option.series.filter(({ type }) => type === "treemap").forEach(({ data }) => {
    data.forEach((item) => {
      const fill = item.itemStyle?.color;
      if (fill) item.label = { color: letters(fill), ...item.label };
    });
  });
  return option;
}

// --- the house's look ------------------------------------------------------------------------------
function axis(kind, given) {
  const value = (given?.type ?? (kind === "yAxis" ? "value" : "category")) === "value";
  return {
    type: value ? "value" : "category",
    axisLine: { show: !value, lineStyle: { color: "@line-strong" } },
    axisTick: { show: false },
    axisLabel: {
      color: "@ink-2",
      fontSize: 11,
      hideOverlap: true,
      ...(value && kind === "xAxis" ? { alignMaxLabel: "right" } : {}),
    },
    splitLine: { show: value, lineStyle: { color: "@line" } },
    splitArea: { show: false },
    nameTextStyle: { color: "@ink-3", fontSize: 11 },
  };
}

const KINDS = {
  bar: { barMaxWidth: 34, itemStyle: { borderRadius: 2 } },
  line: { symbol: "circle", symbolSize: 5, lineStyle: { width: 2 }, showSymbol: false },
  treemap: {
    roam: false, nodeClick: false, breadcrumb: { show: false }, width: "100%", height: "100%",
    left: 0, top: 0, itemStyle: { borderColor: "@surface", borderWidth: 2, gapWidth: 2 },
    label: { fontSize: 12 },
  },
  heatmap: { itemStyle: { borderColor: "@surface", borderWidth: 2 }, label: { fontSize: 11 } },
  pie: { radius: ["50%", "78%"], label: { color: "@ink-2" } },
};

/** Lay what the page says over the defaults, deep; lists are taken as they are. */
function over(base, given) {
  if (given === undefined) return base;
  if (Array.isArray(given) || given === null || typeof given !== "object") return given;
  const merged = { ...base };
  Object.entries(given).forEach(([key, value]) => {
    const below = merged[key];
    merged[key] = over(below && typeof below === "object" ? below : undefined, value);
  });
  return merged;
}

function axes(kind, given = {}) {
  const one = (single) => over(axis(kind, single), single);
  return Array.isArray(given) ? given.map(one) : one(given);
}

function house(option) {
  const { table, series = [], xAxis, yAxis, ...rest } = option;
  const several = series.length > 1;
  const plane = series.some(({ type }) => ["bar", "line", "scatter", "heatmap"].includes(type));
  const base = {
    color: SERIES,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: "@ink" },
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250,
    legend: {
      show: several, top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10,
      itemGap: 16, textStyle: { color: "@ink-2", fontSize: 12 },
    },
    tooltip: {
      // Text only: the browser is told to refuse style attributes.
      renderMode: "richText", confine: true, trigger: plane ? "axis" : "item",
      axisPointer: { type: "shadow", shadowStyle: { color: "@hover", opacity: 0.6 } },
      backgroundColor: "@raised", borderColor: "@line", borderWidth: 1, padding: [8, 12],
      textStyle: { color: "@ink", fontSize: 12 },
    },
    aria: { enabled: false },
  };
  if (plane) base.grid = { left: 4, right: 12, top: several ? 36 : 14, bottom: 4, outerBoundsMode: "same", containLabel: true };
  if (series.some(({ type }) => type === "heatmap")) base.tooltip.trigger = "item";
  return over(base, {
    ...rest,
    ...(plane ? { xAxis: axes("xAxis", xAxis), yAxis: axes("yAxis", yAxis) } : {}),
    series: series.map((one) => over(KINDS[one.type] ?? {}, one)),
  });
}

// --- the table behind it ------------------------------------------------------------------------
function rowsOf(option) {
  if (option.table) return option.table;
  if (option.dataset?.source) {
    const [head, ...rows] = option.dataset.source;
    return { head, rows };
  }
  const named = [option.xAxis, option.yAxis].flat().find((one) => one?.data);
  const series = option.series ?? [];
  if (series[0]?.type === "heatmap") {
    const [x, y] = [[option.xAxis].flat()[0], [option.yAxis].flat()[0]];
    const cells = new Map(series[0].data.map((cell) => {
      const [column, row, value] = cell.value ?? cell;
      return [`${column},${row}`, { value, url: cell.url }];
    }));
    return {
      head: [texts.category, ...x.data],
      rows: y.data.map((name, row) => [name, ...x.data.map((_, column) => cells.get(`${column},${row}`) ?? "")]),
    };
  }
  if (named) {
    const names = named.data;
    return {
      head: [texts.category, ...series.map((one) => one.name ?? texts.value)],
      rows: names.map((name, row) => [name, ...series.map((one) => one.data[row])]),
    };
  }
  return {
    head: [texts.category, texts.value],
    rows: (series[0]?.data ?? []).map((one) => [{ value: one.name, url: one.url }, one.value]),
  };
}

function cell(content, tag, format) {
  const made = document.createElement(tag);
  const value = content?.value ?? content;
  const plain = Array.isArray(value) ? value.at(-1) : value;
  const text = typeof plain === "number" ? format(plain) : plain ?? "–";
  if (typeof plain === "number") made.className = "num";
  if (content?.url) {
    const link = document.createElement("a");
    link.href = content.url;
    link.textContent = text;
    made.append(link);
  } else made.textContent = text;
  return made;
}

function fill(place, option, title) {
  const { head, rows } = rowsOf(option);
  const exact = FORMATS[option.tooltip?.valueFormatter];
  const format = exact ?? ((value) => new Intl.NumberFormat(root.lang).format(value));
  const table = document.createElement("table");
  table.className = "dense";
  table.createCaption().textContent = title;
  table.caption.className = "visually-hidden";
  const top = table.createTHead().insertRow();
  head.forEach((name, column) => {
    const made = cell(name, "th", format);
    made.scope = "col";
    if (column && typeof (rows[0]?.[column]?.value ?? rows[0]?.[column]) === "number") made.className = "num";
    top.append(made);
  });
  const body = table.createTBody();
  rows.forEach((row) => body.insertRow().append(...row.map((one) => cell(one, "td", format))));
  place.replaceChildren(table);
}

// --- drawing ---------------------------------------------------------------------------------------
function draw(element, option) {
  drawn.get(element)?.chart.dispose();
  const chart = window.echarts.init(element, null, { locale: chinese ? "ZH" : "EN" });
  chart.setOption(legible(spoken(house(option))));
  chart.on("click", ({ data }) => {
    if (data?.url) location.assign(data.url);
  });
  drawn.set(element, { chart, option });
}

const sizes = new ResizeObserver((entries) => {
  entries.forEach(({ target }) => drawn.get(target)?.chart.resize());
});

async function make(element) {
  if (drawn.has(element) || element.dataset.drawing !== undefined) return;
  element.dataset.drawing = "";
  const option = JSON.parse(document.getElementById(element.dataset.chart).textContent);
  const figure = element.closest(".chart");
  if (figure) fill(figure.querySelector(".chart-table"), option, element.dataset.title);
  await load();
  draw(element, option);
  sizes.observe(element);
}

function all(within) {
  drawn.forEach(({ chart }, element) => {
    if (element.isConnected) return;
    chart.dispose();
    drawn.delete(element);
    sizes.unobserve(element);
  });
  if (within.matches?.("[data-chart]")) make(within);
  within.querySelectorAll("[data-chart]").forEach(make);
}

function toggleTable(button) {
  const figure = button.closest(".chart");
  const table = button.ariaPressed !== "true";
  button.ariaPressed = String(table);
  button.title = table ? texts.asChart : texts.asTable;
  button.ariaLabel = button.title;
  figure.querySelector(".chart-table").hidden = !table;
  figure.querySelector("[data-chart]").hidden = table;
}

function save(button) {
  const element = button.closest(".chart").querySelector("[data-chart]");
  const link = document.createElement("a");
  link.href = drawn.get(element).chart.getDataURL({
    pixelRatio: 2, backgroundColor: colour("surface"),
  });
  link.download = `${element.dataset.title}.png`;
  link.click();
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest?.("[data-chart-table]");
  if (toggle) toggleTable(toggle);
  const saver = event.target.closest?.("[data-chart-save]");
  if (saver) save(saver);
});

root.addEventListener("theme", () => drawn.forEach(({ option }, element) => draw(element, option)));
document.addEventListener("htmx:load", (event) => all(event.detail.elt));
all(document);
