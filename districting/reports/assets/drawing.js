// Paths in metres from the payload, and one pane's picture. Nothing here knows about the panel or the mouse.

const INK = "#1d2733";
const CHANGE = "#5b2a86";
const GROUND = "#f4f2ec";
// Scales, as px across an atom of middle size: from MIDDLE on each changed atom is hatched, from NEAR on atoms,
// service centres and the marks of findings are drawn.
const MIDDLE = 13;
const NEAR = 26;
const FONT = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif';
const SEVERITY = { must: "#b3261e", should: "#b26a00", prefer: "#6b7480" };
const ROAD_STYLE = {
  // width in px, casing, colour, shown below so many metres per pixel
  motorway: [3.2, "#b9a58a", "#fff8ea", 80],
  trunk: [3, "#b9a58a", "#fff8ea", 60],
  primary: [2.6, "#bdb3a2", "#fffdf6", 40],
  secondary: [2.2, "#c3bdb0", "#ffffff", 20],
  tertiary: [1.8, "#c9c5bb", "#ffffff", 10],
  residential: [1.2, null, "#ffffffcc", 5],
  service: [0.8, null, "#ffffffaa", 2.2],
  pedestrian: [0.8, null, "#ffffffaa", 2.2],
  path: [0.6, null, "#ffffff88", 1.5],
};
const BARRIER_STYLE = {
  rail: ["#5d5d5d", 1.6, [6, 4]],
  water: ["#6fa8cf", 2.4, []],
  wall: ["#7d6a55", 2, [2, 3]],
  expressway: ["#c8b592", 1, []],
};

function tracePolyline(path, xy, from, to) {
  path.moveTo(xy[2 * from], xy[2 * from + 1]);
  for (let i = from + 1; i < to; i++) path.lineTo(xy[2 * i], xy[2 * i + 1]);
}

// Lines: points one after another, start offsets.
function linesPath(lines) {
  const path = new Path2D();
  const xy = metres(lines.xy);
  for (let i = 0; i + 1 < lines.start.length; i++) tracePolyline(path, xy, lines.start[i], lines.start[i + 1]);
  return path;
}

class Atoms {
  constructor(mosaic) {
    this.mosaic = mosaic;
    this.xy = metres(mosaic.xy);
    this.n = mosaic.atoms;
    this.rings = Array.from({ length: this.n }, () => []);
    mosaic.ring_atom.forEach((atom, ring) => this.rings[atom].push(ring));
    this.grid = new Path2D();
    for (let arc = 0; arc < mosaic.left.length; arc++) {
      tracePolyline(this.grid, this.xy, mosaic.arc_start[arc], mosaic.arc_start[arc + 1]);
    }
  }

  traceAtom(path, atom) {
    const { arc_start, ring_start, refs } = this.mosaic;
    for (const ring of this.rings[atom]) {
      let open = false;
      for (let k = ring_start[ring]; k < ring_start[ring + 1]; k++) {
        const back = refs[k] < 0;
        const arc = back ? -1 - refs[k] : refs[k];
        const first = arc_start[arc];
        const last = arc_start[arc + 1] - 1;
        for (let i = 0; i <= last - first; i++) {
          const p = back ? last - i : first + i;
          if (!open) path.moveTo(this.xy[2 * p], this.xy[2 * p + 1]);
          else if (i > 0) path.lineTo(this.xy[2 * p], this.xy[2 * p + 1]);
          open = true;
        }
      }
      path.closePath();
    }
  }

  // Arcs between two atoms for which `differ` holds; the outer edge always counts.
  borders(differ) {
    const path = new Path2D();
    const { left, right, arc_start } = this.mosaic;
    for (let arc = 0; arc < left.length; arc++) {
      if (right[arc] < 0 || differ(left[arc], right[arc])) {
        tracePolyline(path, this.xy, arc_start[arc], arc_start[arc + 1]);
      }
    }
    return path;
  }
}

