// The browser's side of a lab: native controls, a canvas, and one request at a time.

const SOON = 1500; // ms without an answer, after which the kernel counts as busy
const PLAYS = 6000; // ms in which a slider that plays goes from end to end, but
const FRAME = [60, 400]; // at least and at most so many ms a stop
const RESIZED = 200; // ms of rest after which a page counts as resized
const PADDING = 8; // pixels of a lab, left and right together, as in figure.css
const TYPED = 250; // ms of rest after which typed text counts as entered

function element(tag, options = {}, ...children) {
  const { data, ...rest } = options;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

// The ways out of a lab by keyboard. JupyterLab has none: its shortcuts rest in here,
// and its Tab leaps from the last control to the end of the notebook.
function leave(event, lab) {
  const cell = lab.closest(".jp-Cell");
  const { key, code, keyCode, shiftKey, ctrlKey, altKey, metaKey } = event;
  if (!cell) return;
  if (key === "Escape") {
    cell.focus();
  } else if (key === "Enter" && (shiftKey || ctrlKey || altKey || metaKey)) {
    const modifiers = { shiftKey, ctrlKey, altKey, metaKey };
    const options = { key, code, keyCode, bubbles: true, cancelable: true, ...modifiers };
    event.preventDefault();
    cell.focus();
    cell.dispatchEvent(new KeyboardEvent("keydown", options)); // run, as anywhere else
  } else if (key === "Tab" && !shiftKey && event.target === stops(lab).at(-1)) {
    const next = cell.nextElementSibling;
    if (!next?.matches(".jp-Cell")) return;
    event.preventDefault();
    next.focus();
  }
}

function stops(lab) {
  const all = lab.querySelectorAll("button, input, select, [tabindex='0']");
  return [...all].filter((part) => !part.disabled && part.offsetParent);
}

// Runs of equal pixels, as patch.py packs them: 4 bytes for each colour, 2 for each length.
function unpack(runs, pixels) {
  const bytes = new Uint8Array(runs.buffer, runs.byteOffset, runs.byteLength).slice();
  const n = bytes.length / 6;
  const [colours, lengths] = [new Uint32Array(bytes.buffer, 0, n), new Uint16Array(bytes.buffer, 4 * n)];
  let at = 0;
  for (let i = 0; i < n; i++) pixels.fill(colours[i], at, (at += lengths[i]));
}

function render({ model, el }) {
  globalThis.courseLabs = (globalThis.courseLabs ?? 0) + 1; // every lab loads this anew
  const id = `course-lab-${globalThis.courseLabs}`;
  const canvas = element("canvas", { id: `${id}-picture` });
  const summary = element("p", { id: `${id}-summary`, className: "summary" });
  const problem = element("p", { className: "problem", hidden: true });
  const waiting = element("p", { className: "waiting", hidden: true });
  const text = element("pre", { className: "text", tabIndex: 0, hidden: true });
  const controls = element("div", { className: "controls" });
  const title = element("p", { id: `${id}-title`, className: "title" });
  const lab = element(
    "div",
    { className: "course-lab", data: { name: model.get("name") } },
    title, canvas, summary, problem, waiting, controls, text, // so that the controls stay in place
  );
  lab.setAttribute("role", "group");
  lab.setAttribute("aria-labelledby", title.id);
  lab.dataset.lmSuppressShortcuts = "true"; // keys pressed here are not JupyterLab's
  lab.addEventListener("keydown", (event) => event.stopPropagation()); // nor the notebook's
  lab.addEventListener("keydown", (event) => leave(event, lab));
  lab.addEventListener("focusin", (event) => { // by keyboard: see what it moves
    if (event.target.matches(":focus-visible")) lab.scrollIntoView({ block: "nearest" });
  });
  lab.setAttribute("aria-description", "Escape leads back to the cell.");
  canvas.setAttribute("role", "img");
  problem.setAttribute("role", "alert");
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", "Details");

  // --- one request at a time: the newest choice waits for the answer to the last ---

  let busy = false;
  let changed = false;
  let timer = null;
  const players = []; // called after each answer

  function ask(name, value) {
    if (name) model.set("chosen", { ...model.get("chosen"), [name]: value });
    if (busy) {
      changed = true;
      return;
    }
    busy = true;
    changed = false;
    model.set("asked", model.get("asked") + 1);
    model.save_changes();
    timer = setTimeout(() => {
      waiting.textContent = "The kernel is busy. The picture follows when it is free.";
      waiting.hidden = false;
    }, SOON);
  }

  function answered() {
    clearTimeout(timer);
    waiting.hidden = true;
    busy = false;
    if (changed) ask();
    else choose(); // a preset may have moved other controls
    for (const play of players) play();
  }

  // --- the picture: the squares of it that have changed --------------------------------

  let stands = 0; // the number of the patch that the canvas shows

  function paint() {
    const { number, over, size, tile, tiles, runs } = model.get("patch");
    if (!number || number === stands) return;
    if (over && over !== stands) { // one was missed: this page was opened anew, say
      model.send({ whole: true });
      return;
    }
    const [width, height] = size;
    if (canvas.width !== width || canvas.height !== height) {
      [canvas.width, canvas.height] = size;
      const shown = width / model.get("sharpness"); // a pixel drawn is a pixel shown
      canvas.style.width = `${shown}px`;
      controls.style.maxWidth = `${Math.max(640, shown)}px`;
    }
    if (tiles.length) { // unpacked one below the other, then put where they belong
      const sheet = new ImageData(tile, tile * tiles.length);
      unpack(runs, new Uint32Array(sheet.data.buffer));
      const across = Math.ceil(width / tile);
      const picture = canvas.getContext("2d");
      tiles.forEach((where, i) => {
        const [x, y] = [(where % across) * tile, Math.floor(where / across) * tile];
        picture.putImageData(sheet, x, y - i * tile, 0, i * tile, tile, tile);
      });
    }
    stands = number;
    canvas.dataset.painted = Number(canvas.dataset.painted || 0) + 1;
  }

  function say() {
    title.textContent = model.get("title");
    summary.textContent = model.get("summary");
    summary.setAttribute("aria-live", model.get("live") ? "off" : "polite");
    canvas.setAttribute("aria-label", `${model.get("title")}. ${model.get("summary")}`);
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
    text.textContent = model.get("text");
    text.hidden = !model.get("text");
  }

  // --- the controls: each returns its element and how it shows what is chosen --------

  const make = {
    slider(spec, name) {
      const last = spec.texts.length - 1;
      const range = element("input", { type: "range", id: name, min: 0, max: last, step: 1 });
      const shown = element("output", { htmlFor: name });
      const show = (value) => {
        range.value = value;
        shown.textContent = spec.texts[value];
        range.setAttribute("aria-valuetext", spec.texts[value]);
      };
      const set = (value) => {
        show(value);
        ask(spec.name, value);
      };
      range.addEventListener("input", () => set(Number(range.value)));
      const label = element("label", { htmlFor: name, textContent: spec.label });
      const row = element("div", { className: "row" }, range);
      if (spec.play) row.prepend(player(range, set, last, spec.label));
      return [show, element("div", { className: "named" }, label, shown), row];
    },

    choice(spec, name) {
      const options = spec.texts.map((text, i) => element("option", { value: i, textContent: text }));
      const select = element("select", { id: name }, ...options);
      select.addEventListener("change", () => ask(spec.name, Number(select.value)));
      const label = element("label", { htmlFor: name, textContent: spec.label });
      return [(value) => { select.value = value; }, label, select];
    },

    toggle(spec, name) {
      const box = element("input", { type: "checkbox", id: name });
      box.addEventListener("change", () => ask(spec.name, box.checked));
      const label = element("label", { htmlFor: name, textContent: spec.label });
      return [(value) => { box.checked = value; }, element("div", { className: "row" }, box, label)];
    },

    field(spec, name) {
      const input = element("input", {
        type: "text", id: name, maxLength: spec.longest, spellcheck: false, autocomplete: "off",
      });
      let rest = null;
      const enter = () => {
        clearTimeout(rest);
        if (input.value !== model.get("chosen")[spec.name]) ask(spec.name, input.value);
      };
      input.addEventListener("input", () => {
        clearTimeout(rest);
        rest = setTimeout(enter, TYPED);
      });
      input.addEventListener("change", enter);
      const label = element("label", { htmlFor: name, textContent: spec.label });
      const parts = [label, input];
      if (spec.examples.length) {
        const list = element("datalist", { id: `${name}-examples` });
        list.append(...spec.examples.map((value) => element("option", { value })));
        input.setAttribute("list", list.id);
        parts.push(list);
      }
      return [(value) => { if (document.activeElement !== input) input.value = value; }, ...parts];
    },

    pad(spec, name) {
      const word = () => model.get("chosen")[spec.name];
      const set = (value) => {
        show(value);
        ask(spec.name, value.slice(0, spec.longest));
      };
      const byKey = {};
      const buttons = spec.keys.map(([letter, label, key]) => {
        const button = element("button", { type: "button", textContent: label, data: { letter } });
        button.addEventListener("click", () => set(word() + letter));
        if (key) {
          byKey[key] = () => set(word() + letter);
          button.title = `${label} (key: ${key.replace("Arrow", "arrow ").toLowerCase()})`;
        }
        return button;
      });
      const undo = element("button", { type: "button", textContent: "Undo" });
      undo.addEventListener("click", () => set(word().slice(0, -1)));
      const again = element("button", { type: "button", textContent: "Start again" });
      again.addEventListener("click", () => set(""));
      const show = (value) => { undo.disabled = again.disabled = !value; };
      lab.addEventListener("keydown", (event) => {
        const typing = event.target.matches("input, select, textarea");
        if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
        const act = event.key === "Backspace" ? () => set(word().slice(0, -1)) : byKey[event.key];
        if (!act) return;
        event.preventDefault();
        act();
      });
      canvas.tabIndex = 0; // click the picture, then use the keys
      canvas.setAttribute("role", "application");
      const group = element("div", { className: "row" }, ...buttons, undo, again);
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", spec.label);
      return [show, element("span", { textContent: spec.label, ariaHidden: "true" }), group];
    },

    button(spec, name) {
      const button = element("button", { type: "button", id: name, textContent: spec.label });
      button.addEventListener("click", () => model.send({ press: spec.name }));
      return [() => {}, button];
    },
  };

  function player(range, set, last, label) {
    const button = element("button", { type: "button" });
    const pace = Math.min(FRAME[1], Math.max(FRAME[0], PLAYS / last));
    let since = 0;
    let running = false;
    let due = null;
    const show = (now) => {
      running = now;
      button.textContent = running ? "❚❚" : "▶";
      button.setAttribute("aria-label", `${running ? "Pause" : "Play"}: ${label}`);
    };
    const next = () => {
      if (!running || !lab.isConnected) return;
      const value = Number(range.value) + 1;
      if (value > last) return show(false);
      since = performance.now();
      set(value);
    };
    button.addEventListener("click", () => {
      if (running) return show(false);
      show(true);
      if (Number(range.value) >= last) range.value = -1;
      next();
    });
    range.addEventListener("pointerdown", () => show(false));
    players.push(() => {
      clearTimeout(due);
      due = setTimeout(next, Math.max(0, pace - (performance.now() - since)));
    });
    show(false);
    return button;
  }

  const shows = {};
  model.get("controls").forEach((spec, i) => {
    const [show, ...parts] = make[spec.kind](spec, `${id}-${i}`);
    shows[spec.name] = show;
    controls.append(element(
      "div", { className: `control ${spec.kind}`, data: { name: spec.name } }, ...parts,
    ));
  });

  function choose() {
    for (const [name, value] of Object.entries(model.get("chosen"))) shows[name](value);
  }

  function rest() {
    const resting = new Set(model.get("disabled"));
    const focused = controls.contains(document.activeElement) && document.activeElement;
    for (const control of controls.children) {
      if (control.classList.contains("pad")) continue; // knows by itself
      for (const part of control.querySelectorAll("input, select, button")) {
        part.disabled = resting.has(control.dataset.name);
      }
    }
    if (focused && focused.disabled) { // who presses Start by keyboard stays in the lab
      controls.querySelector(":is(input, select, button):not(:disabled)")?.focus();
    }
  }

  const events = {
    "change:patch": paint,
    "change:title change:summary change:problem change:text change:live": say,
    "change:answered": answered,
    "change:chosen": () => { if (!busy) choose(); },
    "change:disabled": rest,
  };
  for (const [names, act] of Object.entries(events)) model.on(names, act);
  say();
  choose();
  rest();
  paint();
  el.append(lab);

  // The picture is drawn for the room that the page has, and for its pixels.
  function measure() {
    const room = Math.floor(lab.clientWidth) - PADDING;
    const sharpness = Math.min(2, Math.max(1, window.devicePixelRatio || 1));
    const used = (width) => Math.min(width, model.get("widest"));
    const drawn = [used(model.get("room")), model.get("sharpness")];
    if (room < 1 || (used(room) === drawn[0] && sharpness === drawn[1])) return;
    model.set({ room, sharpness });
    ask();
  }

  let resized = null;
  let wide = 0;
  let tallest = 0;
  const watch = new ResizeObserver(() => {
    if (el.clientWidth !== wide) {
      wide = el.clientWidth;
      tallest = 0;
      summary.style.minHeight = "";
      clearTimeout(resized);
      resized = setTimeout(measure, model.get("room") ? RESIZED : 0);
    } else if (summary.clientHeight > tallest) { // a line more once, a line more for good:
      tallest = summary.clientHeight; //  the controls below stay under the pointer
      summary.style.minHeight = `${tallest}px`;
    }
  });
  watch.observe(el);
  watch.observe(summary);
  return () => {
    clearTimeout(timer);
    clearTimeout(resized);
    watch.disconnect();
    for (const [names, act] of Object.entries(events)) model.off(names, act);
  };
}

export default { render };
