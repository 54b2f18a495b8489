// The view of an interactive figure: native controls, a canvas, one request in flight.

const BUSY_TIMEOUT = 1500; // ms without a response, after which the kernel counts as busy
const PLAY_DURATION = 6000; // ms for a slider that plays from end to end, but
const STOP_DURATION = [60, 400]; // at least and at most so many ms a stop
const RESIZE_DEBOUNCE = 200; // ms
const INPUT_DEBOUNCE = 250; // ms
const EDITING_KEYS = ["a", "c", "v", "x", "y", "z", "control", "meta", "arrowleft", "arrowright"];
const PADDING = 8; // pixels of the figure, left and right together, as in figure.css

function element(tag, options = {}, ...children) {
  const { data, ...properties } = options;
  const node = Object.assign(document.createElement(tag), properties);
  Object.assign(node.dataset, data);
  node.append(...children);
  return node;
}

// Keyboard navigation out of the figure. JupyterLab has none: its shortcuts are suppressed
// in here, and its Tab moves from the last control to the end of the notebook.
function navigate(event, root) {
  const cell = root.closest(".jp-Cell");
  const { key, code, keyCode, shiftKey, ctrlKey, altKey, metaKey } = event;
  if (!cell) return;
  const command = (ctrlKey || metaKey) && !EDITING_KEYS.includes(key.toLowerCase());
  if (key === "Escape") {
    cell.focus();
  } else if (command || (key === "Enter" && (shiftKey || altKey))) {
    const modifiers = { shiftKey, ctrlKey, altKey, metaKey };
    const options = { key, code, keyCode, bubbles: true, cancelable: true, ...modifiers };
    if (key === "Enter") cell.focus();
    const done = !cell.dispatchEvent(new KeyboardEvent("keydown", options)); // run, save
    if (done || key === "Enter") event.preventDefault();
  } else if (key === "Tab" && !shiftKey && event.target === tabStops(root).at(-1)) {
    const next = cell.nextElementSibling;
    if (!next?.matches(".jp-Cell")) return;
    event.preventDefault();
    next.focus();
  }
}

function tabStops(root) {
  const all = root.querySelectorAll("button, input, select, [tabindex='0']");
  return [...all].filter((node) => !node.disabled && node.offsetParent);
}

// Decode runs of equal pixels (see tile_diff.py): 4 bytes a colour, then 2 bytes a length.
function runLengthDecode(runs, pixels) {
  const bytes = new Uint8Array(runs.buffer ?? runs, runs.byteOffset, runs.byteLength).slice();
  const n = bytes.length / 6;
  const [colours, lengths] = [new Uint32Array(bytes.buffer, 0, n), new Uint16Array(bytes.buffer, 4 * n)];
  let at = 0;
  for (let i = 0; i < n; i++) pixels.fill(colours[i], at, (at += lengths[i]));
}

