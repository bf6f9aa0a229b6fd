// Choosing atoms on the map of a draft, and what that looks like: selection, targets, locks.

const TOOLS = ["select", "push"];
const PICKED = "#0b57d0";
const REFUSED = "#b3261e";
const MARKED = "#b26a00";

class Painter {
  // `events`: chosen() after the selection has changed, pushed(target) when a border has been pushed.
  constructor(page, events) {
    Object.assign(this, { page, events });
    this.plan = null;
    this.tool = null;
    this.atoms = new Set();
    this.target = null;
    this.marks = new Set();  // atoms of a difference
    this.locked = new Set();  // ids of communities
    this.refused = false;
    this.stroke = null;
    this.layers = new Map();
  }

  // Works on a plan of the page; null ends it.
  begin(plan, tool) {
    if (this.plan !== plan) this.atoms.clear();
    this.plan = plan;
    this.tool = plan ? tool : null;
    this.target = null;
    this.refused = false;
    document.body.classList.toggle("painting", Boolean(this.tool));
    this.attach();
    this.redraw();
  }

  clear() {
    this.atoms.clear();
    this.target = null;
    this.refused = false;
    this.redraw();
  }

  get pane() {
    return this.page.maps.panes.find((one) => one.plan === this.plan) || null;
  }

  // Panes come and go as people choose plans; each that shows the draft gets a layer once.
  attach() {
    for (const pane of this.page.maps.panes) {
      if (this.layers.has(pane)) continue;
      const canvas = make("canvas", { class: "live-layer", "aria-hidden": "true" });
      pane.canvas.after(canvas);
      this.layers.set(pane, canvas);
      pane.map.on("move resize", () => this.redraw());
      this.hear(pane);
    }
    for (const pane of this.layers.keys()) if (!this.page.maps.panes.includes(pane)) this.layers.delete(pane);
  }

  hear(pane) {
    const ours = (event) => this.tool && pane.plan === this.plan && event.target.closest(".ground") && !event.target.closest(".leaflet-control");
    const at = (event) => {
      const { lng, lat } = pane.map.mouseEventToLatLng(event);
      return this.page.maps.scene.atoms.at(lng, lat);
    };
    const hold = (event) => {
      if (!ours(event) || event.button > 0 || event.altKey) return false;
      event.stopPropagation();
      return true;
    };
    for (const kind of ["mousedown", "touchstart", "click", "dblclick"]) pane.box.addEventListener(kind, hold, true);
    pane.box.addEventListener("pointerdown", (event) => {
      if (!hold(event)) return;
      event.preventDefault();
      pane.box.setPointerCapture(event.pointerId);
      this.press(at(event), event.shiftKey);
    }, true);
    pane.box.addEventListener("pointermove", (event) => {
      if (this.stroke) this.pass(at(event));
    }, true);
    pane.box.addEventListener("pointerup", (event) => {
      if (!this.stroke) return;
      event.stopPropagation();
      this.lift();
    }, true);
    // Keys: space takes what lies under the crosshair; a border is pushed from where space was pressed first, by enter.
    pane.box.addEventListener("keydown", (event) => {
      if (!this.tool || pane.plan !== this.plan || !event.target.closest(".ground")) return;
      const pushing = this.tool === "push";
      if (event.key === "Enter" && pushing && this.atoms.size) {
        event.stopPropagation();
        this.lift();
      } else if (event.key === " ") {
        event.preventDefault();
        const { lng, lat } = pane.map.getCenter();
        const atom = this.page.maps.scene.atoms.at(lng, lat);
        if (pushing && this.target && !event.shiftKey && atom >= 0 && this.holder(atom) !== this.target) {
          this.toggle(atom, !this.atoms.has(atom));
          this.changed();
        } else this.press(atom, event.shiftKey);
        this.stroke = null;
      }
    }, true);
  }

  press(atom, more) {
    if (atom < 0) return;
    if (this.tool === "push") {
      if (this.holder(atom) === null) return;  // land in no community has no border to push
      this.atoms.clear();
      this.target = this.holder(atom);
      this.stroke = { add: true };
    } else {
      const add = !this.atoms.has(atom);
      this.stroke = { add };
      for (const one of more && this.compound ? this.compound(atom) : [atom]) this.toggle(one, add);
    }
    this.changed();
  }

  pass(atom) {
    if (atom < 0 || (this.tool === "push" && this.holder(atom) === this.target) || this.atoms.has(atom) === this.stroke.add) return;
    this.toggle(atom, this.stroke.add);
    this.changed();
  }