// The outline of one community, without the atoms inside it.
function outlineOf(plan, at, atoms) {
  if (!plan.label) return plan.paths.land[at];
  if (!plan.outlines) plan.outlines = new Map();
  if (!plan.outlines.has(at)) {
    const path = new Path2D();
    const { left, right, arc_start } = atoms.mosaic;
    for (let arc = 0; arc < left.length; arc++) {
      const inside = plan.label[left[arc]] === at;
      const across = right[arc] >= 0 && plan.label[right[arc]] === at;
      if (inside !== across) tracePolyline(path, atoms.xy, arc_start[arc], arc_start[arc + 1]);
    }
    plan.outlines.set(at, path);
  }
  return plan.outlines.get(at);
}

// The paths of one plan: each community's land, its borders, what changed against today.
function planPaths(plan, today, atoms) {
  const land = plan.communities.map(() => new Path2D());
  const borders = plan.label ? atoms.borders((a, b) => plan.label[a] !== plan.label[b]) : new Path2D();
  if (plan.label) {
    for (let atom = 0; atom < atoms.n; atom++) if (plan.label[atom] >= 0) atoms.traceAtom(land[plan.label[atom]], atom);
  } else {
    const xy = metres(plan.rings.xy);
    for (let ring = 0; ring + 1 < plan.rings.start.length; ring++) {
      tracePolyline(land[plan.rings.community[ring]], xy, plan.rings.start[ring], plan.rings.start[ring + 1]);
      land[plan.rings.community[ring]].closePath();
    }
    land.forEach((path) => borders.addPath(path));
  }
  const changed = new Path2D();
  const touched = new Set();
  let changedAtoms = 0;
  if (plan.label && plan !== today && today.majority) {
    for (let atom = 0; atom < atoms.n; atom++) {
      const before = today.majority[atom] < 0 ? "" : today.communities[today.majority[atom]].id;
      const after = plan.label[atom] < 0 ? "" : plan.communities[plan.label[atom]].id;
      if (before === after) continue;
      atoms.traceAtom(changed, atom);
      changedAtoms += 1;
      touched.add(before).add(after);
    }
  }
  return { land, borders, changed, touched, changedAtoms };
}

function blend(hex, share) {
  const channel = (at) => Math.round(parseInt(hex.slice(at, at + 2), 16) * share + 255 * (1 - share));
  return `rgb(${channel(1)},${channel(3)},${channel(5)})`;
}

let hatchTile = null;
function hatchPattern(context) {
  if (!hatchTile) {
    hatchTile = document.createElement("canvas");
    hatchTile.width = hatchTile.height = 16;
    const pen = hatchTile.getContext("2d");
    pen.strokeStyle = CHANGE;
    pen.lineWidth = 2.6;
    for (const shift of [-16, 0, 16]) {
      pen.beginPath();
      pen.moveTo(shift - 2, 18);
      pen.lineTo(shift + 18, -2);
      pen.stroke();
    }
  }
  return context.createPattern(hatchTile, "repeat");
}

// Keeps texts and marks from covering each other: boxes in screen px, on a coarse grid.
class Room {
  constructor() {
    this.boxes = [];
  }

  take(x, y, width, height) {
    const box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
    for (const other of this.boxes) {
      if (box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]) return false;
    }
    this.boxes.push(box);
    return true;
  }
}

