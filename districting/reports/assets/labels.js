// Texts and marks on one face: names, badges of what became of a community, findings, centres, road names, pins.

// Keeps texts and marks from covering each other: boxes in screen px, by the cells of a coarse grid.
class Room {
  constructor() {
    this.cells = new Map();
  }

  take(x, y, width, height) {
    const box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
    const keys = [];
    for (let column = Math.floor(box[0] / 64); column <= Math.floor(box[2] / 64); column++) {
      for (let row = Math.floor(box[1] / 64); row <= Math.floor(box[3] / 64); row++) keys.push(row * 4096 + column);
    }
    for (const key of keys) {
      for (const other of this.cells.get(key) || []) {
        if (box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]) return false;
      }
    }
    for (const key of keys) {
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(box);
    }
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

const WIDTHS = new Map();
let widths = null;
// Texts are measured once for each font.
function useFont(context, font) {
  context.font = font;
  if (!WIDTHS.has(font)) WIDTHS.set(font, new Map());
  widths = WIDTHS.get(font);
}

function widthOf(context, text) {
  let width = widths.get(text);
  if (width === undefined) widths.set(text, (width = context.measureText(text).width));
  return width;
}

// Least width of a text in px, without asking the canvas: signs of Chinese are as wide as high, others half that.
function leastWidth(text, size) {
  let width = 0;
  for (let i = 0; i < text.length; i++) width += text.charCodeAt(i) > 0x2e7f ? size : 0.45 * size;
  return width;
}

function paintTexts(context, view, scene, plan, at, atomPx, chosen) {
  const room = new Room();
  const { height } = view;
  for (const head of view.heads) room.take(head.x, head.height / 2, head.width, head.height);
  room.take(60, height - 12, 120, 26);  // the scale
  const seen = ([x, y]) => x > view.from - 40 && y > -20 && x < view.to + 40 && y < height + 20;
  const near = atomPx >= NEAR;
  const allowed = scene.allowed(plan);
  paintPins(context, scene, plan, at, seen, room);
  if (near) paintSeats(context, plan, allowed, { at, seen, room });
  context.textAlign = "center";
  context.textBaseline = "middle";
  const order = chosen >= 0 ? [chosen, ...plan.labelOrder.filter((i) => i !== chosen)] : plan.labelOrder;
  const inSight = order.filter((i) => (!allowed || allowed[i]) && seen(at(plan.communities[i].x, plan.communities[i].y)));
  const slim = inSight.length > CROWD ? 3.4 : 5.5;
  const named = new Set();
  for (const i of inSight) {
    const community = plan.communities[i];
    if (paintLabel(context, view, community, at(community.x, community.y), { room, chosen: i === chosen, badge: plan !== scene.today, near, slim })) named.add(i);
  }
  if (plan !== scene.today) paintAbolished(context, view, scene, plan, { at, seen, room });
  const marks = allowed ? plan.marks.filter((finding) => allowed[plan.index.get(finding.community)]) : plan.marks;
  if (near) paintMarks(context, marks, at, seen, room);
  else paintFarMarks(context, marks, at, seen, room);
  if (near && inSight.length < FEW_NAMES) paintStrayNames(context, view, scene, plan, at, { room, allowed, named, badge: plan !== scene.today, slim });
  paintLineNames(context, view, scene, at, room);
  if (near) paintCompoundNames(context, scene, at, seen, room);
}

// With more communities than this in sight, a name must fit its land; what became of each is told first.
const CROWD = 400;

// With fewer names than this in sight, land whose middle is out of sight is named where it is seen.
const FEW_NAMES = 16;

// Looks at a grid of points of the picture; of each community's, the one nearest to their middle takes the name.
function paintStrayNames(context, view, scene, plan, at, { room, allowed, named, badge, slim }) {
  const held = new Map();
  for (let column = 1; column < 10; column++) {
    for (let row = 1; row < 8; row++) {
      const x = view.cx + ((column / 10) * (view.to - view.from) + view.from - view.width / 2) / view.scale;
      const y = view.cy + (0.5 - row / 8) * (view.height / view.scale);
      const one = communityAt(plan, x, y, scene.atoms);
      if (one < 0 || named.has(one) || (allowed && !allowed[one])) continue;
      if (!held.has(one)) held.set(one, []);
      held.get(one).push([x, y]);
    }
  }
  for (const [one, points] of held) {
    const community = plan.communities[one];
    const spot = at(community.x, community.y);
    if (spot[0] > view.from && spot[0] < view.to && spot[1] > 0 && spot[1] < view.height) continue;
    const [mx, my] = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
    const [x, y] = points.reduce((best, point) => (Math.hypot(point[0] - mx, point[1] - my) < Math.hypot(best[0] - mx, best[1] - my) ? point : best));
    paintLabel(context, view, community, at(x, y), { room, chosen: false, badge, near: true, slim });
  }
}

// A name steps aside for a service centre, inside its own land.
const LABEL_SHIFTS = [0, 14, -14, 26, -26, 40, -40];

// Name and households, the name alone where there is no room for both; beside it what became of the community. Tells
// whether the name found room.
function paintLabel(context, view, community, [x, y], { room, chosen, badge, near, slim }) {
  const radius = community.radius * view.scale;
  const action = badge ? community.action : null;
  const strong = action && action !== "keep";
  const size = radius > 60 ? 14 : radius > 30 ? 13 : radius > 16 ? 12 : 11;
  const name = radius > 30 || chosen ? community.name : community.short;
  if (!chosen && radius < leastWidth(name, size) / slim) {
    if (strong && radius > 5) paintBadge(context, community, action, x, y, { room, word: false, view });
    return false;
  }
  const caption = fill(view.caption, { n: figure(community.figures.households) });
  const small = `${community.broken ? 700 : 400} ${size - 1.5}px ${FONT}`;
  useFont(context, small);
  const second = widthOf(context, caption);
  useFont(context, `${strong || chosen ? 700 : 600} ${size}px ${FONT}`);
  const first = widthOf(context, name);
  const placed = radius < first / slim && !chosen ? null : placeLabel(view, x, y, radius, first, second, size, room);
  if (!placed) {
    if (strong && radius > 5) paintBadge(context, community, action, x, y, { room, word: false, view });
    return false;
  }
  const { left, two } = placed;
  const top = y + placed.shift;
  const colour = community.broken ? SEVERITY.must : INK;
  haloText(context, name, left, top - (two ? size * 0.55 : 0), two ? INK : colour);
  if (two) {
    useFont(context, small);
    haloText(context, caption, left, top + size * 0.62, community.broken ? SEVERITY.must : "#3d4854");
  }
  if (!action || (!strong && radius < 24)) return true;
  const line = top - (two ? size * 0.55 : 0);
  const side = first / 2 + 11;
  if ((near || radius > 40) && paintBadge(context, community, action, left, top - (two ? size * 1.15 : size * 0.62) - 9, { room, word: true, view })) return true;
  for (const [dx, dy] of [[-side, 0], [side, 0], [0, -size - 3], [0, size * (two ? 1.7 : 1) + 4]]) {
    if (paintBadge(context, community, action, left + dx, line + dy, { room, word: false, view })) break;
  }
  return true;
}

// Where a label of one or two lines finds room; null where it does not.
function placeLabel(view, x, y, radius, first, second, size, room) {
  for (const two of radius > 19 ? [true, false] : [false]) {
    const wide = two ? Math.max(first, second) : first;
    const left = Math.min(Math.max(x, view.from + wide / 2 + 3), view.to - wide / 2 - 3);
    if (Math.abs(left - x) > radius + 6) continue;
    const shift = LABEL_SHIFTS.find((step) => Math.abs(step) <= 0.7 * radius && room.take(left, y + step, wide + 3, (two ? 2.1 : 1.05) * size));
    if (shift !== undefined) return { left, shift, two };
  }
  return null;
}

const ACTION_COLOURS = { adjust: CHANGE, split: "#8a4b00", merge: "#1f5a94", new: "#1c6b3f", abolish: "#7a1f3d", keep: "#59636e" };

// A pill: the word with the change in households where there is room, one letter elsewhere. Kept is hollow.
function paintBadge(context, community, action, at, y, { room, word, view }) {
  useFont(context, `700 ${word ? 11 : 10}px ${FONT}`);
  const text = word ? community.badge : community.glyph;
  const wide = Math.max(widthOf(context, text) + (word ? 10 : 5), 15);
  const x = Math.min(Math.max(at, view.from + wide / 2 + 2), view.to - wide / 2 - 2);
  if (!room.take(x, y, wide + 2, 16)) return false;
  const kept = action === "keep";
  context.fillStyle = kept ? "#ffffff" : ACTION_COLOURS[action];
  context.strokeStyle = kept ? ACTION_COLOURS.keep : "#ffffff";
  context.lineWidth = 1.2;
  context.beginPath();
  context.roundRect(x - wide / 2, y - 7.5, wide, 15, 7.5);
  context.fill();
  context.stroke();
  context.fillStyle = kept ? "#3d4854" : "#ffffff";
  context.fillText(text, x, y + 0.5);
  return true;
}

// Communities that end stand where their land was.
function paintAbolished(context, view, scene, plan, { at, seen, room }) {
  const allowed = scene.allowed(scene.today);
  for (const one of plan.abolished) {
    if (allowed && !allowed[one]) continue;
    const community = scene.today.communities[one];
    const spot = at(community.x, community.y);
    const here = seen(spot) && spot[0] > view.from && spot[0] < view.to;
    if (here && community.radius * view.scale > 6) paintBadge(context, plan.ended, "abolish", ...spot, { room, word: false, view });
  }
}

// Far out, only broken must-rules, and only where no name stands: names of their communities are red anyway.
function paintFarMarks(context, marks, at, seen, room) {
  for (const finding of marks) {
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
  useFont(context, `700 ${9 * size}px ${FONT}`);
  context.fillStyle = "#fff";
  context.fillText("!", x, y + size);
}

// A mark steps aside when a name stands on its place.
const MARK_SHIFTS = [[0, 0], [0, -28], [0, 28], [44, 0], [-44, 0]];

// Findings of must and should: one mark where several fall together.
function paintMarks(context, marks, at, seen, room) {
  for (const finding of marks) {
    const [x, y] = at(finding.x, finding.y);
    if (!seen([x, y])) continue;
    const free = MARK_SHIFTS.find((shift) => room.take(x + shift[0], y + shift[1], 13, 13));
    if (free) paintMark(context, finding, [x + free[0], y + free[1]], 1);
  }
}

function paintSeats(context, plan, allowed, { at, seen, room }) {
  for (const [i, community] of plan.communities.entries()) {
    if (community.seat === null || (allowed && !allowed[i])) continue;
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

function paintCompoundNames(context, scene, at, seen, room) {
  useFont(context, `400 10.5px ${FONT}`);
  scene.compounds.names.forEach((name, i) => {
    const spot = at(scene.compounds.xy[2 * i], scene.compounds.xy[2 * i + 1]);
    if (!name || !seen(spot) || !room.take(spot[0], spot[1], widthOf(context, name) + 6, 13)) return;
    haloText(context, name, spot[0], spot[1], "#6b5a30", 2.5);
  });
}

// The place that was asked about, and comments under their numbers.
function paintPins(context, scene, plan, at, seen, room) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  if (scene.spot) {
    const [x, y] = at(...scene.spot);
    context.strokeStyle = "#ffffff";
    context.lineWidth = 5;
    context.beginPath();
    context.arc(x, y, 6, 0, 2 * Math.PI);
    context.stroke();
    context.strokeStyle = CHOSEN;
    context.lineWidth = 2.6;
    context.stroke();
    room.take(x, y, 16, 16);
  }
  for (const pin of scene.pins) {
    const [x, y] = at(pin.x, pin.y);
    if (pin.plan !== plan.id || !seen([x, y])) continue;
    room.take(x, y - 13, 20, 28);
    context.fillStyle = "#0b57d0";
    context.strokeStyle = "#ffffff";
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x, y);
    context.bezierCurveTo(x - 4, y - 8, x - 10, y - 10, x - 10, y - 17);
    context.arc(x, y - 17, 10, Math.PI, 0);
    context.bezierCurveTo(x + 10, y - 10, x + 4, y - 8, x, y);
    context.fill();
    context.stroke();
    useFont(context, `700 11px ${FONT}`);
    context.fillStyle = "#ffffff";
    context.fillText(String(pin.n), x, y - 16.5);
  }
}
