// Figures on a page without a kernel: figure.js, with a model that answers from a recording
// (recording.py says how it is laid out).

const VERSION = 1;
const AHEAD = "600px"; // so far below what is seen, a figure is made

async function readRecording(base64) {
  const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = await new Response(unpacked).arrayBuffer();
  const n = new DataView(bytes).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, n)));
  if (header.version !== VERSION) throw new Error(`a recording of version ${header.version}`);
  const nStrokes = new DataView(bytes).getUint32(4 + n, true);
  return { header, nStrokes, strokes: new Uint8Array(bytes, 8 + n) };
}

// What figure.js asks of the model of a widget, answered from a recording.
class RecordedModel {
  constructor({ header, nStrokes, strokes }) {
    this.header = header;
    this.handlers = {};
    this.values = {
      name: header.name, title: header.title, controls: header.controls,
      selected: header.selected, max_width: header.max_width, stacked: false,
      breakpoint: header.layouts.length > 1 ? header.breakpoint : 0,
      prepares: false, recorded: true, disabled: [], aria_live: "polite",
      summary: "", text: "", problem: "", request_id: 0, response_id: 0, picture: {},
    };
    const first = this.state();
    const picture = { ...first.picture, new: [[0, nStrokes]], data: strokes };
    Object.assign(this.values, first, { picture });
  }

  get(name) { return this.values[name]; }

  set(name, value) { this.update({ [name]: value }); }

  update(changes) {
    const changed = Object.keys(changes).filter((name) => changes[name] !== this.values[name]);
    Object.assign(this.values, changes);
    for (const name of changed) {
      for (const handler of this.handlers[`change:${name}`] ?? []) handler();
    }
  }

  on(names, handler) {
    for (const name of names.split(" ")) (this.handlers[name] ??= new Set()).add(handler);
  }

  off(names, handler) {
    for (const name of names.split(" ")) this.handlers[name]?.delete(handler);
  }

  send() {}

  save_changes() {
    queueMicrotask(() => this.update({ ...this.state(), response_id: this.get("request_id") }));
  }

  // The number of the state selected: controls count as digits do, the last one the fastest.
  number() {
    const { controls, order } = this.header;
    return order.reduce((sum, name) => {
      const { texts } = controls.find((spec) => spec.name === name);
      return sum * (texts ? texts.length : 2) + Number(this.values.selected[name]);
    }, 0);
  }

  state() {
    const { layouts, words } = this.header;
    const { selected, stacked } = this.values;
    const { size, frames } = layouts[Number(stacked)] ?? layouts[0];
    const number = this.number();
    const [summary, text, problem] = words[number];
    if (!frames[number]) return { problem };
    const strokes = [];
    for (let i = 0; i < frames[number].length; i += 2) strokes.push(frames[number].slice(i, i + 2));
    const picture = { selected, stacked, summary, text, problem, table: 0, strokes, size };
    return { summary, text, problem, picture: { ...picture, new: [], data: new Uint8Array() } };
  }
}

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = element("script", { src: address, onload: resolve, onerror: reject });
    document.head.append(script);
  });
}

async function answer(place) {
  const { name, recording } = place.dataset;
  try {
    if (!globalThis.courseRecordings?.[name] && recording) await loadScript(recording);
    const base64 = globalThis.courseRecordings?.[name];
    if (!base64) return; // the still stays
    const found = await readRecording(base64);
    const el = element("div");
    place.append(el);
    place.classList.add("answers");
    render({ model: new RecordedModel(found), el });
    if (found.header.note) {
      el.append(element("p", { className: "course-recorded-note", textContent: found.header.note }));
    }
  } catch (error) {
    place.classList.remove("answers");
    console.warn(`${name} stays a still: ${error}`);
  }
}

function answerAll() {
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      answer(target);
    }
  }, { rootMargin: AHEAD });
  for (const place of document.querySelectorAll(".course-recorded")) observer.observe(place);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", answerAll);
else answerAll();
