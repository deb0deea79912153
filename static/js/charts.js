// Draws charts with ECharts. <div data-chart="money"> is drawn from the options in
// <script type="application/json" id="money">. They are ECharts options with two additions:
// - A text that begins with "@" is the name of a format ("@money") or colour ("@series-1"), so that
//   both follow the language and the theme.
// - "table": {head: […], rows: [[…], …]} is what the button "Show as table" shows. A cell is a text, a
//   number, or {value, url} for a link. Without it, tableOf derives a table from the series.
// A click on a data item with a "url" opens that page.

const texts = document.getElementById("texts").dataset;
const root = document.documentElement;
const isChinese = root.lang.startsWith("zh");
const SERIES_COLOURS = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `@series-${n}`);
const charts = new Map(); // element → {chart, option}
let libraryLoaded;

function loadLibrary() {
  libraryLoaded ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = texts.echarts;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return libraryLoaded;
}

// --- formats and colours, which JSON cannot contain ----------------------------------------------
const numberFormat = (digits) => new Intl.NumberFormat(root.lang, {
  minimumFractionDigits: digits, maximumFractionDigits: digits,
});
const compactFormat = new Intl.NumberFormat(root.lang, {
  notation: "compact", maximumFractionDigits: 1,
});
// ECharts passes a number, {value: …}, or a point ([column, row, value]), whose last part is its value.
const scalarOf = (value) => (Array.isArray(value) ? value.at(-1) : value?.value ?? value);
/** Return a formatter that shows a dash for what is no number. */
const orDash = (format) => (value) => {
  const scalar = scalarOf(value);
  return Number.isFinite(Number(scalar)) && scalar !== null ? format(Number(scalar)) : "–";
};
const FORMATS = {
  // "1.2k" and "1.2 万", as the template filter `compact` writes them.
  "@compact": orDash((value) =>
    compactFormat.format(value).replace("K", "k").replace(/(\d)(?=[万亿])/, "$1 ")),
  "@money": orDash((value) => numberFormat(2).format(value)),
  "@integer": orDash((value) => numberFormat(0).format(value)),
  "@percent": orDash((value) => `${numberFormat(0).format(value * 100)}%`),
};

/** Return the value of a colour in static/css/tokens.css; blank for an unknown name. */
function colour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

/** Copy the options, with the names of formats and colours ("@…") replaced by what they name. */
function resolveNames(value) {
  if (typeof value === "string") {
    if (FORMATS[value]) return FORMATS[value];
    return (value.startsWith("@") && colour(value.slice(1))) || value;
  }
  if (Array.isArray(value)) return value.map(resolveNames);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolveNames(entry)]));
}

/** Return the text colour, dark or light, that is readable on a background colour. */
function textColourOn(background) {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = background; // the canvas converts every notation of a colour to #rrggbb
  const [red, green, blue] = canvas.fillStyle.match(/\w\w/g).map((pair) => parseInt(pair, 16));
  const brightness = red * 0.299 + green * 0.587 + blue * 0.114; // as perceived, 0 to 255
  return brightness > 150 ? "#171b22" : "#fff";
}

/** Give each box of a treemap a label that is readable on its colour; changes `option`. */
function withReadableLabels(option) {
  option.series.filter(({ type }) => type === "treemap").forEach(({ data }) => {
    data.forEach((item) => {
      const background = item.itemStyle?.color;
      if (background) item.label = { color: textColourOn(background), ...item.label };
    });
  });
  return option;
}

// --- defaults --------------------------------------------------------------------------------------
/** Return the defaults of an axis; `name` is "xAxis" or "yAxis". */
function axisDefaults(name, options) {
  const isValue = (options?.type ?? (name === "yAxis" ? "value" : "category")) === "value";
  return {
    type: isValue ? "value" : "category",
    axisLine: { show: !isValue, lineStyle: { color: "@line-strong" } },
    axisTick: { show: false },
    axisLabel: {
      color: "@ink-2",
      fontSize: 11,
      hideOverlap: true,
      ...(isValue && name === "xAxis" ? { alignMaxLabel: "right" } : {}),
    },
    splitLine: { show: isValue, lineStyle: { color: "@line" } },
    splitArea: { show: false },
    nameTextStyle: { color: "@ink-3", fontSize: 11 },
  };
}

