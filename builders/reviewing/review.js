// The review's page. Text of pages only ever becomes text nodes; nothing is kept here that the server has not saved.
"use strict";

const DOUBTFUL = 0.7; // a score below this is worth a look: about a third of such labels are wrong
const at = (id) => document.getElementById(id);
const state = { pages: [], labels: [], byKey: new Map(), group: new Map(), number: -1, lines: [], cursor: 0, anchor: 0, undo: [] };

function make(name, options = {}, ...children) {
  const { text, data, ...rest } = options;
  const element = Object.assign(document.createElement(name), rest);
  if (text !== undefined) element.textContent = text;
  Object.assign(element.dataset, data || {});
  element.append(...children);
  return element;
}

function say(text, wrong = false) {
  at("state").textContent = text;
  at("state").classList.toggle("wrong", wrong);
}

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("the review has ended; nothing more is saved");
  }
  const kind = answer.headers.get("Content-Type") || "";
  const value = kind.startsWith("application/json") ? await answer.json() : { error: (await answer.text()).trim() };
  if (!answer.ok) throw new Error([value.error, value.tip].filter(Boolean).join("; "));
  return value;
}

// -- what is shown ---------------------------------------------------------------------------------------------------

const labelOf = (line) => line.label ?? line.model;

function percent(doubt) {
  return `${Math.round(doubt / 10)} %`;
}

function showPages() {
  at("pages").replaceChildren(...state.pages.map((page, number) => {
    const button = make("button", { type: "button", tabIndex: -1 },
      make("span", { className: "name", text: page.path, dir: "auto" }),
      make("span", { className: "doubt", title: "lines that are likely to be wrong", text: percent(page.doubt) }));
    button.addEventListener("click", () => open(number));
    return make("li", {}, button);
  }));
  state.pages.forEach((_, number) => showProgress(number));
}

function showProgress(number) {
  const page = state.pages[number];
  const item = at("pages").children[number];
  item.dataset.state = page.told === 0 ? "none" : page.told === page.lines ? "all" : "some";
  item.title = `${page.told} of ${page.lines} lines labelled by hand`;
  const lines = state.pages.reduce((sum, one) => sum + one.told, 0);
  const whole = state.pages.filter((one) => one.told === one.lines).length;
  at("progress").textContent = `${lines} lines by hand, ${whole} of ${state.pages.length} pages whole`;
  if (number === state.number) at("counted").textContent = item.title;
}

function lineElement(line, number) {
  return make("div", { className: "line", id: `line-${number}`, role: "option" },
    make("span", { className: "number", text: String(number + 1) }),
    make("span", { className: "label" }),
    make("span", { className: "score" }),
    make("span", { className: "text", dir: "auto", text: line.text }));
}

function showLine(number) {
  const line = state.lines[number];
  const element = at(`line-${number}`);
  const label = labelOf(line);
  const byHand = line.label !== null;
  element.dataset.label = label;
  element.dataset.group = state.group.get(label);
  element.classList.toggle("by-hand", byHand);
  element.classList.toggle("doubtful", !byHand && line.score < DOUBTFUL);
  element.querySelector(".label").textContent = label.replace("_", " ");
  element.querySelector(".score").textContent = byHand ? "✓" : line.score.toFixed(2);
  element.querySelector(".score").title = byHand ? `by hand; the model says ${line.model}, ${line.score.toFixed(2)}` : "";
}

function showChosen(scroll = true) {
  const [first, last] = chosen();
  for (const element of at("lines").querySelectorAll("[aria-selected=true]")) element.setAttribute("aria-selected", "false");
  for (let number = first; number <= last; number++) at(`line-${number}`)?.setAttribute("aria-selected", "true");
  for (const element of at("lines").querySelectorAll(".cursor")) element.classList.remove("cursor");
  const element = at(`line-${state.cursor}`);
  if (!element) return;
  element.classList.add("cursor");
  at("lines").setAttribute("aria-activedescendant", element.id);
  if (scroll) element.scrollIntoView({ block: "nearest" });
}

const chosen = () => [Math.min(state.cursor, state.anchor), Math.max(state.cursor, state.anchor)];

async function open(number) {
  if (number < 0 || number >= state.pages.length) return;
  const page = await ask(`/pages/${number}`);
  Object.assign(state, { number, lines: page.lines, cursor: 0, anchor: 0, undo: [] });
  at("path").textContent = page.path;
  at("lines").replaceChildren(...page.lines.map(lineElement));
  page.lines.forEach((_, line) => showLine(line));
  at("lines").querySelectorAll(".line").forEach((element, line) => element.addEventListener("click", (event) => {
    state.cursor = line;
    if (!event.shiftKey) state.anchor = line;
    showChosen(false);
  }));
  for (const item of at("pages").children) item.firstChild.removeAttribute("aria-current");
  const item = at("pages").children[number];
  item.firstChild.setAttribute("aria-current", "page");
  item.scrollIntoView({ block: "nearest" });
  showProgress(number);
  at("lines").scrollTop = 0;
  at("lines").focus({ preventScroll: true });
  showChosen();
}

