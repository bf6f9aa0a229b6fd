// What can be searched for: communities of all plans, roads, compounds and addresses; and who holds them.

// Communities of all plans by id, each once: as the first plan that still has it after today calls it, else as today.
function everyCommunity(data) {
  if (!data.every) {
    const all = new Map();
    for (const plan of [...data.plans.slice(1), ...data.plans.slice(0, 1)]) {
      plan.communities.forEach((one, at) => {
        if (one.listed && !all.has(one.id)) all.set(one.id, { plan, at, one });
      });
    }
    data.every = [...all.values()];
  }
  return [...data.every];
}

function matches({ one }, wanted) {
  return !wanted || [one.name, one.id, one.subdistrict].some((text) => text.toLowerCase().includes(wanted));
}

// Everything that has a name: {text, more, kind, at, look}; `look` is what is compared.
function everyPlace(data) {
  const { words } = data;
  const place = (kind) => (text, at) => ({ kind, text, more: words[`kind_${kind}`], at, look: text.toLowerCase() });
  const communities = everyCommunity(data).sort((a, b) => a.one.name.localeCompare(b.one.name, "zh")).map(({ one }) => (
    { kind: "community", text: one.name, more: one.subdistrict, at: one.id, look: `${one.name} ${one.id} ${one.subdistrict}`.toLowerCase() }));
  return [
    ...communities, ...data.streets.map(place("road")),
    ...data.compounds.names.map(place("compound")).filter(({ text }) => text), ...data.addresses.names.map(place("address")),
  ];
}

// Places whose text begins with what is wanted come before those that only hold it; at most `most`.
function findPlaces(places, wanted, most) {
  const first = [];
  const then = [];
  for (const place of places) {
    const at = place.look.indexOf(wanted);
    if (at < 0) continue;
    (at === 0 ? first : then).push(place);
    if (first.length >= most) break;
  }
  return [...first, ...then].slice(0, most);
}

function pointOf(points, i) {
  return [points.xy[2 * i], points.xy[2 * i + 1]];
}

// Positions of the communities of each plan that lie on either side of a road.
function communitiesAlong(street, data, scene) {
  const found = new Map(data.plans.map((plan) => [plan.id, new Set()]));
  for (const road of scene.roads) {
    for (let line = 0; line + 1 < road.start.length; line++) {
      if (road.street[line] !== street) continue;
      for (let i = road.start[line]; i + 1 < road.start[line + 1]; i++) {
        const [x, y, u, v] = [road.xy[2 * i], road.xy[2 * i + 1], road.xy[2 * i + 2], road.xy[2 * i + 3]];
        const length = Math.hypot(u - x, v - y);
        if (length < 1) continue;
        const [dx, dy] = [(-(v - y) / length) * 25, ((u - x) / length) * 25];
        for (let t = 0; t < length; t += 60) {
          const [px, py] = [x + ((u - x) * t) / length, y + ((v - y) * t) / length];
          for (const side of [-1, 1]) {
            for (const plan of data.plans) {
              const at = communityAt(plan, px + side * dx, py + side * dy, scene.atoms);
              if (at >= 0) found.get(plan.id).add(at);
            }
          }
        }
      }
    }
  }
  return new Map([...found].map(([id, set]) => [id, [...set].sort((a, b) => a - b)]));
}

// The lines of a road as one path, and their box.
function streetPath(street, scene) {
  const path = new Path2D();
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const road of scene.roads) {
    path.addPath(linesPath(road, road.xy, (line) => road.street[line] === street));
    for (let line = 0; line + 1 < road.start.length; line++) {
      if (road.street[line] !== street) continue;
      for (let i = road.start[line]; i < road.start[line + 1]; i++) {
        for (let k = 0; k < 4; k++) box[k] = (k < 2 ? Math.min : Math.max)(box[k], road.xy[2 * i + (k % 2)]);
      }
    }
  }
  return { path, box };
}
