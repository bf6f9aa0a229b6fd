// What the drawing and the panel look up again and again, made once from the payload.

function buildScene(data) {
  const atoms = new Atoms(data.mosaic);
  const subdistrict = data.atom_subdistrict;
  const lines = (one) => ({ ...one, xy: metres(one.xy) });
  return {
    atoms, today: data.plans[0], bounds: data.bounds, focus: data.focus, palette: data.palette, colours: data.colours,
    atomSize: Math.sqrt(data.land_m2 / Math.max(atoms.n, 1)),
    subdistrictBorders: atoms.borders((a, b) => subdistrict[a] !== subdistrict[b]),
    roads: data.roads.map(lines).map((road) => ({ ...road, lines: lineSet(road) })),
    streets: data.streets,
    barriers: data.barriers.map(lines).map((line) => ({ ...line, lines: lineSet(line) })),
    areas: data.areas.map((area) => ({ kind: area.kind, path: linesPath(area), names: area.names })),
    compoundLines: lineSet(lines(data.compound_rings)),
    compounds: data.compounds,
    buildings: { xy: metres(data.buildings.xy), households: data.buildings.households },
    pins: [], pair: [], spot: null, street: null, allowed: () => null,
  };
}

// What the drawing and the panel look up again and again; made anew when the plan or the language changes.
function preparePlan(plan, today, data) {
  const { words } = data;
  plan.index = new Map(plan.communities.map((community, at) => [community.id, at]));
  const told = (strengths) => new Set(plan.findings.filter((one) => strengths.includes(one.strength)).map((one) => one.community));
  const broken = told(["must"]);
  plan.found = told(["must", "should"]);
  const keys = Object.keys(plan.figures);
  plan.communities.forEach((community, at) => {
    community.figures = Object.fromEntries(keys.map((key) => [key, plan.figures[key][at]]));
    community.short = community.name.replace(/(社区|居委会|居民委员会)$/, "");
    community.broken = broken.has(community.id);
    if (!community.action) return;
    const before = today.index.has(community.id) ? today.communities[today.index.get(community.id)].figures.households : 0;
    const change = community.action === "new" ? 0 : community.figures.households - before;
    community.glyph = words[`glyph_${community.action}`];
    community.badge = words[`action_${community.action}`] + (change ? ` ${change > 0 ? "+" : "−"}${figure(Math.abs(change))}` : "");
  });
  plan.labelOrder = plan.communities.map((_, at) => at).sort((a, b) => changedFirst(plan, a) - changedFirst(plan, b) || plan.communities[b].figures.households - plan.communities[a].figures.households);
  plan.marks = plan.findings.filter((one) => one.strength !== "prefer" && one.x !== null);
  plan.ended = { glyph: words.glyph_abolish, badge: words.action_abolish };
  plan.abolished = plan === today ? [] : today.communities.map((_, at) => at).filter((at) => !plan.index.has(today.communities[at].id));
  [plan.changedAtoms, plan.touched] = changesOf(plan, today);
  [plan.flowsFrom, plan.flowsTo] = [new Map(), new Map()];
  if (!plan.flows) return;
  plan.flows.households.forEach((households, i) => {
    const flow = { from: plan.flows.from[i], to: plan.flows.to[i], households };
    for (const [map, end] of [[plan.flowsFrom, flow.from], [plan.flowsTo, flow.to]]) {
      if (!map.has(end)) map.set(end, []);
      map.get(end).push(flow);
    }
  });
  for (const map of [plan.flowsFrom, plan.flowsTo]) for (const flows of map.values()) flows.sort((a, b) => b.households - a.households);
}

// At city scale, what changes is named before what stays.
function changedFirst(plan, at) {
  const { action } = plan.communities[at];
  return action && action !== "keep" ? 0 : 1;
}

// Atoms that change their community against today, and the ids of the communities that this touches.
function changesOf(plan, today) {
  const atoms = [];
  const touched = new Set(plan.communities.filter((one) => one.action && one.action !== "keep").map((one) => one.id));
  if (!plan.label || plan === today || !today.majority) return [atoms, touched];
  for (let atom = 0; atom < plan.label.length; atom++) {
    const before = today.majority[atom] < 0 ? "" : today.communities[today.majority[atom]].id;
    const after = plan.label[atom] < 0 ? "" : plan.communities[plan.label[atom]].id;
    if (before === after) continue;
    atoms.push(atom);
    touched.add(before).add(after);
  }
  return [atoms, touched];
}

function boxAround(boxes) {
  if (!boxes.length) return null;
  const edge = (at, pick) => pick(...boxes.map((box) => box[at]));
  return [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)];
}
