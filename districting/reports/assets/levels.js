// Lines and land at the detail that the scale shows: far out with few points, close by only what is in sight.

// Detail lost, m: a level is used while it stays about half a pixel.
const LEVELS = [0, 1, 2.5, 6, 12, 25];

function levelOf(px) {
  let level = 0;
  while (level + 1 < LEVELS.length && LEVELS[level + 1] <= px * 0.5) level += 1;
  return level;
}

// Points looked ahead at most: keeps the work in proportion to the points.
const AHEAD = 24;

// Polylines with fewer points: from each kept point straight on as far as all points between lie within `most`.
function thinned({ xy, start }, most) {
  if (!most) return { xy, start };
  const kept = new Float32Array(xy.length);
  const offsets = new Int32Array(start.length);
  let n = 0;
  const keep = (i) => {
    kept[2 * n] = xy[2 * i];
    kept[2 * n + 1] = xy[2 * i + 1];
    n += 1;
  };
  for (let line = 0; line + 1 < start.length; line++) {
    const last = start[line + 1] - 1;
    let at = start[line];
    if (at <= last) keep(at);
    while (at < last) {
      let next = at + 1;
      while (next < last && next - at < AHEAD && isStraight(xy, at, next + 1, most)) next += 1;
      keep(next);
      at = next;
    }
    offsets[line + 1] = n;
  }
  return { xy: kept.slice(0, 2 * n), start: offsets };
}

// Whether all points between two lie within `most` of the straight way from one to the other.
function isStraight(xy, from, to, most) {
  const [x, y] = [xy[2 * from], xy[2 * from + 1]];
  const [u, v] = [xy[2 * to] - x, xy[2 * to + 1] - y];
  const square = u * u + v * v;
  for (let i = from + 1; i < to; i++) {
    const [a, b] = [xy[2 * i] - x, xy[2 * i + 1] - y];
    const share = square ? Math.min(1, Math.max(0, (a * u + b * v) / square)) : 0;
    const [dx, dy] = [a - share * u, b - share * v];
    if (dx * dx + dy * dy > most * most) return false;
  }
  return true;
}

const TILES = 8;

// Lines to be stroked: `source(level)` gives {xy, start}, `lines` which of them. Each lies in one tile by its middle.
class LineSet {
  constructor(source, lines) {
    this.source = source;
    this.levels = [];
    const { xy, start } = source(0);
    const all = [Infinity, Infinity, -Infinity, -Infinity];
    const boxes = Array.from(lines, (line) => {
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let i = start[line]; i < start[line + 1]; i++) widen(box, xy[2 * i], xy[2 * i + 1]);
      widen(all, box[0], box[1]);
      widen(all, box[2], box[3]);
      return box;
    });
    this.tiles = new Map();
    const side = (value, low, high) => Math.min(TILES - 1, Math.floor(((value - low) / Math.max(high - low, 1)) * TILES));
    boxes.forEach((box, i) => {
      const key = side((box[0] + box[2]) / 2, all[0], all[2]) * TILES + side((box[1] + box[3]) / 2, all[1], all[3]);
      if (!this.tiles.has(key)) this.tiles.set(key, { box: [Infinity, Infinity, -Infinity, -Infinity], lines: [] });
      const tile = this.tiles.get(key);
      tile.lines.push(lines[i]);
      widen(tile.box, box[0], box[1]);
      widen(tile.box, box[2], box[3]);
    });
  }

  // Paths of the tiles in sight.
  inSight(view) {
    const level = levelOf(1 / view.scale);
    if (!this.levels[level]) this.levels[level] = new Map();
    const paths = this.levels[level];
    const seen = [];
    for (const [key, tile] of this.tiles) {
      if (!touches(tile.box, view)) continue;
      if (!paths.has(key)) {
        const { xy, start } = this.source(level);
        const path = new Path2D();
        for (const line of tile.lines) tracePolyline(path, xy, start[line], start[line + 1]);
        paths.set(key, path);
      }
      seen.push(paths.get(key));
    }
    return seen;
  }
}

function widen(box, x, y) {
  if (x < box[0]) box[0] = x;
  if (y < box[1]) box[1] = y;
  if (x > box[2]) box[2] = x;
  if (y > box[3]) box[3] = y;
}

// Whether a box in metres lies in the picture, a line's width around it included.
function touches([west, south, east, north], { cx, cy, width, height, scale }) {
  const [across, up] = [(width / 2 + 8) / scale, (height / 2 + 8) / scale];
  return west <= cx + across && east >= cx - across && south <= cy + up && north >= cy - up;
}

// Lines of the payload at every level.
function leveled(lines) {
  const made = [];
  return (level) => {
    if (!made[level]) made[level] = thinned(lines, LEVELS[level]);
    return made[level];
  };
}

function lineSet(lines, wanted = null) {
  const all = Array.from({ length: Math.max(lines.start.length - 1, 0) }, (_, i) => i);
  return new LineSet(leveled(lines), wanted ? all.filter(wanted) : all);
}