  lift() {
    this.stroke = null;
    if (this.tool === "push" && this.atoms.size) this.events.pushed(this.target);
  }

  toggle(atom, add) {
    if (add) this.atoms.add(atom);
    else this.atoms.delete(atom);
  }

  holder(atom) {
    const at = this.plan.label[atom];
    return at < 0 ? null : this.plan.communities[at].id;
  }

  changed() {
    this.redraw();
    this.events.chosen();
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      for (const [pane, canvas] of this.layers) this.draw(pane, canvas);
    });
  }

  draw(pane, canvas) {
    const size = pane.map.getSize();
    const dpr = window.devicePixelRatio || 1;
    canvas.width = Math.round(size.x * dpr);
    canvas.height = Math.round(size.y * dpr);
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
    if (!this.plan || pane.plan !== this.plan || pane.plans.length > 1 || !pane.map._loaded) return;
    const context = canvas.getContext("2d");
    const scale = 2 ** pane.map.getZoom();
    const { lng, lat } = pane.map.getCenter();
    context.setTransform(dpr * scale, 0, 0, -dpr * scale, dpr * (size.x / 2 - lng * scale), dpr * (size.y / 2 + lat * scale));
    const px = 1 / scale;
    const { atoms } = this.page.maps.scene;
    if (this.tool) line(context, this.grid, "rgba(29,39,51,.28)", 0.8 * px);
    for (const id of this.locked) this.shade(context, id, px);
    if (this.target) this.rim(context, this.target, px);
    fillAtoms(context, atoms, this.marks, "rgba(178,106,0,.35)", MARKED, px);
    const colour = this.refused ? REFUSED : PICKED;
    fillAtoms(context, atoms, this.atoms, `${colour}59`, colour, px);
    const both = new Set([...this.marks].filter((atom) => this.atoms.has(atom)));  // others changed what is chosen here
    fillAtoms(context, atoms, both, "rgba(178,106,0,.5)", MARKED, 2 * px);
  }

  // Every border between atoms.
  get grid() {
    if (!this.gridPath) this.gridPath = borderPath(this.page.maps.scene.atoms, () => true);
    return this.gridPath;
  }

  // A locked community: grey hatching.
  shade(context, id, px) {
    const at = this.plan.index.get(id);
    if (at === undefined) return;
    const path = new Path2D();
    this.plan.label.forEach((one, atom) => one === at && this.page.maps.scene.atoms.traceAtom(path, atom));
    const pattern = context.createPattern(lockTile(), "repeat");
    pattern.setTransform(new DOMMatrix([px / 2, 0, 0, px / 2, 0, 0]));
    context.fillStyle = pattern;
    context.fill(path);
  }

  rim(context, id, px) {
    const at = this.plan.index.get(id);
    const { label } = this.plan;
    const inside = (atom) => atom >= 0 && label[atom] === at;
    if (at !== undefined) line(context, borderPath(this.page.maps.scene.atoms, (a, b) => inside(a) !== inside(b)), PICKED, 3 * px);
  }
}

// The borders between atoms for which `wanted(a, b)` holds; −1 stands for the outside.
function borderPath(atoms, wanted) {
  const { left, right, arc_start } = atoms.mosaic;
  const { xy } = atoms;
  const path = new Path2D();
  for (let arc = 0; arc < left.length; arc++) {
    if (!wanted(left[arc], right[arc])) continue;
    path.moveTo(xy[2 * arc_start[arc]], xy[2 * arc_start[arc] + 1]);
    for (let i = arc_start[arc] + 1; i < arc_start[arc + 1]; i++) path.lineTo(xy[2 * i], xy[2 * i + 1]);
  }
  return path;
}

function line(context, path, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke(path);
}

function fillAtoms(context, atoms, chosen, colour, edge, px) {
  if (!chosen.size) return;
  const path = new Path2D();
  for (const atom of chosen) atoms.traceAtom(path, atom);
  context.fillStyle = colour;
  context.fill(path);
  line(context, path, edge, 2 * px);
}

let tile = null;
function lockTile() {
  if (tile) return tile;
  tile = document.createElement("canvas");
  tile.width = tile.height = 14;
  const pen = tile.getContext("2d");
  pen.strokeStyle = "rgba(29,39,51,.34)";
  pen.lineWidth = 1.6;
  for (const [from, to] of [[[0, 0], [14, 14]], [[14, 0], [0, 14]]]) {
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  }
  return tile;
}
