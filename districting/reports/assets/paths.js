// Paths in metres from the payload, and who holds a point. Nothing here draws.

function tracePolyline(path, xy, from, to) {
  path.moveTo(xy[2 * from], xy[2 * from + 1]);
  for (let i = from + 1; i < to; i++) path.lineTo(xy[2 * i], xy[2 * i + 1]);
}

// Lines: points one after another, start offsets. `wanted(line)` leaves some out.
function linesPath(lines, xy = metres(lines.xy), wanted = null) {
  const path = new Path2D();
  for (let i = 0; i + 1 < lines.start.length; i++) {
    if (!wanted || wanted(i)) tracePolyline(path, xy, lines.start[i], lines.start[i + 1]);
  }
  return path;
}

// Which owner of rings holds a point: rings by the cells of a grid that their boxes touch.
class RingIndex {
  constructor(xy, start, owner) {
    Object.assign(this, { xy, start, owner });
    this.boxes = [];
    const all = [Infinity, Infinity, -Infinity, -Infinity];
    for (let ring = 0; ring + 1 < start.length; ring++) {
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let i = start[ring]; i < start[ring + 1]; i++) {
        box[0] = Math.min(box[0], xy[2 * i]);
        box[1] = Math.min(box[1], xy[2 * i + 1]);
        box[2] = Math.max(box[2], xy[2 * i]);
        box[3] = Math.max(box[3], xy[2 * i + 1]);
      }
      this.boxes.push(box);
      for (let k = 0; k < 4; k++) all[k] = (k < 2 ? Math.min : Math.max)(all[k], box[k]);
    }
    this.side = Math.max(1, Math.ceil(Math.sqrt(this.boxes.length)));
    this.west = all[0];
    this.south = all[1];
    this.cell = Math.max(all[2] - all[0], all[3] - all[1], 1) / this.side;
    this.cells = new Map();
    this.boxes.forEach((box, ring) => {
      for (let column = this.along(box[0], this.west); column <= this.along(box[2], this.west); column++) {
        for (let row = this.along(box[1], this.south); row <= this.along(box[3], this.south); row++) {
          const key = row * 65536 + column;
          if (!this.cells.has(key)) this.cells.set(key, []);
          this.cells.get(key).push(ring);
        }
      }
    });
  }

  along(value, from) {
    return Math.floor((value - from) / this.cell);
  }

  // −1 for nobody. A point in a hole of an owner is not the owner's.
  at(x, y) {
    const inside = new Map();
    for (const ring of this.cells.get(this.along(y, this.south) * 65536 + this.along(x, this.west)) || []) {
      const box = this.boxes[ring];
      if (x < box[0] || x > box[2] || y < box[1] || y > box[3]) continue;
      if (this.encloses(ring, x, y)) inside.set(this.owner[ring], !inside.get(this.owner[ring]));
    }
    for (const [owner, odd] of inside) if (odd) return owner;
    return -1;
  }

  encloses(ring, x, y) {
    const { xy, start } = this;
    let odd = false;
    for (let i = start[ring], j = start[ring + 1] - 1; i < start[ring + 1]; j = i++) {
      const yi = xy[2 * i + 1];
      const yj = xy[2 * j + 1];
      if (yi > y !== yj > y && x < ((xy[2 * j] - xy[2 * i]) * (y - yi)) / (yj - yi) + xy[2 * i]) odd = !odd;
    }
    return odd;
  }
}

class Atoms {
  constructor(mosaic) {
    this.mosaic = mosaic;
    this.xy = metres(mosaic.xy);
    this.n = mosaic.atoms;
    this.arcs = leveled({ xy: this.xy, start: mosaic.arc_start });
    this.rings = Array.from({ length: this.n }, () => []);
    mosaic.ring_atom.forEach((atom, ring) => this.rings[atom].push(ring));
    this.flat = [];
  }

  // All borders, drawn only when people look closely.
  get grid() {
    if (!this.gridLines) this.gridLines = this.borders(() => true);
    return this.gridLines;
  }

  // All rings at a level of detail, one after another; walked once for all plans.
  outlines(level) {
    if (this.flat[level]) return this.flat[level];
    const arcs = this.arcs(level);
    const { ring_start, refs } = this.mosaic;
    const rings = ring_start.length - 1;
    const start = new Int32Array(rings + 1);
    let most = 0;
    for (let k = 0; k < refs.length; k++) {
      const arc = refs[k] < 0 ? -1 - refs[k] : refs[k];
      most += arcs.start[arc + 1] - arcs.start[arc];
    }
    const xy = new Float32Array(2 * most);
    let n = 0;
    for (let ring = 0; ring < rings; ring++) {
      for (let k = ring_start[ring]; k < ring_start[ring + 1]; k++) {
        const back = refs[k] < 0;
        const arc = back ? -1 - refs[k] : refs[k];
        const [from, last] = [arcs.start[arc], arcs.start[arc + 1] - 1];
        // The last point of an arc is the first one of the next.
        for (let i = from; i < last; i++) {
          const p = back ? last + from - i : i;
          xy[n++] = arcs.xy[2 * p];
          xy[n++] = arcs.xy[2 * p + 1];
        }
      }
      start[ring + 1] = n / 2;
    }
    return (this.flat[level] = { xy, start });
  }