function haloText(context, text, x, y, colour, halo = 3) {
  context.lineWidth = halo;
  context.strokeStyle = "rgba(255,255,255,.92)";
  context.lineJoin = "round";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

// One pane: `view` has width, height, dpr, scale (px per m), cx, cy (m).
function paint(context, view, scene, plan, chosen) {
  const { width, height, dpr, scale } = view;
  const px = 1 / scale;
  const world = () =>
    context.setTransform(dpr * scale, 0, 0, -dpr * scale, dpr * (width / 2 - view.cx * scale), dpr * (height / 2 + view.cy * scale));
  const screen = () => context.setTransform(dpr, 0, 0, dpr, 0, 0);
  const at = (x, y) => [width / 2 + (x - view.cx) * scale, height / 2 - (y - view.cy) * scale];
  const paths = plan.paths;
  const isToday = plan === scene.today;
  const atomPx = scene.atomSize * scale;

  screen();
  context.fillStyle = GROUND;
  context.fillRect(0, 0, width, height);
  world();
  context.lineJoin = "round";
  context.lineCap = "round";
  paintFills(context, scene, plan, isToday);
  if (!isToday && paths.changedAtoms && atomPx >= MIDDLE) {
    const pattern = hatchPattern(context);
    pattern.setTransform(new DOMMatrix([px / 2, 0, 0, px / 2, 0, 0]));
    context.globalAlpha = 0.42;
    context.fillStyle = pattern;
    context.fill(paths.changed);
    context.globalAlpha = 1;
  }
  paintGround(context, scene, px);
  if (atomPx >= NEAR) stroke(context, scene.atoms.grid, "rgba(29,39,51,.16)", 0.7 * px);
  if (!isToday && atomPx >= MIDDLE) {
    stroke(context, scene.today.paths.borders, "#ffffff", 2.2 * px);
    stroke(context, scene.today.paths.borders, CHANGE, 1.2 * px, [5 * px, 4 * px]);
  }
  stroke(context, paths.borders, "rgba(255,255,255,.8)", 2.6 * px);
  stroke(context, paths.borders, INK, (atomPx >= NEAR ? 1.7 : 1.1) * px);
  stroke(context, scene.subdistrictBorders, INK, (atomPx >= NEAR ? 2.8 : 2.2) * px);
  if (px <= 2.2) paintBuildings(context, view, scene, px);
  if (chosen >= 0) {
    const outline = outlineOf(plan, chosen, scene.atoms);
    stroke(context, outline, "#ffffff", 6 * px);
    stroke(context, outline, "#0b57d0", 3.2 * px);
  }
  screen();
  paintTexts(context, view, scene, plan, at, atomPx, chosen);
}

function stroke(context, path, colour, width, dash = []) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.stroke(path);
  context.setLineDash([]);
}

// One fill per colour: communities of one colour never touch, so no seams show.
function paintFills(context, scene, plan, isToday) {
  if (!plan.fills) {
    plan.fills = new Map();
    plan.communities.forEach((community, i) => {
      const strong = isToday || plan.paths.touched.has(community.id);
      const hex = scene.palette[scene.colours[community.id]];
      const colour = strong || !plan.label ? hex : blend(hex, 0.5);
      if (!plan.fills.has(colour)) plan.fills.set(colour, new Path2D());
      plan.fills.get(colour).addPath(plan.paths.land[i]);
    });
  }
  for (const [colour, path] of plan.fills) {
    context.fillStyle = colour;
    context.fill(path, plan.label ? "nonzero" : "evenodd");
  }
}

function paintGround(context, scene, px) {
  for (const area of scene.areas) {
    context.fillStyle = area.kind === "water" ? "#c3dcee" : "#ddd8cd";
    context.fill(area.path, "evenodd");
  }
  const shown = scene.roads.filter((road) => px <= ROAD_STYLE[road.kind][3]);
  const wide = Math.min(2.4, Math.max(0.55, Math.sqrt(6 / px)));
  for (const road of shown) {
    const [width, casing] = ROAD_STYLE[road.kind];
    if (casing) stroke(context, road.path, casing, (width * wide + 1.2) * px);
  }
  for (const road of shown) stroke(context, road.path, ROAD_STYLE[road.kind][2], ROAD_STYLE[road.kind][0] * wide * px);
  for (const line of scene.barriers) {
    if (line.kind === "expressway" && px > 8) continue;
    const [colour, width, dash] = BARRIER_STYLE[line.kind] || BARRIER_STYLE.wall;
    stroke(context, line.path, colour, width * px, dash.map((d) => d * px));
  }
}