const SERIES_DEFAULTS = {
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

/** Merge options over defaults, nested objects too; a list replaces the default. */
function mergeDeep(defaults, options) {
  if (options === undefined) return defaults;
  if (Array.isArray(options) || options === null || typeof options !== "object") return options;
  const merged = { ...defaults };
  Object.entries(options).forEach(([key, value]) => {
    const nested = merged[key];
    merged[key] = mergeDeep(nested && typeof nested === "object" ? nested : undefined, value);
  });
  return merged;
}

/** Add the defaults to one axis, or to each of a list of axes. */
function withAxisDefaults(name, options = {}) {
  const merge = (single) => mergeDeep(axisDefaults(name, single), single);
  return Array.isArray(options) ? options.map(merge) : merge(options);
}

/** Return the options that ECharts gets: with the defaults, and without "table". */
function withDefaults(option) {
  const { table, series = [], xAxis, yAxis, ...rest } = option;
  const hasLegend = series.length > 1;
  const hasAxes = series.some(({ type }) => ["bar", "line", "scatter", "heatmap"].includes(type));
  const defaults = {
    color: SERIES_COLOURS,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: "@ink" },
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250,
    legend: {
      show: hasLegend, top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10,
      itemGap: 16, textStyle: { color: "@ink-2", fontSize: 12 },
    },
    tooltip: {
      // Rich text, because the content security policy forbids the style attributes of HTML.
      renderMode: "richText", confine: true, trigger: hasAxes ? "axis" : "item",
      axisPointer: { type: "shadow", shadowStyle: { color: "@hover", opacity: 0.6 } },
      backgroundColor: "@raised", borderColor: "@line", borderWidth: 1, padding: [8, 12],
      textStyle: { color: "@ink", fontSize: 12 },
    },
    aria: { enabled: false },
  };
  if (hasAxes) {
    defaults.grid = {
      left: 4, right: 12, top: hasLegend ? 36 : 14, bottom: 4,
      outerBoundsMode: "same", containLabel: true, // the labels of the axes are inside these margins
    };
  }
  if (series.some(({ type }) => type === "heatmap")) defaults.tooltip.trigger = "item";
  return mergeDeep(defaults, {
    ...rest,
    ...(hasAxes && {
      xAxis: withAxisDefaults("xAxis", xAxis), yAxis: withAxisDefaults("yAxis", yAxis),
    }),
    series: series.map((item) => mergeDeep(SERIES_DEFAULTS[item.type] ?? {}, item)),
  });
}

// --- the same data as a table -------------------------------------------------------------------
/** Return {head, rows}: the option's own table, or one derived from its data. */
function tableOf(option) {
  if (option.table) return option.table;
  if (option.dataset?.source) {
    const [head, ...rows] = option.dataset.source;
    return { head, rows };
  }
  const categoryAxis = [option.xAxis, option.yAxis].flat().find((axisOptions) => axisOptions?.data);
  const series = option.series ?? [];
  if (series[0]?.type === "heatmap") {
    const [x, y] = [[option.xAxis].flat()[0], [option.yAxis].flat()[0]];
    const cells = new Map(series[0].data.map((item) => {
      const [column, row, value] = item.value ?? item;
      return [`${column},${row}`, { value, url: item.url }];
    }));
    const cellsOfRow = (row) => x.data.map((_, column) => cells.get(`${column},${row}`) ?? "");
    return {
      head: [texts.category, ...x.data],
      rows: y.data.map((name, row) => [name, ...cellsOfRow(row)]),
    };
  }
  if (categoryAxis) {
    const names = categoryAxis.data;
    return {
      head: [texts.category, ...series.map((item) => item.name ?? texts.value)],
      rows: names.map((name, row) => [name, ...series.map((item) => item.data[row])]),
    };
  }
  return {
    head: [texts.category, texts.value],
    rows: (series[0]?.data ?? []).map((item) => [{ value: item.name, url: item.url }, item.value]),
  };
}

