// Building blocks of the panel: elements, filled sentences, figures, tables that sort.

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") element.className = value;
    else if (key === "text") element.textContent = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(key, value);
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") element.textContent = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// A choice of words goes by the figure before it: {n} {n:atom|atoms}.
function fill(sentence, values) {
  const chosen = (_, name, one, many) => one === undefined ? values[name] : String(values[name]) === "1" ? one : many;
  return sentence.replace(/\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}/g, chosen);
}

const FORMATS = new Map();
// Formats are dear to make: one for each number of decimals.
function format(digits) {
  if (!FORMATS.has(digits)) FORMATS.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return FORMATS.get(digits);
}

function figure(value, measure = { digits: 0 }) {
  if (value === null || value === undefined) return "—";
  const text = format(measure.digits).format(measure.share ? value * 100 : value * (measure.factor || 1));
  return measure.share ? `${text}%` : text;
}

function link(text, onclick, title) {
  return make("button", { class: "link", type: "button", onclick, text, ...(title ? { title } : {}) });
}

// What is folded away is made when it is first unfolded; `opened` remembers by `name` that it is.
function unfolding(summary, opened, name, makeContent) {
  const folder = make("details", opened.has(name) ? { open: "" } : {}, summary);
  let made = false;
  folder.fillIn = () => {
    if (!made) folder.append(...makeContent());
    made = true;
  };
  summary.addEventListener("click", folder.fillIn);  // before it unfolds: nothing jumps
  folder.addEventListener("toggle", () => (folder.open ? opened.add(name) : opened.delete(name)));
  if (opened.has(name)) folder.fillIn();
  return folder;
}

// A choice among few: `options` are [value, text] pairs.
function select(label, options, chosen, onchange) {
  const made = options.map(([value, text]) => make("option", { value, text, ...(value === chosen ? { selected: "" } : {}) }));
  return make("select", { "aria-label": label, onchange: (event) => onchange(event.target.value) }, ...made);
}

// How people have sorted each table, by its name: it stays so when the panel is drawn again.
const SORTED = new Map();

// `rows`: {cells, keys, mark, onclick, title}; a table with a name sorts by `keys` when a column's head is pressed.
function table(heads, rows, caption, name = null) {
  const body = make("tbody", {}, ...rows.map(tableRow));
  const head = make("tr");
  heads.forEach((text, i) => {
    const cell = make("th", { scope: "col", class: i ? "n" : "" });
    if (name) cell.append(make("button", { type: "button", class: "sort", onclick: () => sortBy(i, !(SORTED.get(name) || {}).down), text }));
    else cell.textContent = text;
    head.append(cell);
  });
  function sortBy(column, down) {
    const before = SORTED.get(name);
    SORTED.set(name, { column, down: before && before.column === column ? down : column > 0 });
    show();
  }
  function show() {
    const sorted = SORTED.get(name);
    if (!sorted || sorted.column >= heads.length) return;
    [...head.children].forEach((cell, i) => {
      if (i === sorted.column) cell.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    const order = rows.map((row, i) => ({ key: row.keys ? row.keys[sorted.column] : null, element: body.children[i], i }));
    body.replaceChildren(...order.sort((a, b) => compareKeys(a.key, b.key, sorted.down) || a.i - b.i).map(({ element }) => element));
    rows = order.map(({ i }) => rows[i]);
  }
  if (name) show();
  const caption_ = make("caption", { text: caption, class: "unseen" });
  const box = make("div", { class: heads.length > 6 ? "scroll tight snug" : heads.length > 5 ? "scroll tight" : "scroll" }, make("table", {}, caption_, make("thead", {}, head), body));
  if (!box.querySelector("button")) for (const [key, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", caption]]) box.setAttribute(key, value);  // else no key could move it
  return box;
}

// Nothing comes last whichever way.
function compareKeys(a, b, down) {
  const none = (key) => key === null || key === undefined;
  if (none(a) || none(b)) return none(a) - none(b);
  const order = typeof a === "string" ? a.localeCompare(b, "zh") : a - b;
  return down ? -order : order;
}

function tableRow({ cells, mark, onclick, title }) {
  const row = make("tr", { class: mark || "" });
  cells.forEach((cell, i) => {
    const content = cell && cell.nodeType ? cell : document.createTextNode(cell);
    const wrapped = i === 0 && onclick ? make("button", { class: "link", onclick, type: "button", ...(title ? { title } : {}) }, content) : content;
    row.append(i === 0 ? make("th", { scope: "row" }, wrapped) : make("td", { class: "n" }, wrapped));
  });
  return row;
}