function paintBuildings(context, view, scene, px) {
  const { xy, households } = scene.buildings;
  const halfWidth = (view.width / 2) * px;
  const halfHeight = (view.height / 2) * px;
  context.fillStyle = "rgba(29,39,51,.38)";
  for (let i = 0; i < households.length; i++) {
    const x = xy[2 * i];
    const y = xy[2 * i + 1];
    if (Math.abs(x - view.cx) > halfWidth || Math.abs(y - view.cy) > halfHeight) continue;
    const half = (1.2 + Math.sqrt(households[i]) * 0.25) * px;
    context.fillRect(x - half, y - half, 2 * half, 2 * half);
  }
}

function paintTexts(context, view, scene, plan, at, atomPx, chosen) {
  const room = new Room();
  const { width, height, scale } = view;
  room.take(view.head / 2, 22, view.head, 44);
  room.take(60, height - 12, 120, 26);  // the scale
  const seen = ([x, y]) => x > -40 && y > -20 && x < width + 40 && y < height + 20;
  const near = atomPx >= NEAR;
  if (near) paintSeats(context, plan, at, seen, room);
  context.textAlign = "center";
  context.textBaseline = "middle";
  const order = chosen >= 0 ? [chosen, ...plan.labelOrder.filter((i) => i !== chosen)] : plan.labelOrder;
  for (const i of order) {
    const community = plan.communities[i];
    const spot = at(community.x, community.y);
    if (seen(spot)) paintLabel(context, view, plan, community, spot, { room, chosen: i === chosen, scene, atomPx });
  }
  if (near) paintMarks(context, plan, at, seen, room);
  else paintFarMarks(context, plan, at, seen, room);
  paintRoadNames(context, scene, at, seen, scale, room);
}

// A name steps aside for a service centre, inside its own land.
const LABEL_SHIFTS = [0, 14, -14, 26, -26, 40, -40];

// The font is left as it was found.
function captionWidth(context, community, size) {
  const before = context.font;
  context.font = `${community.broken ? 700 : 400} ${size - 1.5}px ${FONT}`;
  const wide = context.measureText(community.caption).width;
  context.font = before;
  return wide;
}

// Name and households, the name alone where there is no room for both; far out the name without its last word, and the change as a badge.
function paintLabel(context, view, plan, community, [x, y], { room, chosen, scene, atomPx }) {
  const radius = community.radius * view.scale;
  const strong = plan !== scene.today && plan.paths.touched.has(community.id);
  const size = radius > 60 ? 14 : radius > 30 ? 13 : radius > 16 ? 12 : 11;
  const name = radius > 30 || chosen ? community.name : community.short;
  context.font = `${strong || chosen ? 700 : 600} ${size}px ${FONT}`;
  const first = context.measureText(name).width;
  if (radius < first / 5.5 && !chosen) return;
  const both = Math.max(first, captionWidth(context, community, size));
  let left = x;
  let shift;
  let two = false;
  for (const lines of radius > 19 ? [2, 1] : [1]) {
    const wide = lines === 2 ? both : first;
    left = Math.min(Math.max(x, wide / 2 + 3), view.width - wide / 2 - 3);
    if (Math.abs(left - x) > radius + 6) continue;
    two = lines === 2;
    shift = LABEL_SHIFTS.find((step) => Math.abs(step) <= 0.7 * radius && room.take(left, y + step, wide + 3, (two ? 2.1 : 1.05) * size));
    if (shift !== undefined) break;
  }
  if (shift === undefined) return;
  y += shift;
  const colour = community.broken ? SEVERITY.must : INK;
  haloText(context, name, left, y - (two ? size * 0.55 : 0), two ? INK : colour);
  if (two) {
    context.font = `${community.broken ? 700 : 400} ${size - 1.5}px ${FONT}`;
    haloText(context, community.caption, left, y + size * 0.62, community.broken ? SEVERITY.must : "#3d4854");
  }
  if (strong && atomPx < MIDDLE) badge(context, community.badge, left, y - (two ? size * 1.15 : size * 0.9) - 5, room);
}

