// What a browser adds to a page that is whole without it: sorting and filtering of tables, copying of
// code, a theme of one's own. All of it is controls made here; no text of the report depends on it.
(() => {
  "use strict";

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  // ---- Theme: as the system, light or dark, by moving the medium of the dark colours

  const THEMES = {
    auto: "screen and (prefers-color-scheme: dark)",
    light: "not all",
    dark: "screen",
  };
  const THEME_KEY = "poolwise-theme";
  const dark = [...document.styleSheets[0].cssRules].find(
    (rule) => rule.media && rule.media.mediaText.includes("prefers-color-scheme"),
  );
  let theme = "auto";

  // a browser may refuse to remember anything for a file
  const remembered = () => {
    try {
      return localStorage.getItem(THEME_KEY);
    } catch {
      return null;
    }
  };

  const remember = () => {
    try {
      localStorage.setItem(THEME_KEY, theme);
    } catch {
      // then it holds for as long as the page is open
    }
  };

  const paint = (name) => {
    theme = name in THEMES ? name : "auto";
    dark.media.mediaText = THEMES[theme];
  };

  const themeButton = () => {
    const button = make("button", { type: "button", class: "theme" });
    const show = () => (button.textContent = `Theme: ${theme}`);
    button.addEventListener("click", () => {
      const names = Object.keys(THEMES);
      paint(names[(names.indexOf(theme) + 1) % names.length]);
      remember();
      show();
    });
    show();
    return button;
  };

  const toolbar = () => {
    const bar = make("nav", { class: "tools", "aria-label": "Shortcuts" });
    for (const [target, text] of [["answer", "The answer"], ["contents-title", "Contents"]]) {
      if (document.getElementById(target)) bar.append(make("a", { href: `#${target}` }, text));
    }
    bar.append(themeButton());
    document.querySelector(".skip").after(bar);
  };

  // ---- What changed, said to a screen reader

  const status = make("p", { role: "status", class: "unseen" });
  const say = (text) => (status.textContent = text);

  // ---- Rows: one and the notes below it (a single cell over several columns) stay together

  const groupsOf = new WeakMap();
  const groups = (table) => {
    if (!groupsOf.has(table)) {
      const found = [];
      for (const row of table.tBodies[0].rows) {
        const note = row.cells.length === 1 && row.cells[0].colSpan > 1;
        if (note && found.length) found[found.length - 1].push(row);
        else found.push([row]);
      }
      groupsOf.set(table, found);
    }
    return groupsOf.get(table);
  };

  // ---- Sorting

  const UNITS = {
    ns: 1e-9, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600,
    KiB: 1 / 1024, MiB: 1, GiB: 1024, "%": 0.01, x: 1,
  };
  const UNIT = Object.keys(UNITS).join("|");
  // 12.3 ms; 398 to 404 ms (its lower end); 3 min 5 s; from 4 ms, no upper limit; 1,024
  const AMOUNT = new RegExp(
    "^[^\\d−-]*([−-]?[\\d,]*\\.?\\d+)(?: to [−-]?[\\d,.]+)?" +
      `(?:\\s*(${UNIT})(?![a-z]))?(?: (\\d+) (min|s)(?![a-z]))?`,
    "i",
  );

  const amount = (text) => {
    const [found, number, unit, rest, restUnit] = AMOUNT.exec(text) || [];
    if (found === undefined) return null;
    const whole = Number(number.replace(/,/g, "").replace("−", "-")) * (UNITS[unit] || 1);
    return restUnit ? whole + Number(rest) * UNITS[restUnit] : whole;
  };

  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const compare = (a, b) => (typeof a === "number" ? a - b : words.compare(a, b));

  // a column with values sorts by them, one of numbers by what is printed, any other by its words
  const keys = (rows, column, numeric) => {
    const cells = rows.map(([row]) => row.cells[column]);
    const text = (cell) => cell.textContent.trim();
    if (cells.some((cell) => cell && "value" in cell.dataset)) {
      return cells.map((cell) => (cell && cell.dataset.value ? Number(cell.dataset.value) : null));
    }
    if (numeric) return cells.map((cell) => (cell ? amount(text(cell)) : null));
    return cells.map((cell) => (cell && text(cell)) || null);
  };

  const ordered = (table, heading, way) => {
    const rows = groups(table);
    if (!way) return rows;
    const found = keys(rows, heading.cellIndex, heading.classList.contains("number"));
    const sign = way === "ascending" ? 1 : -1;
    const places = rows.map((_, place) => place);
    places.sort((a, b) => {
      const [one, other] = [found[a], found[b]];
      if (one === null || other === null) return (one === null) - (other === null);
      return sign * compare(one, other);
    });
    return places.map((place) => rows[place]);
  };

  const NEXT = { "": "ascending", ascending: "descending", descending: "" };

  const sort = (heading) => {
    const table = heading.closest("table");
    const way = NEXT[heading.getAttribute("aria-sort") || ""];
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    if (way) heading.setAttribute("aria-sort", way);
    table.tBodies[0].append(...ordered(table, heading, way).flat());
    const name = heading.textContent.trim();
    say(way ? `Sorted by ${name}, ${way}, unknown last` : "Rows in the order of the report");
  };

  const makeSortable = (table) => {
    const simple = table.tHead && table.tHead.rows.length === 1 && table.tBodies.length === 1;
    if (!simple || groups(table).length < 2) return;
    for (const heading of table.tHead.rows[0].cells) {
      if (!heading.textContent.trim()) continue;
      const button = make("button", { type: "button", class: "sort" }, ...heading.childNodes);
      heading.append(button);
    }
  };

  // ---- Filtering

  const FACETS = { verdict: "Verdict", cores: "Cores", executor: "Executor" };

  const choice = (rows, facet) => {
    const values = new Set(rows.map(([row]) => row.dataset[facet]).filter(Boolean));
    if (values.size < 2) return null;
    const options = [...values].sort(words.compare).map((value) => make("option", {}, value));
    const all = make("option", { value: "" }, "all");
    return make("select", { name: facet }, all, ...options);
  };

  const fits = (row, text, picked, asked) =>
    asked.every((word) => text.includes(word)) &&
    picked.every((select) => !select.value || row.dataset[select.name] === select.value);

  const makeFilterable = (table) => {
    const rows = groups(table);
    if (table.tBodies.length !== 1 || rows.length < 2) return;
    const texts = rows.map((group) => group.map((row) => row.textContent).join(" ").toLowerCase());
    const search = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    const selects = Object.keys(FACETS).map((facet) => choice(rows, facet)).filter(Boolean);
    const shown = make("output");
    const label = `Filter: ${table.caption ? table.caption.textContent : "the table"}`;
    const form = make("form", { role: "search", class: "filter", "aria-label": label });
    form.append(make("label", {}, "Filter ", search));
    for (const select of selects) form.append(make("label", {}, `${FACETS[select.name]} `, select));
    form.append(make("button", { type: "reset" }, "Show all"), shown);

    const apply = () => {
      const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((group, place) => {
        const seen = fits(group[0], texts[place], selects, asked);
        for (const row of group) row.hidden = !seen;
        count += seen;
      });
      shown.textContent = count
        ? `${count} of ${rows.length} rows shown`
        : `None of ${rows.length} rows fits; “Show all” brings them back`;
    };
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    (table.closest(".scroll") || table).before(form);
    apply();
  };

  // ---- Copying

  const subjectOf = (code) => {
    const row = code.closest("[data-task]");
    const part = code.closest("[aria-labelledby]");
    const title = part && document.getElementById(part.getAttribute("aria-labelledby"));
    return code.dataset.copy || (row && row.dataset.task) || (title && title.textContent.trim());
  };

  const makeCopyable = (code) => {
    const label = `Copy code for ${subjectOf(code) || "this"}`;
    code.after(make("button", { type: "button", class: "copy", "aria-label": label }, "Copy"));
  };

  // for pages without a clipboard, as some browsers treat files: what is selected is copied
  const copySelected = (code) => {
    getSelection().selectAllChildren(code);
    return document.execCommand("copy");
  };

  const copy = async (button) => {
    const code = button.previousElementSibling;
    let copied = true;
    try {
      await navigator.clipboard.writeText(code.textContent.trim());
    } catch {
      copied = copySelected(code);
    }
    button.textContent = copied ? "Copied" : "Selected";
    say(copied ? `Copied: ${code.textContent.trim()}` : "Selected; copy it with Ctrl+C");
    setTimeout(() => (button.textContent = "Copy"), 2000);
  };

  // ---- Start: the theme before anything is painted, the rest once the page is there

  paint(remembered());
  document.addEventListener("DOMContentLoaded", () => {
    toolbar();
    document.querySelectorAll("table.sortable").forEach(makeSortable);
    document.querySelectorAll("table.filterable").forEach(makeFilterable);
    document.querySelectorAll("[data-copy]").forEach(makeCopyable);
    document.body.append(status);
    document.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button && button.matches(".sort")) sort(button.parentElement);
      if (button && button.matches(".copy")) copy(button);
    });
    document.documentElement.dataset.ready = "";
  });
})();
