// Names along lines: roads by class, rivers, railways; where their lines are seen just then. Names of open water.

// Each name shows below so many metres per pixel.
const NAMED_BELOW = { motorway: 20, trunk: 16, primary: 11, secondary: 6, tertiary: 3, residential: 1.6, service: 0.7, pedestrian: 0.7, path: 0.5 };
const LINE_INK = { water: "#2f6690", rail: "#4a4f55", wall: "#6a5a45", expressway: "#6a6154" };
const NAMED_BARRIER_BELOW = 8;

// The same name comes again only so far away, px.
const APART = 420;
const STREET_FONT = `400 11px ${FONT}`;
const WATER_FONT = `italic 400 11px ${FONT}`;

function paintLineNames(context, view, scene, at, room) {
  const placed = new Map();
  const px = 1 / view.scale;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const area of scene.areas) {
    useFont(context, WATER_FONT);
    for (const spot of area.names) {
      const [x, y] = at(spot.x, spot.y);
      const wide = widthOf(context, spot.name);
      if (spot.radius * view.scale > 0.3 * wide && x > view.from && x < view.to && room.take(x, y, wide + 4, 14)) haloText(context, spot.name, x, y, LINE_INK[area.kind] || LINE_INK.wall, 2.5);
    }
  }
  const level = levelOf(px);
  for (const line of scene.barriers) {
    if (px > NAMED_BARRIER_BELOW) continue;
    useFont(context, line.kind === "water" ? WATER_FONT : STREET_FONT);
    paintNamesOf(context, view, line, line.names, level, at, room, placed, LINE_INK[line.kind] || LINE_INK.wall);
  }
  useFont(context, STREET_FONT);
  for (const road of [...scene.roads].reverse()) {
    if (px <= NAMED_BELOW[road.kind]) paintNamesOf(context, view, road, scene.streets, level, at, room, placed, "#6a6154");
  }
}

function paintNamesOf(context, view, lines, names, level, at, room, placed, colour) {
  if (!lines.boxes) lines.boxes = boxesOfNamed(lines);
  const { xy, start } = lines.lines.source(level);
  for (const [line, box] of lines.boxes) {
    if (!touches(box, view)) continue;
    const name = names[lines.street[line]];
    const upright = [...name].every((sign) => sign.charCodeAt(0) > 0x2e7f);
    const wide = widthOf(context, name);
    for (const run of runsInSight(xy, start[line], start[line + 1], view, at)) {
      if (run.length < 1.5 * wide) continue;
      for (const share of run.length > 2 * APART ? [0.5, 0.2, 0.8] : [0.5, 0.35, 0.65]) {
        const spot = straightAt(run, share * run.length, wide + 8);
        if (!spot) continue;
        const before = placed.get(name) || [];
        if (before.some(([x, y]) => Math.hypot(x - spot.x, y - spot.y) < APART)) continue;
        if (!writeAlong(context, name, spot, wide, upright, colour, room)) continue;
        placed.set(name, [...before, [spot.x, spot.y]]);
      }
    }
  }
}

// Lines that have a name, with their boxes.
function boxesOfNamed(lines) {
  const { xy, start } = lines.lines.source(0);
  const named = [];
  for (let line = 0; line + 1 < start.length; line++) {
    if (lines.street[line] < 0) continue;
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = start[line]; i < start[line + 1]; i++) widen(box, xy[2 * i], xy[2 * i + 1]);
    named.push([line, box]);
  }
  return named;
}

// The parts of a line that lie in the picture, as points on the screen with their distance from the first.
function runsInSight(xy, from, to, view, at) {
  const [left, right, top, bottom] = [view.from + 12, view.to - 12, 12, view.height - 12];
  const runs = [];
  let run = null;
  for (let i = from; i + 1 < to; i++) {
    const piece = clipped(at(xy[2 * i], xy[2 * i + 1]), at(xy[2 * i + 2], xy[2 * i + 3]), left, top, right, bottom);
    if (!piece) {
      run = null;
      continue;
    }
    const [a, b] = piece;
    const last = run && run.points[run.points.length - 1];
    if (!last || Math.abs(last[0] - a[0]) + Math.abs(last[1] - a[1]) > 0.5) runs.push((run = { points: [[...a, 0]], length: 0 }));
    run.length += Math.hypot(b[0] - a[0], b[1] - a[1]);
    run.points.push([...b, run.length]);
  }
  return runs;
}

// The part of a straight piece inside a rectangle (Liang & Barsky 1984); null for none.
function clipped([x, y], [u, v], left, top, right, bottom) {
  let [enter, leave] = [0, 1];
  for (const [step, room] of [[x - u, x - left], [u - x, right - x], [y - v, y - top], [v - y, bottom - y]]) {
    if (step === 0 && room < 0) return null;
    if (step < 0) enter = Math.max(enter, room / step);
    if (step > 0) leave = Math.min(leave, room / step);
  }
  if (enter > leave) return null;
  return [[x + enter * (u - x), y + enter * (v - y)], [x + leave * (u - x), y + leave * (v - y)]];
}

function pointAt({ points }, length) {
  let i = 1;
  while (i < points.length - 1 && points[i][2] < length) i += 1;
  const [a, b] = [points[i - 1], points[i]];
  const share = b[2] > a[2] ? (length - a[2]) / (b[2] - a[2]) : 0;
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

// Middle and direction of a stretch around a place of a run; null where it bends too much to write on.
function straightAt(run, length, wide) {
  if (length < wide / 2 || length > run.length - wide / 2) return null;
  const [a, b] = [pointAt(run, length - wide / 2), pointAt(run, length + wide / 2)];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  if (Math.hypot(dx, dy) < 0.95 * wide) return null;
  const angle = Math.atan(dy / (dx || 1e-9));
  return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, angle };
}

// From here on signs of Chinese stand upright, one below the other, as maps write them beside steep roads.
const STEEP = 0.9;

function writeAlong(context, name, { x, y, angle }, wide, upright, colour, room) {
  const steep = upright && Math.abs(angle) > STEEP;
  const across = steep ? Math.abs(Math.cos(angle)) * wide + 13 : Math.abs(Math.cos(angle)) * wide + 12;
  const along = Math.abs(Math.sin(angle)) * wide + 12;
  if (!room.take(x, y, across, along)) return false;
  if (steep) {
    const step = wide / name.length + 1;
    const [dx, dy] = [Math.cos(angle) * Math.sign(Math.sin(angle)) * step, Math.abs(Math.sin(angle)) * step];
    [...name].forEach((sign, i) => {
      const from = i - (name.length - 1) / 2;
      haloText(context, sign, x + from * dx, y + from * dy, colour, 2.5);
    });
    return true;
  }
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  haloText(context, name, 0, 0, colour, 2.5);
  context.restore();
  return true;
}