function badge(context, text, x, y, room) {
  if (!text) return;
  context.font = `700 10px ${FONT}`;
  const wide = context.measureText(text).width + 8;
  if (!room.take(x, y, wide, 13)) return;
  context.fillStyle = CHANGE;
  context.beginPath();
  context.roundRect(x - wide / 2, y - 7, wide, 14, 7);
  context.fill();
  context.fillStyle = "#fff";
  context.fillText(text, x, y + 0.5);
}

// Far out, only broken must-rules, and only where no name stands: names of their communities are red anyway.
function paintFarMarks(context, plan, at, seen, room) {
  for (const finding of plan.marks) {
    const spot = at(finding.x, finding.y);
    if (finding.strength === "must" && seen(spot) && room.take(spot[0], spot[1], 11, 11)) paintMark(context, finding, spot, 0.8);
  }
}

function paintMark(context, finding, [x, y], size) {
  context.fillStyle = SEVERITY[finding.strength];
  context.strokeStyle = "#fff";
  context.lineWidth = 1.5;
  context.beginPath();
  if (finding.strength === "must") {
    context.moveTo(x, y - 7.5 * size);
    context.lineTo(x + 7.5 * size, y + 5.5 * size);
    context.lineTo(x - 7.5 * size, y + 5.5 * size);
    context.closePath();
  } else context.arc(x, y, 5.6 * size, 0, 2 * Math.PI);
  context.stroke();
  context.fill();
  context.font = `700 ${9 * size}px ${FONT}`;
  context.fillStyle = "#fff";
  context.fillText("!", x, y + size);
}

// A mark steps aside when a name stands on its place.
const MARK_SHIFTS = [[0, 0], [0, -28], [0, 28], [44, 0], [-44, 0]];

// Findings of must and should: one mark where several fall together.
function paintMarks(context, plan, at, seen, room) {
  for (const finding of plan.marks) {
    const [x, y] = at(finding.x, finding.y);
    if (!seen([x, y])) continue;
    const free = MARK_SHIFTS.find((shift) => room.take(x + shift[0], y + shift[1], 13, 13));
    if (free) paintMark(context, finding, [x + free[0], y + free[1]], 1);
  }
}

function paintSeats(context, plan, at, seen, room) {
  for (const community of plan.communities) {
    if (community.seat === null) continue;
    const [x, y] = at(community.seat[0], community.seat[1]);
    if (!seen([x, y])) continue;
    room.take(x, y, 12, 12);
    const proposed = community.seatKind === "candidate";
    context.fillStyle = proposed ? CHANGE : "#fff";
    context.strokeStyle = proposed ? "#fff" : INK;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x - 4.5, y - 0.5);
    context.lineTo(x, y - 5);
    context.lineTo(x + 4.5, y - 0.5);
    context.lineTo(x + 4.5, y + 4);
    context.lineTo(x - 4.5, y + 4);
    context.closePath();
    context.fill();
    context.stroke();
  }
}

function paintRoadNames(context, scene, at, seen, scale, room) {
  context.font = `400 11px ${FONT}`;
  for (const road of scene.roadNames) {
    const wide = context.measureText(road.name).width;
    if (road.length * scale < wide * 2.2 || 1 / scale > ROAD_STYLE[road.kind][3] / 4) continue;
    const spot = at(road.x, road.y);
    const across = Math.abs(Math.cos(road.angle)) * wide + 12;
    const along = Math.abs(Math.sin(road.angle)) * wide + 12;
    if (!seen(spot) || !room.take(spot[0], spot[1], across, along)) continue;
    context.save();
    context.translate(spot[0], spot[1]);
    context.rotate(-road.angle);
    haloText(context, road.name, 0, 0, "#6a6154", 2.5);
    context.restore();
  }
}
