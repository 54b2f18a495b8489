// Which place of a handle (see handles.py) is nearest to a pointer, in pixels of the figure.

// The point of a line nearest to the pointer; of a spot, the spot.
function onLine([x0, y0, x1 = x0, y1 = y0], { x, y }) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const share = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, share));
  return [x0 + t * dx, y0 + t * dy];
}

function distance(at, { x, y }) {
  const [px, py] = onLine(at, { x, y });
  return Math.hypot(px - x, py - y);
}

// The number of the nearest place: of some, evenly spaced, those of both ends are given.
function nearestPlace({ along, evenly, places }, { x, y }) {
  const step = along ? 1 : 2;
  const count = evenly ?? places.length / step;
  const coordinate = (i, axis) => {
    if (evenly === undefined) return places[step * i + axis];
    return places[axis] + (i / (evenly - 1)) * (places[step + axis] - places[axis]);
  };
  let [best, least] = [0, Infinity];
  for (let i = 0; i < count; i++) {
    const away = along
      ? Math.abs(coordinate(i, 0) - (along === "x" ? x : y))
      : Math.hypot(coordinate(i, 0) - x, coordinate(i, 1) - y);
    if (away < least) [best, least] = [i, away];
  }
  return best;
}

function nearestState(given, at) {
  const number = nearestPlace(given, at);
  return given.states ? given.states[number] : number;
}

// The points of a control, one of them at the stops nearest to a place.
function moved(points, { point, spans }, { x, y }) {
  const stops = spans.map(([first, step, n], i) => {
    const stop = Math.round(([x, y][i] - first) / step);
    return Math.max(0, Math.min(n - 1, stop));
  });
  if (stops.every((stop, i) => stop === points[point][i])) return points;
  return points.map((other, i) => (i === point ? stops : other));
}

// The stop in whose direction, seen from a centre, the pointer is.
function nearestDirection({ around: [x0, y0], first, step, n }, { x, y }) {
  const turns = Math.round((Math.atan2(y0 - y, x - x0) - first) / step);
  const circle = Math.round((2 * Math.PI) / Math.abs(step));
  const stop = ((turns % circle) + circle) % circle;
  if (stop < n) return stop;
  return stop - n < circle - stop ? n - 1 : 0; // between the ends of an arc
}