// -- what a person does ----------------------------------------------------------------------------------------------

let saving = Promise.resolve(); // corrections are saved one after the other, in the order of the keys
let unsaved = 0;

function tell(labels, remember = true) {
  const number = state.number;
  const changed = Object.entries(labels).filter(([line, label]) => state.lines[line].label !== label);
  if (!changed.length) return saving;
  const before = Object.fromEntries(changed.map(([line]) => [line, state.lines[line].label]));
  if (remember) state.undo.push(before);
  const show = (values) => {
    if (state.number !== number) return;
    for (const [line, label] of values) {
      state.lines[line].label = label;
      showLine(Number(line));
    }
  };
  show(changed);
  unsaved += 1;
  say("saving …");
  saving = saving.then(async () => {
    try {
      const answer = await ask("/labels", { page: number, labels: Object.fromEntries(changed) });
      state.pages[number].told = answer.told;
      showProgress(number);
      if (unsaved === 1) say("saved");
    } catch (error) {
      show(Object.entries(before));
      if (remember && state.number === number) state.undo.splice(state.undo.indexOf(before), 1);
      say(`not saved: ${error.message}`, true);
    } finally {
      unsaved -= 1;
    }
  });
  return saving;
}

function overChosen(labelFor) {
  const [first, last] = chosen();
  const labels = {};
  for (let line = first; line <= last; line++) labels[line] = labelFor(state.lines[line]);
  tell(labels);
  move(last + 1);
}

function move(line, extend = false) {
  if (!state.lines.length) return;
  state.cursor = Math.max(0, Math.min(state.lines.length - 1, line));
  if (!extend) state.anchor = state.cursor;
  showChosen();
}

function nextDoubtful() {
  const found = state.lines.findIndex((line, number) => number > state.cursor && line.label === null && line.score < DOUBTFUL);
  if (found >= 0) move(found);
  else say("no doubtful line below");
}

async function pageIsRight() {
  const labels = {};
  state.lines.forEach((line, number) => { if (line.label === null) labels[number] = line.model; });
  await tell(labels);
  if (state.pages[state.number].told === state.lines.length) await open(state.number + 1);
}

function toggleHelp() {
  at("help").hidden = !at("help").hidden;
  at("help-button").setAttribute("aria-expanded", String(!at("help").hidden));
}

const KEYS = {
  ArrowUp: (event) => move(state.cursor - 1, event.shiftKey),
  ArrowDown: (event) => move(state.cursor + 1, event.shiftKey),
  PageUp: (event) => move(state.cursor - 15, event.shiftKey),
  PageDown: (event) => move(state.cursor + 15, event.shiftKey),
  Home: (event) => move(0, event.shiftKey),
  End: (event) => move(state.lines.length - 1, event.shiftKey),
  ArrowLeft: () => open(state.number - 1),
  ArrowRight: () => open(state.number + 1),
  " ": () => overChosen(labelOf),
  Backspace: () => overChosen(() => null),
  Delete: () => overChosen(() => null),
  Enter: () => pageIsRight(),
  Escape: () => { at("help").hidden = true; move(state.cursor); },
  f: () => nextDoubtful(),
  u: () => { const before = state.undo.pop(); if (before) tell(before, false); },
  "?": () => toggleHelp(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("button") && (event.key === "Enter" || event.key === " ")) return;
  const label = state.byKey.get(event.key);
  const action = label === undefined ? KEYS[event.key] : () => overChosen(() => label);
  if (!action) return;
  event.preventDefault();
  Promise.resolve(action(event)).catch((error) => say(error.message, true));
});

at("help-button").addEventListener("click", toggleHelp);

async function begin() {
  const { pages, labels } = await ask("/pages");
  Object.assign(state, { pages, labels });
  for (const { label, group, key } of labels) {
    state.byKey.set(key, label);
    state.group.set(label, group);
  }
  at("palette").replaceChildren(...labels.map(({ label, group, key, about }) => {
    const button = make("button", { type: "button", title: about, tabIndex: -1, data: { label, group } },
      make("kbd", { text: key }), make("span", { text: label.replace("_", " ") }));
    button.addEventListener("click", () => { overChosen(() => label); at("lines").focus({ preventScroll: true }); });
    return button;
  }));
  showPages();
  at("nothing").hidden = pages.length > 0;
  at("lines").hidden = at("about").hidden = pages.length === 0;
  await open(0);
}

begin().catch((error) => say(error.message, true));