  traceAtom(path, atom, level = 0) {
    const { xy, start } = this.outlines(level);
    for (const ring of this.rings[atom]) {
      tracePolyline(path, xy, start[ring], start[ring + 1]);
      path.closePath();
    }
  }

  // Arcs between two atoms for which `differ` holds; the outer edge always counts.
  borders(differ) {
    const { left, right } = this.mosaic;
    const lines = [];
    for (let arc = 0; arc < left.length; arc++) if (right[arc] < 0 || differ(left[arc], right[arc])) lines.push(arc);
    return new LineSet(this.arcs, lines);
  }

  at(x, y) {
    if (!this.index) this.index = new RingIndex(this.outlines(0).xy, this.outlines(0).start, this.mosaic.ring_atom);
    return this.index.at(x, y);
  }

  middle(atom) {
    const { xy, start } = this.outlines(0);
    const ring = this.rings[atom][0];
    const sum = [0, 0];
    for (let i = start[ring]; i < start[ring + 1]; i++) {
      sum[0] += xy[2 * i];
      sum[1] += xy[2 * i + 1];
    }
    return sum.map((value) => value / Math.max(start[ring + 1] - start[ring], 1));
  }

  // Atoms across the borders of one, the longest border first.
  around(atom) {
    const { left, right, arc_start } = this.mosaic;
    const shared = new Map();
    for (let arc = 0; arc < left.length; arc++) {
      if (right[arc] < 0 || (left[arc] !== atom && right[arc] !== atom)) continue;
      let length = 0;
      for (let i = arc_start[arc] + 1; i < arc_start[arc + 1]; i++) {
        length += Math.hypot(this.xy[2 * i] - this.xy[2 * i - 2], this.xy[2 * i + 1] - this.xy[2 * i - 1]);
      }
      const other = left[arc] === atom ? right[arc] : left[arc];
      shared.set(other, (shared.get(other) || 0) + length);
    }
    return [...shared].sort((a, b) => b[1] - a[1]).map(([other]) => other);
  }
}

// The land of a plan at the levels of detail, and its borders; made when they are first drawn.
class PlanPaths {
  constructor(plan, atoms) {
    Object.assign(this, { plan, atoms });
    this.made = new Map();
    if (plan.label) {
      this.atomsOf = plan.communities.map(() => []);
      plan.label.forEach((at, atom) => at >= 0 && this.atomsOf[at].push(atom));
      this.borders = atoms.borders((a, b) => plan.label[a] !== plan.label[b]);
    } else {
      this.rings = leveled({ xy: metres(plan.rings.xy), start: plan.rings.start });
      this.ringsOf = plan.communities.map(() => []);
      plan.rings.community.forEach((at, ring) => this.ringsOf[at].push(ring));
      this.borders = new LineSet(this.rings, Array.from(plan.rings.community.keys()));
    }
    this.rule = plan.label ? "nonzero" : "evenodd";
  }

  kept(key, make) {
    if (!this.made.has(key)) this.made.set(key, make());
    return this.made.get(key);
  }

  // Adds the land of a community to a path.
  trace(path, at, level) {
    if (this.plan.label) return this.atomsOf[at].forEach((atom) => this.atoms.traceAtom(path, atom, level));
    const { xy, start } = this.rings(level);
    for (const ring of this.ringsOf[at]) {
      tracePolyline(path, xy, start[ring], start[ring + 1]);
      path.closePath();
    }
  }

  // Several communities as one path; `name` tells which.
  landOf(name, communities, level) {
    return this.kept(`${name}|${level}`, () => {
      const path = new Path2D();
      communities.forEach((at) => this.trace(path, at, level));
      return path;
    });
  }

  changed(level) {
    return this.kept(`changed|${level}`, () => {
      const path = new Path2D();
      this.plan.changedAtoms.forEach((atom) => this.atoms.traceAtom(path, atom, level));
      return path;
    });
  }

  // The outline of one community, without the atoms inside it.
  outline(at) {
    if (!this.plan.label) return this.landOf(`one-${at}`, [at], 0);
    return this.kept(`outline|${at}`, () => {
      const path = new Path2D();
      const { left, right, arc_start } = this.atoms.mosaic;
      for (let arc = 0; arc < left.length; arc++) {
        const inside = this.plan.label[left[arc]] === at;
        const across = right[arc] >= 0 && this.plan.label[right[arc]] === at;
        if (inside !== across) tracePolyline(path, this.atoms.xy, arc_start[arc], arc_start[arc + 1]);
      }
      return path;
    });
  }
}

// Position of the community that holds a point in a plan; −1 for none.
function communityAt(plan, x, y, atoms) {
  if (plan.label) {
    const atom = atoms.at(x, y);
    return atom < 0 ? -1 : plan.label[atom];
  }
  if (!plan.ringIndex) plan.ringIndex = new RingIndex(metres(plan.rings.xy), plan.rings.start, plan.rings.community);
  return plan.ringIndex.at(x, y);
}