function render({ model, el }) {
  globalThis.courseFigures = (globalThis.courseFigures ?? 0) + 1; // each loads this module anew
  const id = `course-figure-${globalThis.courseFigures}`;
  const canvas = element("canvas", { id: `${id}-canvas` });
  const summary = element("p", { id: `${id}-summary`, className: "summary" });
  const problem = element("p", { className: "problem", hidden: true });
  const waiting = element("p", { className: "waiting", hidden: true });
  const text = element("pre", { className: "text", tabIndex: 0, hidden: true });
  const controls = element("div", { className: "controls" });
  const title = element("p", { id: `${id}-title`, className: "title" });
  const root = element(
    "div",
    { className: "course-figure", data: { name: model.get("name") } },
    title, canvas, summary, problem, controls, text, waiting, // the controls do not move
  );
  root.setAttribute("role", "group");
  root.setAttribute("aria-labelledby", title.id);
  root.dataset.lmSuppressShortcuts = "true"; // keys pressed here are not JupyterLab's
  root.addEventListener("keydown", (event) => event.stopPropagation()); // nor the notebook's
  root.addEventListener("keydown", (event) => navigate(event, root));
  root.addEventListener("focusin", (event) => { // by keyboard: show the canvas, too
    if (event.target.matches(":focus-visible")) root.scrollIntoView({ block: "nearest" });
  });
  root.setAttribute("aria-description", "Escape leads back to the cell.");
  canvas.setAttribute("role", "img");
  problem.setAttribute("role", "alert");
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", "Details");

  // --- one request in flight: the newest state waits for the response to the last ------

  let inFlight = false;
  let pending = false;
  let gone = false; // its kernel
  let timer = null;
  const players = []; // called after each response

  function request(name, value) {
    if (name) model.set("selected", { ...model.get("selected"), [name]: value });
    if (gone) return;
    if (inFlight) {
      pending = true;
      return;
    }
    inFlight = true;
    pending = false;
    root.setAttribute("aria-busy", "true"); // its words are read out when they are whole
    model.set("request_id", model.get("request_id") + 1);
    model.save_changes();
    timer = setTimeout(() => {
      waiting.textContent = "The kernel is busy. The picture follows when it is free.";
      waiting.hidden = false;
    }, BUSY_TIMEOUT);
  }

  // A kernel that was restarted, or has died, has no figure that could respond.
  const kernel = model.widget_manager?.kernel; // JupyterLab's
  function onKernelStatus(_, status) {
    if (!["restarting", "autorestarting", "terminating", "dead"].includes(status)) return;
    gone = true;
    clearTimeout(timer);
    waiting.textContent = "The kernel that drew this figure is gone: run this cell again.";
    waiting.hidden = false;
    root.removeAttribute("aria-busy");
    for (const part of root.querySelectorAll("input, select, button")) part.disabled = true;
  }
  kernel?.statusChanged?.connect(onKernelStatus);

  function onResponse() {
    clearTimeout(timer);
    waiting.hidden = true;
    inFlight = false;
    if (pending) {
      request();
    } else {
      root.removeAttribute("aria-busy");
      updateControls(); // a preset may have set other controls
    }
    for (const play of players) play();
  }

  // --- the canvas: paint the tiles that changed -----------------------------------------

  let painted = 0; // the version on the canvas

  function paint() {
    const { version, base, size, tile_size: side, tiles, runs } = model.get("tile_diff");
    if (!version || version === painted) return;
    if (base && base !== painted) { // a version was missed: the page was reloaded, say
      model.send({ full_frame: true });
      return;
    }
    const [width, height] = size;
    if (canvas.width !== width || canvas.height !== height) {
      [canvas.width, canvas.height] = size;
      const cssWidth = width / model.get("pixel_ratio"); // a pixel drawn is a device pixel
      canvas.style.width = `${cssWidth}px`;
      controls.style.maxWidth = `${Math.max(640, cssWidth)}px`;
    }
    if (tiles.length) { // decoded one below the other, then painted in place
      const sheet = new ImageData(side, side * tiles.length);
      runLengthDecode(runs, new Uint32Array(sheet.data.buffer));
      const columns = Math.ceil(width / side);
      const context = canvas.getContext("2d");
      tiles.forEach((tile, i) => {
        const [x, y] = [(tile % columns) * side, Math.floor(tile / columns) * side];
        context.putImageData(sheet, x, y - i * side, 0, i * side, side, side);
      });
    }
    painted = version;
    canvas.dataset.painted = Number(canvas.dataset.painted || 0) + 1;
  }

  function updateText() {
    title.textContent = model.get("title");
    summary.textContent = model.get("summary");
    summary.setAttribute("aria-live", model.get("aria_live"));
    canvas.setAttribute("aria-label", `${model.get("title")}. ${model.get("summary")}`);
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
    text.textContent = model.get("text");
    text.hidden = !model.get("text");
  }

  // --- the controls: each returns a function that shows its state, and its elements ------

  const create = {
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
        request(spec.name, value);
      };
      range.addEventListener("input", () => set(Number(range.value)));
      const label = element("label", { htmlFor: name, textContent: spec.label });
      const row = element("div", { className: "row" }, range);
      if (spec.play) row.prepend(player(range, set, last, spec.label));
      return [show, element("div", { className: "label-row" }, label, shown), row];
    },

    choice(spec, name) {
      const options = spec.texts.map((text, i) => element("option", { value: i, textContent: text }));
      const select = element("select", { id: name }, ...options);
      select.addEventListener("change", () => request(spec.name, Number(select.value)));
      const label = element("label", { htmlFor: name, textContent: spec.label });
      return [(value) => { select.value = value; }, label, select];
    },

    toggle(spec, name) {
      const box = element("input", { type: "checkbox", id: name });
      box.addEventListener("change", () => request(spec.name, box.checked));
      const label = element("label", { htmlFor: name, textContent: spec.label });
      return [(value) => { box.checked = value; }, element("div", { className: "row" }, box, label)];
    },

    field(spec, name) {
      const input = element("input", {
        type: "text", id: name, maxLength: spec.max_length, spellcheck: false, autocomplete: "off",
      });
      let debounce = null;
      const enter = () => {
        clearTimeout(debounce);
        if (input.value !== model.get("selected")[spec.name]) request(spec.name, input.value);
      };
      input.addEventListener("input", () => {
        clearTimeout(debounce);
        debounce = setTimeout(enter, INPUT_DEBOUNCE);
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
      const word = () => model.get("selected")[spec.name];
      const set = (value) => {
        show(value);
        request(spec.name, value.slice(0, spec.max_length));
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
      const reset = element("button", { type: "button", textContent: "Start again" });
      reset.addEventListener("click", () => set(""));
      const show = (value) => { undo.disabled = reset.disabled = !value; };
      root.addEventListener("keydown", (event) => {
        const typing = event.target.matches("input, select, textarea");
        if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
        const press = event.key === "Backspace" ? () => set(word().slice(0, -1)) : byKey[event.key];
        if (!press) return;
        event.preventDefault();
        press();
      });
      canvas.tabIndex = 0; // click the picture, then use the keys
      canvas.setAttribute("role", "application");
      const group = element("div", { className: "row" }, ...buttons, undo, reset);
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
    const [least, most] = STOP_DURATION;
    const duration = Math.min(most, Math.max(least, PLAY_DURATION / last));
    let since = 0;
    let running = false;
    let timeout = null;
    const show = (state) => {
      running = state;
      button.textContent = running ? "❚❚" : "▶";
      button.setAttribute("aria-label", `${running ? "Pause" : "Play"}: ${label}`);
    };
    const next = () => {
      if (!running || !root.isConnected) return;
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
      clearTimeout(timeout);
      timeout = setTimeout(next, Math.max(0, duration - (performance.now() - since)));
    });
    show(false);
    return button;
  }

  const showState = {};
  model.get("controls").forEach((spec, i) => {
    const [show, ...parts] = create[spec.kind](spec, `${id}-${i}`);
    showState[spec.name] = show;
    controls.append(element(
      "div", { className: `control ${spec.kind}`, data: { name: spec.name } }, ...parts,
    ));
  });

  function updateControls() {
    for (const [name, state] of Object.entries(model.get("selected"))) showState[name](state);
  }

  function updateDisabled() {
    const disabled = new Set(model.get("disabled"));
    const focused = controls.contains(document.activeElement) && document.activeElement;
    for (const control of controls.children) {
      if (control.classList.contains("pad")) continue; // it disables its own buttons
      for (const part of control.querySelectorAll("input, select, button")) {
        part.disabled = disabled.has(control.dataset.name);
      }
    }
    if (focused && focused.disabled) { // Start pressed by keyboard: keep the focus in here
      controls.querySelector(":is(input, select, button):not(:disabled)")?.focus();
    }
  }

  const events = {
    "change:tile_diff": paint,
    "change:title change:summary change:problem change:text change:aria_live": updateText,
    "change:response_id": onResponse,
    "change:selected": () => { if (!inFlight) updateControls(); },
    "change:disabled": updateDisabled,
  };
  for (const [names, handler] of Object.entries(events)) model.on(names, handler);
  updateText();
  updateControls();
  updateDisabled();
  paint();
  el.append(root);

  // The figure is drawn for the width of the page, and for the pixels of its screen.
  function measure() {
    const width = Math.floor(root.clientWidth) - PADDING;
    const pixelRatio = Math.min(2, Math.max(1, window.devicePixelRatio || 1));
    const canvasWidth = (available) => Math.min(available, model.get("max_width"));
    const drawn = [canvasWidth(model.get("width")), model.get("pixel_ratio")];
    if (width < 1 || (canvasWidth(width) === drawn[0] && pixelRatio === drawn[1])) return;
    model.set({ width, pixel_ratio: pixelRatio });
    request();
  }

  let debounce = null;
  let lastWidth = 0;
  let maxHeight = 0; // of the summary
  const observer = new ResizeObserver(() => {
    if (el.clientWidth !== lastWidth) {
      lastWidth = el.clientWidth;
      maxHeight = 0;
      summary.style.minHeight = "";
      clearTimeout(debounce);
      debounce = setTimeout(measure, model.get("width") ? RESIZE_DEBOUNCE : 0);
    } else if (summary.clientHeight > maxHeight) { // it grows, and never shrinks:
      maxHeight = summary.clientHeight; // the controls below stay under the pointer
      summary.style.minHeight = `${maxHeight}px`;
    }
  });
  observer.observe(el);
  observer.observe(summary);
  return () => {
    clearTimeout(timer);
    clearTimeout(debounce);
    observer.disconnect();
    kernel?.statusChanged?.disconnect(onKernelStatus);
    for (const [names, handler] of Object.entries(events)) model.off(names, handler);
  };
}

export default { render };
