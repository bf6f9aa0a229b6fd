// Lines and land at the detail that the scale shows: far out with few points, close by only what is in sight.

// Detail lost, m: a level is used while it stays about a pixel.
const LEVELS = [0, 2, 5, 12, 25, 50];

function levelOf(px) {
  let level = 0;
  while (level + 1 < LEVELS.length && LEVELS[level + 1] <= px * 1.3) level += 1;
  return level;
}

// Points of polylines, thinned: ends stay, and every point at least `least` from the one kept before.
function thinned({ xy, start }, least) {
  if (!least) return { xy, start };
  const kept = [];
  const offsets = [0];
  for (let line = 0; line + 1 < start.length; line++) {
    let [x, y] = [Infinity, Infinity];
    for (let i = start[line]; i < start[line + 1]; i++) {
      const [u, v] = [xy[2 * i], xy[2 * i + 1]];
      if (i !== start[line] && i !== start[line + 1] - 1 && Math.abs(u - x) + Math.abs(v - y) < least) continue;
      kept.push(u, v);
      [x, y] = [u, v];
    }
    offsets.push(kept.length / 2);
  }
  return { xy: Float32Array.from(kept), start: Int32Array.from(offsets) };
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
