// Strokes as strokes.py records them, read and drawn on a canvas: its grammar stands there.

const [SHAPE, PATH, MARKERS, IMAGE, TEXT, HANDLE] = [0, 1, 2, 3, 4, 5];
const [FILLED, EDGED, SNAPPED, DASHED] = [1, 2, 4, 8];
const [BOX, OUTLINE] = [1, 2];
const [CODED, CLOSED, WIDE, GLYPH] = [1, 2, 4, 8];
const [UNIT, CLIP_UNIT, GLYPH_UNIT] = [1 / 32, 1 / 16, 1 / 64];
const [CAPS, JOINS] = [["butt", "round", "square"], ["miter", "round", "bevel"]];
const [MOVE, LINE, CURVE3, CURVE4, CLOSE] = [1, 2, 3, 4, 79]; // codes of an outline

class StrokeReader {
  constructor(bytes) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }
  u8() { return this.view.getUint8(this.at++); }
  u16() { this.at += 2; return this.view.getUint16(this.at - 2, true); }
  u32() { this.at += 4; return this.view.getUint32(this.at - 4, true); }
  i16() { this.at += 2; return this.view.getInt16(this.at - 2, true); }
  i32() { this.at += 4; return this.view.getInt32(this.at - 4, true); }
  f32() { this.at += 4; return this.view.getFloat32(this.at - 4, true); }
  rest() { return new Uint8Array(this.view.buffer, this.view.byteOffset + this.at, this.view.byteLength - this.at); }
  many(n, read) { return Array.from({ length: n }, () => read.call(this)); }

  colour() {
    const [r, g, b, a] = this.many(4, this.u8);
    return `rgba(${r}, ${g}, ${b}, ${a / 255})`;
  }

  style() {
    const flags = this.u8();
    const style = { snapped: flags & SNAPPED, dash: [] };
    if (flags & FILLED) style.face = this.colour();
    if (flags & EDGED) {
      style.edge = this.colour();
      style.width = this.f32();
      const ends = this.u8();
      style.cap = CAPS[Math.floor(ends / 3)];
      style.join = JOINS[ends % 3];
    }
    if (flags & DASHED) {
      const n = this.u8();
      style.offset = this.f32();
      style.dash = this.many(n, this.f32);
    }
    style.clip = this.clip();
    return style;
  }

  clip() {
    const flags = this.u8();
    return {
      box: flags & BOX ? this.many(4, this.i16).map((value) => value * CLIP_UNIT) : null,
      shape: flags & OUTLINE ? this.u32() : null,
    };
  }

  outline() {
    const [form, n] = [this.u8(), this.u32()];
    const codes = form & CODED ? this.many(n, this.u8) : null;
    const unit = form & GLYPH ? GLYPH_UNIT : UNIT;
    const points = this.many(2 * n, form & WIDE ? this.i32 : this.i16);
    return { codes, closed: form & CLOSED, points: points.map((value) => value * unit) };
  }

  stroke() {
    const kind = this.u8();
    if (kind === SHAPE) return { kind, outline: this.outline() };
    if (kind === IMAGE) return { kind, ...this.image() };
    if (kind === HANDLE) return { kind, ...JSON.parse(new TextDecoder().decode(this.rest())) };
    const style = this.style();
    if (kind === PATH) return { kind, style, outline: this.outline() };
    if (kind === MARKERS) {
      const [shape, n] = [this.u32(), this.u32()];
      return { kind, style, shape, places: this.many(2 * n, this.i32).map((value) => value * UNIT) };
    }
    const matrix = this.many(6, this.f32);
    const glyph = () => ({ shape: this.u32(), x: this.f32(), y: this.f32(), scale: this.f32() });
    return { kind, style, matrix, glyphs: this.many(this.u16(), glyph) };
  }

  image() {
    const clip = this.clip();
    const matrix = this.many(6, this.f32);
    const smooth = this.u8();
    const [width, height, nColours] = this.many(3, this.u16);
    const n = width * height;
    const pixels = new Uint32Array(n);
    const colours = this.many(nColours || n, this.u32);
    for (let i = 0; i < n; i++) pixels[i] = colours[nColours ? this.u8() : i];
    const bitmap = document.createElement("canvas");
    Object.assign(bitmap, { width, height });
    const rgba = new Uint8ClampedArray(pixels.buffer);
    bitmap.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
    return { clip, matrix, smooth, bitmap };
  }
}

function tracePath(path, { codes, closed, points }, at) {
  const x = (i) => at(points[2 * i]);
  const y = (i) => at(points[2 * i + 1]);
  for (let i = 0; i < points.length / 2; i++) {
    const code = codes ? codes[i] : i ? LINE : MOVE;
    if (code === MOVE) path.moveTo(x(i), y(i));
    else if (code === LINE) path.lineTo(x(i), y(i));
    else if (code === CURVE3) { path.quadraticCurveTo(x(i), y(i), x(i + 1), y(i + 1)); i += 1; }
    else if (code === CURVE4) {
      path.bezierCurveTo(x(i), y(i), x(i + 1), y(i + 1), x(i + 2), y(i + 2));
      i += 2;
    } else if (code === CLOSE) path.closePath();
  }
  if (closed) path.closePath();
  return path;
}

