// One face of the maps: the picture of one plan on a canvas. Nothing here knows about the panel or the mouse.

const INK = "#1d2733";
const CHANGE = "#5b2a86";
const GROUND = "#f4f2ec";
const CHOSEN = "#0b57d0";
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

// One face: `view` has width, height, dpr, scale (px per m), cx, cy (m), head (px), and the columns `from` to `to` (px)
// of the canvas that are this plan's.
function paint(context, view, scene, plan, chosen) {
  const { width, height, dpr, scale } = view;
  const px = 1 / scale;
  const world = () =>
    context.setTransform(dpr * scale, 0, 0, -dpr * scale, dpr * (width / 2 - view.cx * scale), dpr * (height / 2 + view.cy * scale));
  const screen = () => context.setTransform(dpr, 0, 0, dpr, 0, 0);
  const at = (x, y) => [width / 2 + (x - view.cx) * scale, height / 2 - (y - view.cy) * scale];
  for (const one of [plan, scene.today]) if (!one.paths) one.paths = new PlanPaths(one, scene.atoms);
  const paths = plan.paths;
  const isToday = plan === scene.today;
  const atomPx = scene.atomSize * scale;
  const level = levelOf(px);

  screen();
  context.save();
  context.beginPath();
  context.rect(view.from, 0, view.to - view.from, height);
  context.clip();
  context.fillStyle = GROUND;
  context.fillRect(0, 0, width, height);
  world();
  context.lineJoin = atomPx >= MIDDLE ? "round" : "bevel";
  context.lineCap = atomPx >= MIDDLE ? "round" : "butt";
  paintFills(context, view, scene, plan, level);
  if (!isToday && plan.changedAtoms.length && atomPx >= MIDDLE) {
    const pattern = hatchPattern(context);
    pattern.setTransform(new DOMMatrix([px / 2, 0, 0, px / 2, 0, 0]));
    context.globalAlpha = 0.42;
    context.fillStyle = pattern;
    context.fill(paths.changed(level));
    context.globalAlpha = 1;
  }
  paintGround(context, view, scene, px);
  const allowed = scene.allowed(plan);
  if (allowed) paintVeil(context, plan, allowed, level);
  if (atomPx >= NEAR) strokeAll(context, view, scene.atoms.grid, "rgba(29,39,51,.16)", 0.7 * px);
  if (!isToday && atomPx >= MIDDLE) {
    strokeAll(context, view, scene.today.paths.borders, "#ffffff", 2.2 * px);
    strokeAll(context, view, scene.today.paths.borders, CHANGE, 1.2 * px, [5 * px, 4 * px]);
  }
  if (atomPx >= MIDDLE) strokeAll(context, view, paths.borders, "rgba(255,255,255,.8)", 2.6 * px);
  strokeAll(context, view, paths.borders, INK, (atomPx >= NEAR ? 1.7 : 1.1) * px);
  strokeAll(context, view, scene.subdistrictBorders, INK, (atomPx >= NEAR ? 2.8 : 2.2) * px);
  if (px <= 2.2) paintBuildings(context, view, scene, px);
  paintHighlights(context, scene, plan, chosen, px);
  screen();
  paintTexts(context, view, scene, plan, at, atomPx, chosen);
  context.restore();
}

function stroke(context, path, colour, width, dash = []) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.stroke(path);
  context.setLineDash([]);
}

function strokeAll(context, view, lines, colour, width, dash = []) {
  for (const path of lines.inSight(view)) stroke(context, path, colour, width, dash);
}

// Fewer communities than this in sight are filled one by one.
const FEW = 200;

// One fill per colour: communities of one colour never touch, so no seams show. Close by, only what is in sight.
function paintFills(context, view, scene, plan, level) {
  const { paths } = plan;
  if (!plan.byColour) {
    plan.byColour = new Map();
    plan.shades = plan.communities.map((community, i) => {
      const strong = plan === scene.today || plan.touched.has(community.id);
      const hex = scene.palette[scene.colours[community.id]];
      const colour = strong ? hex : blend(hex, 0.5);
      if (!plan.byColour.has(colour)) plan.byColour.set(colour, []);
      plan.byColour.get(colour).push(i);
      return colour;
    });
  }
  const seen = plan.labelOrder.filter((i) => touches(plan.communities[i].box, view));
  if (seen.length < FEW) {
    for (const i of seen) {
      context.fillStyle = plan.shades[i];
      context.fill(paths.landOf(`one-${i}`, [i], level), paths.rule);
    }
    return;
  }
  for (const [colour, communities] of plan.byColour) {
    context.fillStyle = colour;
    context.fill(paths.landOf(colour, communities, level), paths.rule);
  }
}

// What the filters leave out steps back.
function paintVeil(context, plan, allowed, level) {
  if (plan.veil?.allowed !== allowed) plan.veil = { allowed, name: `veil-${(plan.veil?.n || 0) + 1}`, n: (plan.veil?.n || 0) + 1 };
  const hidden = plan.labelOrder.filter((i) => !allowed[i]);
  context.fillStyle = "rgba(247,247,245,.8)";
  context.fill(plan.paths.landOf(plan.veil.name, hidden, level), plan.paths.rule);
}

function paintGround(context, view, scene, px) {
  for (const area of scene.areas) {
    context.fillStyle = area.kind === "water" ? "#c3dcee" : "#ddd8cd";
    context.fill(area.path, "evenodd");
    stroke(context, area.path, area.kind === "water" ? "#5b93bd" : "#a89d8a", 0.9 * px);
  }
  if (px <= 3) strokeAll(context, view, scene.compoundLines, "#8d7a52", 0.9 * px, [1.5 * px, 2.5 * px]);
  const shown = scene.roads.filter((road) => px <= ROAD_STYLE[road.kind][3]);
  const wide = Math.min(2.4, Math.max(0.55, Math.sqrt(6 / px)));
  for (const road of shown) {
    const [width, casing] = ROAD_STYLE[road.kind];
    if (casing) strokeAll(context, view, road.lines, casing, (width * wide + 1.2) * px);
  }
  for (const road of shown) strokeAll(context, view, road.lines, ROAD_STYLE[road.kind][2], ROAD_STYLE[road.kind][0] * wide * px);
  for (const line of scene.barriers) {
    if (line.kind === "expressway" && px > 8) continue;
    const [colour, width, dash] = BARRIER_STYLE[line.kind] || BARRIER_STYLE.wall;
    strokeAll(context, view, line.lines, colour, width * px, dash.map((d) => d * px));
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

// The road that was searched for, the chosen community, and the atom that a proposal would tie or part.
function paintHighlights(context, scene, plan, chosen, px) {
  if (scene.street) {
    stroke(context, scene.street, "#ffffff", 7 * px);
    stroke(context, scene.street, CHOSEN, 3.6 * px);
  }
  if (chosen >= 0) {
    const outline = plan.paths.outline(chosen);
    stroke(context, outline, "#ffffff", 6 * px);
    stroke(context, outline, CHOSEN, 3.2 * px);
  }
  for (const atom of scene.pair) {
    const path = new Path2D();
    scene.atoms.traceAtom(path, atom);
    stroke(context, path, "#ffffff", 5 * px);
    stroke(context, path, "#1c6b3f", 2.6 * px, [6 * px, 4 * px]);
  }
}
