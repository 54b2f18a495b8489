// The view of an interactive figure: native controls, a canvas for strokes.js, and states
// kept at hand. Of what a reader asks for, one request is in flight.

const BUSY_TIMEOUT = 1500; // ms without a response, after which the kernel counts as busy
const SETTLE = 400; // ms after the last picture from the states at hand, the kernel is told
const MOST_STATES = 2000; // kept at hand
const REACH = 100; // stops of a slider, to each side, that are prepared
const GRIP = { mouse: 16, touch: 28 }; // CSS pixels around a handle in which it is taken
const GLOW = ["rgba(0, 114, 178, 0.2)", 13]; // around a handle under the pointer: colour, radius
const FOLLOW = 120; // ms from a picture to the next step towards a pointer that is held
const TAP = 10; // CSS pixels: a finger that moves further does not tap
const SLOW = 150; // ms: a figure that took longer to draw each of the last
const SLOW_STATES = 3; // states is not prepared any more; the first may compile
const EDITING_KEYS = ["a", "c", "v", "x", "y", "z", "control", "meta", "arrowleft", "arrowright"];
const PADDING = 8; // pixels of the figure, left and right together, as in figure.css

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
  if (!model.get("recorded")) root.addEventListener("keydown", (event) => navigate(event, root));
  root.addEventListener("focusin", (event) => { // by keyboard: show the canvas, too
    if (event.target.matches(":focus-visible")) root.scrollIntoView({ block: "nearest" });
  });
  if (!model.get("recorded")) root.setAttribute("aria-description", "Escape leads back to the cell.");
  canvas.setAttribute("role", "img");
  problem.setAttribute("role", "alert");
  text.setAttribute("role", "region");

  // --- one request in flight: the newest state waits for the response to the last ------

  let inFlight = false;
  let pending = false;
  let unsent = null; // the state of the controls, while the kernel does not know it
  let gone = false; // its kernel
  let timer = null;
  let settle = null;
  const players = []; // called after each picture

  // The state after changes, and what follows from them: the choice of a preset sets others.
  function selectedAfter(changes) {
    const selected = { ...model.get("selected") };
    for (const spec of model.get("controls")) {
      if (spec.name in changes) Object.assign(selected, spec.resets, spec.sets[changes[spec.name]]);
      else if (spec.preset && spec.sets.some((sets) => Object.keys(sets).some((k) => k in changes))) {
        selected[spec.name] = spec.start;
      }
    }
    return Object.assign(selected, changes);
  }

  function change(changes) {
    const selected = selectedAfter(changes);
    unsent = selected;
    model.set("selected", selected);
    lastMoved = Object.keys(changes)[0];
    const state = atHand(selected);
    if (state) {
      canvas.dataset.source = "browser"; // of the picture shown
      show(state);
      clearTimeout(settle);
      settle = setTimeout(() => request({ quiet: true }), SETTLE);
      for (const play of players) play();
    } else {
      request();
    }
  }

  function request({ quiet = false } = {}) {
    clearTimeout(settle);
    if (gone) return;
    if (!quiet) root.setAttribute("aria-busy", "true"); // its words are read out when whole
    if (inFlight) {
      pending = true;
      return;
    }
    inFlight = true;
    pending = false;
    unsent = null;
    model.set("request_id", model.get("request_id") + 1);
    model.save_changes();
    timer = setTimeout(() => {
      waiting.textContent = "The kernel is busy. The picture follows when it is free.";
      waiting.hidden = quiet;
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
      updateControls();
      prepare();
    }
    for (const play of players) play();
  }

  // --- states at hand: those near the one shown are asked for while nothing else is ------

  const states = new Map(); // what was seen or prepared
  const strokes = new Strokes();
  let table = -1; // the strokes' numbers mean nothing in another table
  let lastMoved = null;
  let preparing = null; // the key of a state that was asked for
  let slow = 0; // how many states in a row took long to draw

  const key = (selected, stacked) => JSON.stringify([stacked, Object.entries(selected).sort()]);
  const atHand = (selected) => states.get(key(selected, model.get("stacked")));

  // Keep a state as the kernel sends it; false if strokes of its picture are missing.
  function keep(state) {
    if (state.strokes) {
      if (state.table !== table) {
        table = state.table;
        strokes.clear();
        states.clear();
      }
      strokes.add(state.new, state.data);
      delete state.data;
      state.frame = unfold(state.strokes);
      if (!strokes.has(state.frame)) return false;
    }
    if (states.size >= MOST_STATES) states.delete(states.keys().next().value);
    states.set(key(state.selected, state.stacked), state);
    return true;
  }

  // The last state, in the picture that is shown, of a control whose states are counted.
  function lastOf({ kind, name, texts }) {
    if (kind === "toggle") return 1;
    if (kind !== "slider" && kind !== "choice") return -1;
    return Math.min(texts.length - 1, ends[name] ?? Infinity);
  }

  // The next state to prepare: the nearest stops of the slider last moved, then of others,
  // and what a click on something named would show.
  function nearest() {
    const [selected, stacked] = [model.get("selected"), model.get("stacked")];
    const specs = model.get("controls").filter((spec) => spec.kind !== "button");
    specs.sort((a, b) => (b.name === lastMoved) - (a.name === lastMoved));
    for (const spec of specs) {
      const reach = spec.name === lastMoved ? REACH : 1;
      const now = Math.min(selected[spec.name], lastOf(spec));
      for (let d = 1; d <= Math.min(reach, lastOf(spec)); d++) {
        for (const value of spec.kind === "toggle" ? [!now] : [now + d, now - d]) {
          if (value < 0 || value > lastOf(spec)) continue;
          const near = selectedAfter({ [spec.name]: value });
          if (!states.has(key(near, stacked))) return near;
        }
      }
    }
    for (const { control, states: offered, names } of handles().flatMap(({ sets }) => sets)) {
      for (const value of names ? offered : []) {
        const near = selectedAfter({ [control]: value });
        if (!states.has(key(near, stacked))) return near;
      }
    }
    return null;
  }

  function prepare() {
    if (!model.get("prepares") || slow >= SLOW_STATES || gone || inFlight || preparing || document.hidden) return;
    if (lastMoved === null && (kernel?.status === "busy" || !model.get("prepares_at_once"))) return;
    const near = root.isConnected && nearest();
    if (!near) return;
    preparing = key(near, model.get("stacked"));
    model.send({ prepare: near, stacked: model.get("stacked") });
  }

  function onMessage(message, buffers) {
    const { prepared, milliseconds } = message;
    if (!prepared) return;
    preparing = null;
    slow = milliseconds > SLOW ? slow + 1 : 0;
    keep({ ...prepared, data: buffers[0] });
    prepare();
  }

  // --- the canvas ------------------------------------------------------------------------

  let shown = null; // the state on the canvas
  let ends = {}; // the last state of each slider that ends early there

  function show(state) {
    if (state.frame && !looksAs(shown, state)) paint(state);
    if (state.frame) shown = state;
    updateText(state);
  }

  function looksAs(one, other) {
    return one && one.table === other.table && one.stacked === other.stacked &&
      JSON.stringify(one.strokes) === JSON.stringify(other.strokes);
  }

  function paint(state) {
    shown = state;
    const [width, height] = state.size;
    const available = Math.max(1, Math.floor(root.clientWidth) - PADDING);
    const cssWidth = root.clientWidth ? Math.min(available, width) : width;
    const scale = (cssWidth / width) * Math.max(1, window.devicePixelRatio || 1);
    const size = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
      canvas.style.width = `${cssWidth}px`;
      controls.style.maxWidth = `${Math.max(640, cssWidth)}px`;
    }
    strokes.paint(canvas, state.frame, scale);
    glow(scale);
    canvas.dataset.painted = Number(canvas.dataset.painted || 0) + 1;
    const before = JSON.stringify(ends);
    ends = strokes.ends(state.frame);
    if (JSON.stringify(ends) !== before) updateControls();
  }

  function glow(scale) {
    const at = handles()[glowing]?.at;
    if (!at) return;
    const context = canvas.getContext("2d");
    const [colour, radius] = GLOW;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = colour;
    context.beginPath();
    if (at.length > 2) { // a line
      Object.assign(context, { lineWidth: radius, strokeStyle: colour });
      context.moveTo(at[0], at[1]);
      context.lineTo(at[2], at[3]);
      context.stroke();
      return;
    }
    context.arc(...at, radius, 0, 2 * Math.PI);
    context.fill();
  }

  // --- the pointer: it takes the nearest handle, and sets what the handle sets -----------
  // A handle with a place is dragged. In an area a mouse drags, too; a finger taps, so that
  // the page can still be scrolled.

  let held = null; // the handle held: its number in the frame, as it was taken, and how far
  let tapped = null; // where a finger touched an area
  let glowing = -1; // the number of the handle under the pointer
  let last = null; // the pointer's last event
  let following = null;

  const handles = () => (shown ? strokes.handles(shown.frame) : []);

  // The pointer in CSS pixels of the figure as it was recorded.
  function place(event) {
    const box = canvas.getBoundingClientRect();
    const scale = shown.size[0] / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale, scale };
  }

  // The handle under the pointer: its number, and whether the pointer is at its place.
  function handleUnder(event) {
    const found = { number: -1, gripped: false };
    if (!shown) return found;
    const { x, y, scale } = place(event);
    let least = (GRIP[event.pointerType] ?? GRIP.touch) * scale;
    handles().forEach((handle, number) => {
      const [left, top, width, height] = handle.area ?? [];
      const inside = x >= left && x <= left + width && y >= top && y <= top + height;
      const away = handle.at ? distance(handle.at, { x, y }) : brushAway(handle, { x, y, scale });
      if (away < least) {
        Object.assign(found, { number, gripped: true });
        least = away;
      } else if (inside && found.number < 0) {
        found.number = number;
      }
    });
    return found;
  }

  // How far the pointer is from a painted point that it can take: nothing, or too far.
  function brushAway({ sets }, at) {
    const given = sets.find(({ grid }) => grid);
    return given && brushes[given.control].takes(given.grid, at) ? 0 : Infinity;
  }

  // The state that a set gives its control, which has one now, at a place of the pointer.
  function stateAt(given, now, at) {
    if (given.spans) return moved(now, given, at);
    if (!given.around) return nearestState(given, at);
    const stop = nearestDirection(given, at);
    return given.part === undefined ? stop : turned(given.control, given.part, stop);
  }

  function pull(handle, event, offset = [0, 0], first = false) {
    const at = place(event);
    at.x += offset[0];
    at.y += offset[1];
    const changes = {};
    for (const given of handle.sets) {
      const now = model.get("selected")[given.control];
      if (now === undefined) continue; // a control that this page does not have
      if (given.grid) {
        const points = brushes[given.control].paint(given.grid, at, first);
        if (points) changes[given.control] = points;
        continue;
      }
      const state = stateAt(given, now, at);
      if (state !== now) changes[given.control] = state;
      if (given.spans) chosen[given.control]?.(given.point);
    }
    if (!Object.keys(changes).length) return;
    change(changes);
    updateControls();
  }

  function pullHeld(first = false) {
    if (held?.handle.follow) {
      const handle = handles()[held.number];
      if (handle) pull(handle, last);
    } else if (held) {
      pull(held.handle, last, held.offset, first);
    }
  }

  players.push(() => { // after each picture
    clearTimeout(following);
    if (held && handles()[held.number]?.follow) following = setTimeout(() => pullHeld(), FOLLOW);
  });

  // Show what is under the pointer: the cursor, the words of the handle, a glow around it.
  function point({ number, gripped } = { number: -1 }) {
    const handle = handles()[number];
    const along = new Set(handle?.sets.map((given) => given.along));
    const line = along.size === 1 && { x: "ew-resize", y: "ns-resize" }[[...along][0]];
    const named = handle?.sets.find(({ names }) => names);
    const free = named ? "pointer" : !gripped ? "crosshair" : held ? "grabbing" : "grab";
    canvas.style.cursor = handle ? line || free : "";
    const words = named ? named.names[nearestPlace(named, place(last))] : handle?.label;
    canvas.title = held ? "" : words ?? "";
    const now = gripped ? number : -1;
    if (now === glowing) return;
    glowing = now;
    if (shown) paint(shown);
  }

  // After the pointer, keys go on where it stopped.
  function focusSlider({ sets }) {
    if (canvas.tabIndex >= 0) return; // it has keys of its own
    const box = [...controls.children].find((part) => part.dataset.name === sets[0].control);
    box?.querySelector("input[type=range]")?.focus({ preventScroll: true });
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button || gone) return;
    const under = handleUnder(event);
    const handle = handles()[under.number];
    if (!handle) return;
    last = event;
    if (!under.gripped && event.pointerType !== "mouse") {
      tapped = event;
      return;
    }
    event.preventDefault(); // no selection of text, no drag of the image
    if (canvas.tabIndex >= 0) canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    const { x, y } = place(event);
    const near = under.gripped && handle.at ? onLine(handle.at, { x, y }) : [x, y];
    held = { number: under.number, handle, offset: [near[0] - x, near[1] - y] };
    pullHeld(true);
    point(under);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (gone) return;
    const rests = event.clientX === last?.clientX && event.clientY === last?.clientY;
    last = event;
    if (held) {
      pullHeld();
    } else if (event.pointerType === "mouse") {
      const under = handleUnder(event);
      point(under);
      const handle = handles()[under.number];
      if (handle?.hover && !rests) pull(handle, event); // keys may have gone on from there
    }
  });
  canvas.addEventListener("pointerup", (event) => {
    const away = tapped && Math.hypot(event.clientX - tapped.clientX, event.clientY - tapped.clientY);
    const handle = tapped && away < TAP && handles()[handleUnder(event).number];
    if (handle) pull(handle, event, [0, 0], true);
    if (handle || held) focusSlider(handle || held.handle);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(name, (event) => {
      held = tapped = null;
      point(event.pointerType === "mouse" ? handleUnder(event) : undefined);
    });
  }
  canvas.addEventListener("pointerleave", () => { if (!held) point(); });
  canvas.addEventListener("touchstart", (event) => { // a handle is dragged, the page is not
    const { clientX, clientY } = event.touches[0];
    const under = handleUnder({ clientX, clientY, pointerType: "touch" });
    if (under.gripped) event.preventDefault();
  }, { passive: false });

  function onPicture() {
    const state = { ...model.get("picture") };
    if (!state.strokes) return;
    if (!keep(state)) model.send({ whole: true });
    else if (!atHand(model.get("selected")) || atHand(model.get("selected")) === state) {
      canvas.dataset.source = "kernel";
      show(state);
    }
  }

  function updateText(state = null) {
    const get = (name) => (state ?? { [name]: model.get(name) })[name];
    title.textContent = model.get("title");
    text.setAttribute("aria-label", `Details: ${model.get("title")}`);
    summary.textContent = get("summary");
    summary.setAttribute("aria-live", model.get("aria_live"));
    canvas.setAttribute("aria-label", `${model.get("title")}. ${get("summary")}`);
    problem.textContent = get("problem");
    problem.hidden = !get("problem");
    text.textContent = get("text");
    text.hidden = !get("text");
  }

  // --- the controls: each returns a function that shows its state, and its elements ------

  const brushes = {}; // by the name of a control of painted points: what paints them
  const chosen = {}; // by the name of a control of points: a function that chooses one

  const { create, turned } = controlMakers({
    model, root, canvas, change, updateControls, lastOf, players, brushes, chosen, handles,
    width: () => shown.size[0],
  });
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
    "change:picture": onPicture,
    "change:title change:problem change:aria_live": () => updateText(),
    "change:summary change:text": () => { // a late one is that of another state
      updateText(model.get("prepares") ? atHand(model.get("selected")) : null);
    },
    "change:response_id": onResponse,
    "change:selected": () => {
      if (unsent && model.get("selected") !== unsent) {
        model.set("selected", unsent); // what came is the echo of a state sent before
      } else if (!inFlight) {
        updateControls();
      }
    },
    "change:disabled": updateDisabled,
    "msg:custom": onMessage,
  };
  for (const [names, handler] of Object.entries(events)) model.on(names, handler);
  updateText();
  updateControls();
  updateDisabled();
  el.append(root);
  onPicture();

  // On a narrow page the panels of the figure stand one below the other.
  function measure() {
    if (!root.clientWidth) return;
    const stacked = root.clientWidth - PADDING < model.get("breakpoint");
    if (stacked !== model.get("stacked")) {
      model.set("stacked", stacked);
      const state = atHand(model.get("selected"));
      if (state) show(state);
      request({ quiet: Boolean(state) });
    } else if (shown) {
      paint(shown);
    }
    prepare();
  }

  let lastWidth = 0;
  let maxHeight = 0; // of the summary
  const observer = new ResizeObserver(() => {
    if (el.clientWidth !== lastWidth) {
      lastWidth = el.clientWidth;
      maxHeight = 0;
      summary.style.minHeight = "";
      measure();
    } else if (summary.clientHeight > maxHeight) { // it grows, and never shrinks:
      maxHeight = summary.clientHeight; // the controls below stay under the pointer
      summary.style.minHeight = `${maxHeight}px`;
    }
  });
  observer.observe(el);
  observer.observe(summary);
  return () => {
    clearTimeout(timer);
    clearTimeout(settle);
    observer.disconnect();
    kernel?.statusChanged?.disconnect(onKernelStatus);
    for (const [names, handler] of Object.entries(events)) model.off(names, handler);
  };
}

export default { render };
