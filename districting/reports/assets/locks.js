// Locks that people ask of the next plan: which make sense at a place, how they are called, which plans keep to them.

// What can be asked of the next plan at this place: kind → the fields of a lock.
function proposable(data, state, found, scene) {
  const today = found[0];
  const own = today.one;
  const atom = scene.atoms.at(...state.point);
  const kinds = new Map();
  if (own) {
    const called = { name: own.name };
    const alone = (kind) => kinds.set(kind, { called, options: [], lock: () => ({ kind, communities: [own.id] }) });
    alone("keep");
    alone("split");
    if (own.seat) alone("seat");
    const near = neighboursToday(today.at, data, scene);
    if (near.length) kinds.set("merge", {
      called, options: near.map((at) => [String(at), today.plan.communities[at].name]),
      lock: (at) => ({ kind: "merge", communities: [own.id, today.plan.communities[at].id] }),
    });
  }
  const around = atom < 0 ? [] : scene.atoms.around(atom).filter((other) => data.atom_subdistrict[other] === data.atom_subdistrict[atom] && data.atom_households[other] > 0);
  if (around.length && data.atom_households[atom] > 0) {
    for (const kind of ["together", "apart"]) kinds.set(kind, {
      atom, options: around.map((other) => [String(other), atomName(other, atom, data, scene)]),
      lock: (other) => ({ kind, atoms: [data.atom_ids[atom], data.atom_ids[other]] }),
    });
  }
  const compound = atom < 0 ? -1 : data.compounds.of_atom[atom];
  if (compound >= 0) kinds.set("compound", { options: [], lock: () => ({ kind: "together", compounds: [data.compounds.ids[compound]] }) });
  return kinds;
}

// Positions of today's communities that border on one, by today's main owner of each atom.
function neighboursToday(at, data, scene) {
  const { majority } = data.plans[0];
  const { left, right } = data.mosaic;
  const found = new Set();
  for (let arc = 0; arc < left.length; arc++) {
    if (right[arc] < 0) continue;
    const [a, b] = [majority[left[arc]], majority[right[arc]]];
    if (a === at && b !== at && b >= 0) found.add(b);
    if (b === at && a !== at && a >= 0) found.add(a);
  }
  const own = data.plans[0].communities[at].subdistrict;
  return [...found].filter((other) => data.plans[0].communities[other].subdistrict === own);
}

// An atom in words: where it lies from another, whose it is today, how many live there.
function atomName(atom, from, data, scene) {
  const { words } = data;
  const today = data.plans[0];
  const owner = today.majority[atom] < 0 ? words.no_community : today.communities[today.majority[atom]].name;
  const facts = `${owner} ${fill(words.households_short, { n: figure(data.atom_households[atom]) })}`;
  if (from === null) return fill(words.block, { facts });
  const [x, y] = scene.atoms.middle(atom);
  const [u, v] = scene.atoms.middle(from);
  const turn = Math.round(Math.atan2(y - v, x - u) / (Math.PI / 4));
  return fill(words.block_towards, { side: words[`towards_${(turn + 8) % 8}`], facts });
}

// A lock in the words of the page; null for one that names what is not here.
function lockText(lock, data, scene) {
  const { words } = data;
  const [a, b] = namedByLock(lock, data);
  if (a === undefined || a < 0 || b < 0) return null;
  if (lock.kind === "together" && lock.compounds?.length) return fill(words.lock_compound, { name: data.compounds.names[a] || data.compounds.ids[a] });
  if (lock.atoms?.length) return b === undefined ? null : fill(words[`lock_${lock.kind}`], { name: atomName(a, null, data, scene), other: atomName(b, a, data, scene) });
  const name = (at) => (at === undefined ? "" : data.plans[0].communities[at].name);
  return fill(words[`lock_${lock.kind}`], { name: name(a), other: name(b) });
}

// Positions of what a lock names: compounds, atoms, or communities of today, −1 for what is not here.
function namedByLock(lock, data) {
  if (lock.compounds?.length) return lock.compounds.map((id) => data.compounds.ids.indexOf(id));
  if (lock.atoms?.length) return lock.atoms.map((id) => data.atom_ids.indexOf(id));
  return (lock.communities || []).map((id) => data.plans[0].index.get(id) ?? -1);
}

// Whether a plan keeps to a lock, by the land of its communities; null where the page cannot tell.
function lockHolds(lock, plan, data) {
  const { majority } = data.plans[0];
  const named = namedByLock(lock, data);
  if (!plan.label || !majority || !named.length || named.some((at) => at < 0)) return null;
  const inside = (wanted) => [...plan.label.keys()].filter(wanted);
  const ends = (atoms) => new Set(atoms.map((atom) => plan.label[atom]));
  const lived = (at) => inside((atom) => majority[atom] === at && data.atom_households[atom] > 0);
  const own = (at) => plan.index.get(data.plans[0].communities[at].id) ?? -1;
  if (lock.kind === "together") return ends(lock.compounds?.length ? inside((atom) => named.includes(data.compounds.of_atom[atom])) : named).size <= 1;
  if (lock.kind === "apart") return ends(named).size === named.length;
  if (lock.kind === "merge") return ends(named.flatMap(lived)).size <= 1;
  if (lock.kind === "split") return named.every((at) => ends(lived(at)).size !== 1);
  if (lock.kind === "seat") return named.every((at) => own(at) >= 0);
  return named.every((at) => inside((atom) => plan.label[atom] >= 0 && (plan.label[atom] === own(at)) !== (majority[atom] === at)).length === 0);
}