/** Create a th or td of a table's cell; `format` formats a number as text. */
function createCell(content, tag, format) {
  const element = document.createElement(tag);
  const scalar = scalarOf(content?.value ?? content);
  const text = typeof scalar === "number" ? format(scalar) : scalar ?? "–";
  if (typeof scalar === "number") element.className = "num";
  if (content?.url) {
    const link = document.createElement("a");
    link.href = content.url;
    link.textContent = text;
    element.append(link);
  } else element.textContent = text;
  return element;
}

function fillTable(container, option, title) {
  const { head, rows } = tableOf(option);
  const tooltipFormat = FORMATS[option.tooltip?.valueFormatter];
  const format = tooltipFormat ?? ((value) => new Intl.NumberFormat(root.lang).format(value));
  const table = document.createElement("table");
  table.className = "dense";
  table.createCaption().textContent = title;
  table.caption.className = "visually-hidden";
  const headRow = table.createTHead().insertRow();
  head.forEach((name, column) => {
    const element = createCell(name, "th", format);
    element.scope = "col";
    const firstValue = rows[0]?.[column]?.value ?? rows[0]?.[column];
    if (column > 0 && typeof firstValue === "number") element.className = "num";
    headRow.append(element);
  });
  const body = table.createTBody();
  rows.forEach((row) => body.insertRow().append(...row.map((content) => createCell(content, "td", format))));
  container.replaceChildren(table);
}

// --- drawing ---------------------------------------------------------------------------------------
function drawChart(element, option) {
  charts.get(element)?.chart.dispose();
  const chart = window.echarts.init(element, null, { locale: isChinese ? "ZH" : "EN" });
  chart.setOption(withReadableLabels(resolveNames(withDefaults(option))));
  chart.on("click", ({ data }) => {
    if (data?.url) location.assign(data.url);
  });
  charts.set(element, { chart, option });
}

const resizeObserver = new ResizeObserver((entries) => {
  entries.forEach(({ target }) => charts.get(target)?.chart.resize());
});

/** Write the table, load the library and draw the chart, once for each element. */
async function initialise(element) {
  if (charts.has(element) || element.dataset.isDrawing !== undefined) return;
  element.dataset.isDrawing = "";
  const option = JSON.parse(document.getElementById(element.dataset.chart).textContent);
  const figure = element.closest(".chart");
  if (figure) fillTable(figure.querySelector(".chart-table"), option, element.dataset.title);
  await loadLibrary();
  drawChart(element, option);
  resizeObserver.observe(element);
}

/** Initialise the charts inside an element; dispose those that were removed from the page. */
function initialiseAll(within) {
  charts.forEach(({ chart }, element) => {
    if (element.isConnected) return;
    chart.dispose();
    charts.delete(element);
    resizeObserver.unobserve(element);
  });
  if (within.matches?.("[data-chart]")) initialise(within);
  within.querySelectorAll("[data-chart]").forEach(initialise);
}

function toggleTable(button) {
  const figure = button.closest(".chart");
  const showsTable = button.ariaPressed !== "true";
  button.ariaPressed = String(showsTable);
  button.title = showsTable ? texts.asChart : texts.asTable;
  button.ariaLabel = button.title;
  figure.querySelector(".chart-table").hidden = !showsTable;
  figure.querySelector("[data-chart]").hidden = showsTable;
}

function saveAsImage(button) {
  const element = button.closest(".chart").querySelector("[data-chart]");
  const link = document.createElement("a");
  link.href = charts.get(element).chart.getDataURL({
    pixelRatio: 2, backgroundColor: colour("surface"),
  });
  link.download = `${element.dataset.title}.png`;
  link.click();
}

document.addEventListener("click", (event) => {
  const tableButton = event.target.closest?.("[data-chart-table]");
  if (tableButton) toggleTable(tableButton);
  const saveButton = event.target.closest?.("[data-chart-save]");
  if (saveButton) saveAsImage(saveButton);
});

// The theme has other colours, so all charts are drawn again.
root.addEventListener("theme", () => charts.forEach(({ option }, element) => drawChart(element, option)));
document.addEventListener("htmx:load", (event) => initialiseAll(event.detail.elt));
initialiseAll(document);
