"use strict";
// What pages say is put into the document as text alone, never as HTML; the policy of the file forbids the other way too.
(() => {
  const ROWS = 50; // of the table at once
  const LINES = 3000; // of a page at once
  const UNSURE = 600; // thousandths of a score
  const index = JSON.parse(document.getElementById("index").textContent);
  const pages = index.pages;
  const hidden = new RegExp(index.hidden, "gu");
  const byId = (id) => document.getElementById(id);
  const order = new Map(pages.id.map((id, at) => [id, at]));

  // -- elements --

  // Text in which characters that do not show, or turn the direction of writing, are spelt out.
  function shown(text) {
    const out = document.createDocumentFragment();
    let from = 0;
    for (const found of text.matchAll(hidden)) {
      if (found[0] === "\n" || found[0] === "\t") continue;
      out.append(text.slice(from, found.index));
      const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      out.append(element("span", { class: "hid" }, `U+${code}`));
      from = found.index + found[0].length;
    }
    out.append(text.slice(from));
    return out;
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }

  const percent = (thousandths) => `${Math.floor(thousandths / 10)}.${thousandths % 10} %`;
  const grouped = (number) => number.toLocaleString("en-US");

  function meter(thousandths, kind) {
    const part = element("i");
    part.style.width = `${thousandths / 10}%`;
    return element("span", { class: `meter ${kind}`, "aria-hidden": "true" }, part);
  }

  // -- the table --

  const state = { sort: "", down: false, from: 0, rows: [] };
  const haystack = pages.id.map((id, at) =>
    [id, pages.title[at], pages.site[at], pages.path[at], pages.url[at]].filter(Boolean).join("\n").toLowerCase());

  function counted(values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    return [...counts].sort((one, two) => two[1] - one[1] || (one[0] < two[0] ? -1 : 1));
  }

  function fill(select, values) {
    for (const [value, count] of counted(values)) {
      select.append(element("option", { value }, `${value} (${grouped(count)})`));
    }
  }

  function compare(one, two) {
    const values = pages[state.sort];
    const a = values[one], b = values[two];
    if (a === b) return one - two;
    if (a === null) return 1; // what is not known comes last, whatever the direction
    if (b === null) return -1;
    const less = typeof a === "number" ? a - b : a.localeCompare(b, "en");
    return (state.down ? -less : less) || one - two;
  }

  function find() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const language = byId("language").value, flag = byId("flag").value, readable = byId("readable").checked;
    state.rows = [];
    for (let at = 0; at < pages.id.length; at++) {
      if (readable && !pages.read[at]) continue;
      if (language && (pages.language[at] || "unknown") !== language) continue;
      if (flag && !pages.flags[at].includes(flag)) continue;
      if (words.every((word) => haystack[at].includes(word))) state.rows.push(at);
    }
    if (state.sort) state.rows.sort(compare);
    state.from = 0;
    draw();
  }

  function row(at) {
    const title = pages.title[at] || pages.path[at];
    const under = [pages.site[at], pages.language[at], pages.published[at]].filter(Boolean).join(" · ");
    const name = pages.read[at]
      ? element("a", { href: `#page=${pages.id[at]}`, dir: "auto" }, shown(title))
      : element("span", { class: "t", dir: "auto", title: "not among the pages that can be read here" }, shown(title));
    const share = (key, kind, said) =>
      element("td", { class: "number share", "data-name": said }, meter(pages[key][at], kind), percent(pages[key][at]));
    return element("tr", {},
      element("td", { class: "title" }, name, element("small", {}, shown(under))),
      element("td", {}, shown(pages.site[at] || "–")),
      element("td", {}, pages.language[at] || "–"),
      element("td", {}, pages.published[at] || "–"),
      element("td", { class: "number" }, grouped(pages.n_lines[at])),
      element("td", { class: "number" }, grouped(pages.n_chars[at])),
      share("content", "", "content"),
      share("doubt", "doubt", "doubt"));
  }

  function draw() {
    const body = byId("table").tBodies[0];
    const to = Math.min(state.from + ROWS, state.rows.length);
    body.replaceChildren(...state.rows.slice(state.from, to).map(row));
    const all = pages.id.length, n = state.rows.length;
    byId("found").textContent = n === all ? `${grouped(n)} pages` : `${grouped(n)} of ${grouped(all)} pages`;
    byId("where").textContent = n ? `${grouped(state.from + 1)} to ${grouped(to)} of ${grouped(n)}` : "no page";
    byId("before").disabled = state.from === 0;
    byId("after").disabled = to === n;
    for (const button of byId("table").querySelectorAll("th button")) {
      const on = button.dataset.sort === state.sort;
      if (on) button.parentElement.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else button.parentElement.removeAttribute("aria-sort");
    }
  }

  function sortBy(key) {
    const down = typeof pages[key].find((value) => value !== null) === "number";
    state.down = state.sort === key ? !state.down : down;
    state.sort = key;
    find();
  }

  function turn(step) {
    const to = state.from + step * ROWS;
    if (to < 0 || to >= state.rows.length) return;
    state.from = to;
    draw();
    byId("table").scrollIntoView({ block: "nearest" });
  }

  function walk(step) {
    const links = [...byId("table").querySelectorAll("td.title a")];
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? links[step > 0 ? 0 : links.length - 1] : links[at + step];
    if (next) next.focus();
  }

  // -- a page --

  const LABELS = index.labels;

  // The text of a line from `start` on, with what was read from it marked; spans are [start, end, field].
  function marked(text, start, spans) {
    const inside = spans.filter(([low, high]) => low < start + text.length && high > start);
    if (!inside.length) return [shown(text)];
    const cuts = new Set([0, text.length]);
    for (const [low, high] of inside) {
      cuts.add(Math.max(0, low - start));
      cuts.add(Math.min(text.length, high - start));
    }
    const places = [...cuts].sort((one, two) => one - two);
    return places.slice(1).map((to, nth) => {
      const from = places[nth];
      const fields = inside.filter(([low, high]) => low - start <= from && high - start >= to).map((span) => span[2]);
      const part = shown(text.slice(from, to));
      return fields.length ? element("mark", { "data-field": fields.join(" "), title: fields.join(", ") }, part) : part;
    });
  }

  function lineOf(page, at, spans) {
    const [number, start, end, code, score, gap] = page.lines.slice(6 * at, 6 * at + 6);
    const [label, group, meaning] = LABELS[code];
    const classes = [gap ? "gap" : "", score < UNSURE ? "unsure" : ""].join(" ").trim();
    const said = `${label} ${(score / 1000).toFixed(3)}: ${meaning}`;
    return element("li", { "data-label": label, "data-group": group, class: classes || null, title: said },
      element("span", { class: "n" }, String(number)),
      element("span", { class: "label" }, label),
      element("div", { class: "text", dir: "auto" }, ...marked(page.raw.slice(start, end), start, spans)),
      element("span", { class: "score" }, (score / 1000).toFixed(3)));
  }

  function linesOf(page) {
    const spans = page.evidence.filter((one) => one.start !== null).map((one) => [one.start, one.end, one.field]);
    const list = element("ol", { class: "lines" });
    const n = page.lines.length / 6;
    let drawn = 0;
    const more = element("button", { type: "button" });
    const add = () => {
      const to = Math.min(n, drawn + LINES);
      const made = [];
      for (let at = drawn; at < to; at++) made.push(lineOf(page, at, spans));
      list.append(...made);
      drawn = to;
      more.textContent = `${grouped(n - drawn)} lines more`;
      more.hidden = drawn === n;
    };
    more.addEventListener("click", add);
    add();
    return [list, more];
  }

  // The clean text; its lines have the labels of the text lines of the page where they are as many.
  function cleanOf(page) {
    const said = page.text ? page.text.split("\n") : [];
    const labels = [];
    for (let at = 3; at < page.lines.length; at += 6) {
      const [label, group] = LABELS[page.lines[at]];
      if (group === "content" && label !== "title") labels.push(label);
    }
    const known = labels.length === said.length;
    return said.map((line, at) => {
      const label = known ? labels[at] : "paragraph";
      return element(label === "heading" ? "h3" : "p", { class: label, dir: "auto" }, shown(line));
    });
  }

  function webAddress(text) {
    return /^https?:\/\//i.test(text) && URL.canParse(text);
  }

  function valueOf(field, value) {
    if (field === "url" && webAddress(value)) {
      return element("a", { href: value, rel: "noopener noreferrer", target: "_blank" }, shown(value));
    }
    return shown(value);
  }

  function told(page) {
    const date = (text) => text && text.replace("T", " ");
    const precise = page.published_precision === "day" ? 10 : page.published_precision === "minute" ? 16 : 19;
    return {
      title: page.title,
      summary: page.summary,
      authors: page.authors.join(", "),
      published: page.published && date(page.published).slice(0, precise),
      modified: date(page.modified),
      section: page.section,
      publisher: page.publisher,
      site: page.site,
      url: page.url,
      language: page.language && `${page.language} (${page.language_score.toFixed(3)})`,
      license: page.license,
      reservations: page.reservations.join(", "),
      flags: page.flags.join(", "),
      boilerplate: `${(100 * page.boilerplate_share).toFixed(1)} % of what the page shows`,
      text: `${grouped(page.n_chars)} characters`,
      "copy of": page.duplicate_of,
      copies: page.cluster_size > 1 && `${grouped(page.cluster_size)} records say the same`,
      id: page.id,
      source: [page.source.path, page.source.member].filter(Boolean).join(" › "),
      place: placeOf(page.source),
    };
  }

  function placeOf(source) {
    const at = source.offset === null ? "" : ` at ${grouped(source.offset)} of its box,`;
    return `${source.format}, ${source.encoding},${at} bytes ${grouped(source.byte_start)} to ${grouped(source.byte_end)}`;
  }

  function jumpTo(field) {
    const found = document.querySelector(`#reading mark[data-field~="${CSS.escape(field)}"]`);
    if (!found) return;
    found.scrollIntoView({ block: "center" });
    found.classList.remove("flash");
    requestAnimationFrame(() => found.classList.add("flash"));
  }

  function evidenceOf(page, field) {
    return page.evidence.filter((one) => one.field === field).map((one) => {
      const seen = element("dd", { class: "seen", dir: "auto" }, one.verdict === "won" ? "" : `${one.verdict}: `);
      if (one.start === null) {
        seen.append(shown(one.origin), one.value === null ? "" : ": ", shown(one.value || ""));
      } else {
        const go = element("button", { type: "button" }, `line ${page.lines[6 * one.line]}`);
        go.addEventListener("click", () => jumpTo(field));
        seen.append(go);
      }
      if (one.verdict === "differs") seen.classList.add("verdict-differs");
      return seen;
    });
  }

  function factsOf(page) {
    const facts = element("dl", { class: "facts" });
    for (const [field, value] of Object.entries(told(page))) {
      const evidence = evidenceOf(page, field);
      if (!value && !evidence.length) continue;
      const said = field === "title" ? [] : [element("dd", { dir: "auto" }, value ? valueOf(field, value) : "–")];
      if (said.length + evidence.length) facts.append(element("div", { class: field }, element("dt", {}, field), ...said, ...evidence));
    }
    return facts;
  }

  // The page `step` places on in the table as it is sorted and filtered, of those that can be read.
  function neighbour(at, step) {
    const rows = state.rows.includes(at) ? state.rows : [...order.values()];
    for (let place = rows.indexOf(at) + step; place >= 0 && place < rows.length; place += step) {
      if (pages.read[rows[place]]) return `#page=${pages.id[rows[place]]}`;
    }
    return null;
  }

  function link(text, href, name) {
    return element("a", href ? { href, "data-go": name } : { "aria-disabled": "true" }, text);
  }

  function read(id) {
    const at = order.get(id);
    const page = JSON.parse(byId(`page-${id}`).textContent);
    const [list, more] = linesOf(page);
    const husk = element("button", { type: "button", id: "husk", "aria-pressed": "false" }, "Hide boilerplate");
    husk.addEventListener("click", () => {
      const hide = list.classList.toggle("kept");
      husk.setAttribute("aria-pressed", String(hide));
      husk.textContent = hide ? "Show boilerplate" : "Hide boilerplate";
    });
    const clean = cleanOf(page);
    byId("reading").replaceChildren(
      element("nav", { class: "bar", "aria-label": "Page" },
        link("← All pages", "#pages", "back"), husk,
        element("span", { class: "push" }, `doubt ${percent(pages.doubt[at])}`),
        link("Previous", neighbour(at, -1), "previous"), link("Next", neighbour(at, 1), "next")),
      element("header", { class: "sheet" },
        element("h1", { dir: "auto", tabindex: "-1" }, shown(page.title || page.source.path)), factsOf(page)),
      element("div", { class: "both" },
        element("section", { "aria-label": "The raw page" }, element("h2", {}, "The raw page"), list, more),
        element("section", { class: "clean", "aria-label": "Clean text", tabindex: "0" }, element("h2", {}, "Clean text"),
          ...(clean.length ? clean : [element("p", {}, "–")]))));
  }

  function route() {
    const found = /^#page=([0-9a-f]+)$/.exec(location.hash);
    const id = found && order.has(found[1]) && byId(`page-${found[1]}`) ? found[1] : null;
    const was = !byId("reading").hidden;
    byId("overview").hidden = Boolean(id);
    byId("reading").hidden = !id;
    if (id) {
      read(id);
      scrollTo(0, 0);
      byId("reading").querySelector("h1").focus({ preventScroll: true });
    } else if (was) {
      byId("reading").replaceChildren();
      byId("pages").scrollIntoView();
    }
  }

  // -- keys, theme --

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && typing) {
      event.preventDefault(); // a browser would empty the field, and say so to no one that has lost the focus
      event.target.blur();
    }
    if (typing) return;
    const reading = !byId("reading").hidden;
    const follow = (name) => byId("reading").querySelector(`[data-go="${name}"]`)?.click();
    const keys = reading
      ? { j: () => follow("next"), k: () => follow("previous"), b: () => byId("husk").click(), Escape: () => follow("back") }
      : { "/": () => byId("search").focus(), j: () => walk(1), k: () => walk(-1), "[": () => turn(-1), "]": () => turn(1) };
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  }

  function nextTheme() {
    const themes = ["system", "light", "dark"];
    const now = document.documentElement.dataset.theme || "system";
    const next = themes[(themes.indexOf(now) + 1) % themes.length];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    byId("theme").textContent = `Theme: ${next}`;
  }

  fill(byId("language"), pages.language.map((code) => code || "unknown"));
  fill(byId("flag"), pages.flags.flat());
  for (const button of byId("table").querySelectorAll("th button")) {
    button.addEventListener("click", () => sortBy(button.dataset.sort));
  }
  for (const id of ["search", "language", "flag", "readable"]) byId(id).addEventListener("input", find);
  document.querySelector(".tools").addEventListener("submit", (event) => event.preventDefault());
  byId("before").addEventListener("click", () => turn(-1));
  byId("after").addEventListener("click", () => turn(1));
  byId("theme").addEventListener("click", nextTheme);
  addEventListener("keydown", press);
  addEventListener("hashchange", route);
  for (const part of document.querySelectorAll(".tools, #table, .pager, .keys, #theme")) part.hidden = false;
  find();
  route();
})();
