// The native controls of a figure, one maker for each kind of controls.py. A maker returns a
// function that shows a state, and the elements.

const PLAY_DURATION = 6000; // ms for a slider that plays from end to end, but
const STOP_DURATION = [60, 400]; // at least and at most so many ms a stop
const POINT = 9; // CSS pixels around a painted point in which it is taken, and
const TRAIL = 20; // from one point to the next where a trail of them is painted
const INPUT_DEBOUNCE = 250; // ms
const STILL_STEPS = 10; // presses from end to end for a reader who wants no motion
const KEYS = { "+": 1, "-": -1, ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };

function element(tag, options = {}, ...children) {
  const { data, ...properties } = options;
  const node = Object.assign(document.createElement(tag), properties);
  Object.assign(node.dataset, data);
  node.append(...children);
  return node;
}

// figure: its model and its elements, ``change`` to set controls, ``players`` to call after
// each picture, and where the pointer finds what it needs of a control.
function controlMakers(figure) {
  const { model, root, canvas, change, updateControls, lastOf, players, brushes, chosen, handles, width } = figure;

  const create = {
    slider(spec, name, commit = (value) => change({ [spec.name]: value })) {
      const range = element("input", { type: "range", id: name, min: 0, step: 1 });
      const shown = element("output", { htmlFor: name });
      const show = (value) => {
        range.max = lastOf(spec);
        range.value = value;
        shown.textContent = spec.texts[range.value];
        range.setAttribute("aria-valuetext", spec.texts[range.value]);
      };
      const set = (value) => {
        show(value);
        commit(value);
      };
      range.addEventListener("input", () => set(Number(range.value)));
      range.addEventListener("keydown", (event) => {
        const by = KEYS[event.key];
        if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        const now = Number(range.value) / spec.stride;
        const wanted = spec.stride * (by > 0 ? Math.floor(now) + 1 : Math.ceil(now) - 1);
        const value = Math.max(0, Math.min(lastOf(spec), wanted));
        if (value !== Number(range.value)) set(value);
      });
      const label = element("label", { htmlFor: name, textContent: spec.label });
      const row = element("div", { className: "row" }, range);
      if (spec.play) row.prepend(player(range, set, spec));
      return [show, element("div", { className: "label-row" }, label, shown), row];
    },

    choice(spec, name) {
      const options = spec.texts.map((text, i) => element("option", { value: i, textContent: text }));
      const select = element("select", { id: name }, ...options);
      select.addEventListener("change", () => change({ [spec.name]: Number(select.value) }));
      const label = element("label", { htmlFor: name, textContent: spec.label });
      return [(value) => { select.value = value; }, label, select];
    },

    toggle(spec, name) {
      const box = element("input", { type: "checkbox", id: name });
      box.addEventListener("change", () => change({ [spec.name]: box.checked }));
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
        if (input.value !== model.get("selected")[spec.name]) change({ [spec.name]: input.value });
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

    turns(spec, name) {
      const now = () => model.get("selected")[spec.name];
      const range = element("input", { type: "range", id: name, min: 0, max: spec.texts.length - 1, step: 1 });
      const shown = element("output", { htmlFor: name });
      const options = spec.parts.map((text, i) => element("option", { value: i, textContent: text }));
      const select = element("select", { ariaLabel: spec.label }, ...options);
      const undo = element("button", { type: "button", textContent: "Undo" });
      const reset = element("button", { type: "button", textContent: "Start again" });
      const set = (state) => {
        show(state);
        change({ [spec.name]: state });
      };
      const show = (state) => {
        select.value = state.part;
        const stop = stopOf(spec, state, state.part);
        range.value = stop;
        shown.textContent = spec.texts[stop];
        range.setAttribute("aria-valuetext", spec.texts[stop]);
        range.setAttribute("aria-label", `${spec.parts[state.part]}: turn it`);
        undo.disabled = reset.disabled = !state.turns.length;
      };
      select.addEventListener("change", () => set({ ...now(), part: Number(select.value) }));
      range.addEventListener("input", () => set(turned(spec.name, now().part, Number(range.value))));
      undo.addEventListener("click", () => set({ ...now(), turns: now().turns.slice(0, -1) }));
      reset.addEventListener("click", () => set({ part: 0, turns: [] }));
      const label = element("label", { htmlFor: name, textContent: spec.label });
      const group = element("div", { className: "row" }, select, range, undo, reset);
      return [show, element("div", { className: "label-row" }, label, shown), group];
    },

    pad(spec, name) {
      const word = () => model.get("selected")[spec.name];
      const set = (value) => {
        show(value);
        change({ [spec.name]: value.slice(0, spec.max_length) });
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

    // Points on a plane: one is chosen, and moved by a slider for each coordinate.
    draggables(spec, name) {
      const points = () => model.get("selected")[spec.name];
      const options = spec.names.map((text, i) => element("option", { value: i, textContent: text }));
      const select = element("select", { id: name }, ...options);
      const label = element("label", { htmlFor: name, textContent: spec.label });
      const back = element("button", { type: "button", textContent: spec.back });
      back.addEventListener("click", () => {
        change({ [spec.name]: spec.start });
        updateControls();
      });
      const shows = [];
      const sliders = spec.sliders.map((slider, axis) => {
        const commit = (value) => {
          const now = points().map((point) => [...point]);
          now[select.value][axis] = value;
          change({ [spec.name]: now });
        };
        const [show, ...parts] = create.slider(slider, `${name}-${axis}`, commit);
        shows.push(show);
        return element("div", { className: "slider" }, ...parts);
      });
      const show = (now) => shows.forEach((show, axis) => show(now[select.value][axis]));
      select.addEventListener("change", () => show(points()));
      chosen[spec.name] = (i) => { select.value = i; show(points()); };
      return [show, element("div", {}, label, element("div", { className: "row" }, select, back)), ...sliders];
    },

    points(spec, name) {
      const get = () => model.get("selected")[spec.name];
      const tools = [...spec.texts.map((text) => `add ${text}`), "remove"];
      const [removing, size] = [spec.texts.length, spec.size];
      let tool = 0;
      let at = size.map((n) => Math.round(n / 2)); // the cursor of the keyboard, on the grid
      let moving = -1; // the number of the point that is moved
      let last = null; // where a trail of points was painted last, in pixels
      const inside = (value, i) => Math.min(size[i], Math.max(0, Math.round(value)));

      const reach = ({ scale }) => POINT * scale;
      const away = (points, [x0, y0, x1, y1], { x, y }) => points.map(([column, row]) => Math.hypot(
        x0 + (column / size[0]) * (x1 - x0) - x, y0 + (row / size[1]) * (y1 - y0) - y,
      ));

      // Use the tool at a spot of the figure, given the pixels of two corners of the grid;
      // return the points after it, null for no change. A point that is there is moved.
      function paint(grid, pointer, first) {
        const [points, [x0, y0, x1, y1], { x, y, scale }] = [get(), grid, pointer];
        const ways = away(points, grid, pointer);
        at = [(x - x0) / (x1 - x0), (y - y0) / (y1 - y0)].map((v, i) => inside(v * size[i], i));
        cursor.hidden = true;
        if (tool === removing) {
          const left = points.filter((_, i) => ways[i] > reach(pointer));
          return left.length < points.length ? left : null;
        }
        if (first) {
          moving = ways.findIndex((way) => way === Math.min(...ways) && way <= reach(pointer));
          last = null;
          if (moving >= 0) return null;
        }
        if (moving >= 0) return points.map((p, i) => (i === moving ? [...at, p[2]] : p));
        if (last && Math.hypot(x - last[0], y - last[1]) < TRAIL * scale) return null;
        if (points.length >= spec.most) return null;
        last = [x, y];
        return [...points, [...at, tool]];
      }
      const takes = (grid, pointer) => (
        tool !== removing && Math.min(...away(get(), grid, pointer)) <= reach(pointer)
      );
      brushes[spec.name] = { paint, takes };

      // By keyboard: a cursor on the canvas, moved by the arrow keys.
      const cursor = element("span", { className: "cursor", hidden: true });
      const where = element("output", { className: "where" });
      where.setAttribute("aria-live", "polite");
      root.append(cursor);
      const corners = () => handles().flatMap(({ sets }) => sets)
        .find(({ control, grid }) => control === spec.name && grid)?.grid;
      function showCursor() {
        const grid = corners();
        cursor.hidden = !grid || !canvas.matches(":focus-visible");
        if (!grid) return;
        const [x0, y0, x1, y1] = grid;
        const scale = canvas.clientWidth / width();
        const spot = [x0 + (at[0] / size[0]) * (x1 - x0), y0 + (at[1] / size[1]) * (y1 - y0)];
        cursor.style.left = `${canvas.offsetLeft + spot[0] * scale}px`;
        cursor.style.top = `${canvas.offsetTop + spot[1] * scale}px`;
        const [low, high] = spec.corners;
        const text = (i) => (low[i] + (at[i] / size[i]) * (high[i] - low[i])).toFixed(1);
        where.textContent = cursor.hidden ? "" : `cursor at (${text(0)}, ${text(1)})`.replace(/-/g, "−");
      }
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-description",
        "Arrow keys move a cursor, with Shift farther; Enter adds a point there, Delete removes it.");
      canvas.addEventListener("focus", showCursor);
      canvas.addEventListener("blur", showCursor);
      canvas.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const step = steps[event.key];
        const use = { Enter: tool, " ": tool, Delete: removing, Backspace: removing }[event.key];
        if (!step && (use === undefined || event.shiftKey)) return;
        event.preventDefault();
        if (step) {
          at = at.map((value, i) => inside(value + step[i] * (event.shiftKey ? 10 : 2), i));
          showCursor();
        } else if (corners()) {
          const points = get().filter(([column, row]) => Math.abs(column - at[0]) > 2 || Math.abs(row - at[1]) > 2);
          if (use === removing ? points.length < get().length : points.length < spec.most) {
            set(use === removing ? points : [...points, [...at, use]]);
          }
        }
      });

      const set = (points) => { change({ [spec.name]: points }); updateControls(); };
      const choices = tools.map((text, i) => {
        const radio = element("input", { type: "radio", name, id: `${name}-${i}`, checked: i === tool });
        radio.addEventListener("change", () => { tool = i; });
        return element("label", { htmlFor: radio.id }, radio, ` ${text}`);
      });
      const clear = element("button", { type: "button", textContent: "Clear" });
      clear.addEventListener("click", () => set([]));
      const group = element("div", { className: "row" }, ...choices, clear, where);
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", spec.label);
      const show = (points) => { clear.disabled = !points.length; };
      return [show, element("span", { textContent: spec.label, ariaHidden: "true" }), group];
    },

    button(spec, name) {
      const button = element("button", { type: "button", id: name, textContent: spec.label });
      button.addEventListener("click", () => model.send({ press: spec.name }));
      return [() => {}, button];
    },
  };

  function player(range, set, spec) {
    const { label, play } = spec;
    const button = element("button", { type: "button" });
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const named = typeof play === "string"; // it says in words what it does
    const [least, most] = STOP_DURATION;
    const duration = () => Math.min(most, Math.max(least, PLAY_DURATION / lastOf(spec)));
    let since = 0;
    let running = false;
    let timeout = null;
    const show = (state) => {
      running = state;
      button.textContent = running ? "❚❚" : named ? `▶ ${play}` : "▶";
      if (running || !named) button.setAttribute("aria-label", `${running ? "Pause" : "Play"}: ${label}`);
      else button.removeAttribute("aria-label");
    };
    const next = (value = Number(range.value) + 1) => {
      if (!running || !root.isConnected) return;
      if (value > lastOf(spec)) return show(false);
      since = performance.now();
      set(value);
    };
    button.addEventListener("click", () => {
      if (running) return show(false);
      if (still.matches) { // a jump, and no more until it is pressed again
        const now = Number(range.value);
        const last = lastOf(spec);
        return set(now >= last ? 0 : Math.min(last, now + Math.ceil(last / STILL_STEPS)));
      }
      show(true);
      next(Number(range.value) >= lastOf(spec) ? 0 : Number(range.value) + 1);
    });
    range.addEventListener("pointerdown", () => show(false));
    players.push(() => {
      clearTimeout(timeout);
      timeout = setTimeout(() => next(), Math.max(0, duration() - (performance.now() - since)));
    });
    show(false);
    return button;
  }

  // --- a control with parts: where one stands, and the turns with one more ---------------

  const clocks = {}; // when the first turn began

  const stopOf = (spec, state, part) =>
    state.turns.findLast(([turned]) => turned === part)?.[1] ?? spec.starts[part];

  function turned(name, part, stop) {
    const spec = model.get("controls").find((one) => one.name === name);
    const state = model.get("selected")[name];
    if (stopOf(spec, state, part) === stop) return part === state.part ? state : { ...state, part };
    const turns = [...state.turns];
    const last = turns.at(-1);
    if (!last) clocks[name] = performance.now();
    clocks[name] ??= performance.now() - 1000 * last[2]; // the page was opened again
    const seconds = Math.round((performance.now() - clocks[name]) / 100) / 10;
    if (last && last[0] === part) turns[turns.length - 1] = [part, stop, seconds];
    else if (turns.length < spec.max_length) turns.push([part, stop, seconds]);
    return { part, turns };
  }

  return { create, turned };
}