// The strokes of one figure by number, and a painter for frames of them.
class Strokes {
  constructor() { this.clear(); }

  clear() {
    this.bytes = new Map();
    this.read = new Map(); // strokes that were painted, as objects
    this.traced = new Map(); // their paths, at one scale
    this.scale = 0;
  }

  // Ranges [first, how many]; the bytes: the length of each stroke (u32), then all of them.
  add(ranges, data) {
    const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
    const numbers = unfold(ranges);
    const lengths = new DataView(bytes.buffer, bytes.byteOffset);
    let at = 4 * numbers.length;
    numbers.forEach((number, i) => {
      const end = at + lengths.getUint32(4 * i, true);
      this.bytes.set(number, bytes.slice(at, end));
      at = end;
    });
  }

  has(frame) { return frame.every((number) => this.bytes.has(number)); }

  stroke(number) {
    let stroke = this.read.get(number);
    if (!stroke) {
      stroke = new StrokeReader(this.bytes.get(number)).stroke();
      this.read.set(number, stroke);
    }
    return stroke;
  }

  // Trace an outline: in its own unit (glyphs, markers), or in pixels of the canvas.
  path(number, stroke) {
    let path = this.traced.get(number);
    if (!path) {
      const { scale } = this;
      let at = (value) => value;
      if (stroke.kind === PATH && stroke.style.snapped) {
        const odd = stroke.style.edge && Math.round(stroke.style.width * scale) % 2;
        at = (value) => Math.floor(value * scale + 0.5) + (odd ? 0.5 : 0);
      } else if (stroke.kind === PATH) {
        at = (value) => value * scale;
      }
      path = tracePath(new Path2D(), stroke.outline, at);
      this.traced.set(number, path);
    }
    return path;
  }

  paint(canvas, frame, scale) {
    if (scale !== this.scale) {
      this.traced.clear();
      this.scale = scale;
    }
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (const number of frame) {
      const stroke = this.stroke(number);
      if (stroke.kind === HANDLE) continue;
      context.save();
      this.clip(context, stroke.style ? stroke.style.clip : stroke.clip);
      if (stroke.kind === PATH) this.draw(context, this.path(number, stroke), stroke.style, scale);
      else if (stroke.kind === MARKERS) this.markers(context, stroke);
      else if (stroke.kind === IMAGE) this.image(context, stroke);
      else if (stroke.kind === TEXT) this.draw(context, this.line(number, stroke), stroke.style, scale);
      context.restore();
    }
  }

  handles(frame) {
    return frame.map((number) => this.stroke(number)).filter(({ sets }) => sets);
  }

  ends(frame) { // the last state of each slider that has fewer in this frame
    return Object.assign({}, ...frame.map((number) => this.stroke(number).end ?? {}));
  }

  clip(context, { box, shape }) {
    const { scale } = this;
    if (box) {
      const [left, top, width, height] = box.map((value) => value * scale);
      const path = new Path2D(); // whole pixels, as the clip of Agg
      const [x, y] = [Math.floor(left + 0.5), Math.floor(top + 0.5)];
      path.rect(x, y, Math.floor(left + width + 0.5) - x, Math.floor(top + height + 0.5) - y);
      context.clip(path);
    }
    if (shape !== null) {
      const path = new Path2D();
      path.addPath(this.path(shape, this.stroke(shape)), new DOMMatrix([scale, 0, 0, scale, 0, 0]));
      context.clip(path);
    }
  }

  draw(context, path, style, scale) { // scale: pixels of the canvas in the path's coordinates
    if (style.face) {
      context.fillStyle = style.face;
      context.fill(path);
    }
    if (style.edge) {
      context.strokeStyle = style.edge;
      context.lineWidth = style.width * scale;
      context.lineCap = style.cap;
      context.lineJoin = style.join;
      context.setLineDash(style.dash.map((span) => span * scale));
      context.lineDashOffset = (style.offset ?? 0) * scale;
      context.stroke(path);
    }
  }

  markers(context, { style, shape, places }) {
    const { scale } = this;
    const path = this.path(shape, this.stroke(shape));
    for (let i = 0; i < places.length; i += 2) {
      context.setTransform(scale, 0, 0, scale, places[i] * scale, places[i + 1] * scale);
      this.draw(context, path, style, 1);
    }
  }

  // The outlines of a line of text as one path, in pixels of the canvas.
  line(number, { matrix, glyphs }) {
    let line = this.traced.get(number);
    if (!line) {
      const place = new DOMMatrix(matrix.map((value) => value * this.scale));
      line = new Path2D();
      for (const { shape, x, y, scale } of glyphs) {
        const at = place.multiply(new DOMMatrix([scale, 0, 0, scale, x, y]));
        line.addPath(this.path(shape, this.stroke(shape)), at);
      }
      this.traced.set(number, line);
    }
    return line;
  }

  image(context, { matrix, smooth, bitmap }) {
    const { scale } = this;
    context.imageSmoothingEnabled = Boolean(smooth);
    context.setTransform(...matrix.map((value) => value * scale));
    context.drawImage(bitmap, 0, 0, 1, 1);
  }
}

function unfold(ranges) {
  return ranges.flatMap(([first, n]) => Array.from({ length: n }, (_, i) => first + i));
}
