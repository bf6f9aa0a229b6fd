// What can be searched for: communities of all plans, roads, compounds, buildings by address or id; and who holds them.

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

// What people type and what they look for, alike in width and case: １０号 is 10号.
function plain(text) {
  return text.normalize("NFKC").toLowerCase();
}

// Everything that has a name but buildings: {text, more, kind, at, look}; `look` is what is compared.
function everyPlace(data) {
  const { words } = data;
  const place = (kind) => (text, at) => ({ kind, text, more: words[`kind_${kind}`], at, look: plain(text) });
  const communities = everyCommunity(data).sort((a, b) => a.one.name.localeCompare(b.one.name, "zh")).map(({ one }) => (
    { kind: "community", text: one.name, more: one.subdistrict, at: one.id, look: plain(`${one.name} ${one.id} ${one.subdistrict}`) }));
  return [...communities, ...data.streets.map(place("road")), ...data.compounds.names.map(place("compound")).filter(({ text }) => text)];
}

// How well a text answers: 0 all of it, 1 its beginning, 2 a part, 3 a part of a number in it; null not at all.
function rankOf(look, parts) {
  let rank = look === parts.join(" ") ? 0 : look.startsWith(parts[0]) ? 1 : 2;
  for (const part of parts) {
    const at = look.indexOf(part);
    if (at < 0) return null;
    if (rank === 2 && /\d/.test(part[0]) && /\d/.test(look[at - 1] || "")) rank = 3;
  }
  return rank;
}

// The best answers to what was typed; words may stand apart: 幸福路 10号. At most `most`.
function findPlaces(data, places, typed, most) {
  const parts = plain(typed).trim().split(/\s+/);
  const found = [];
  for (const place of places) {
    const rank = rankOf(place.look, parts);
    if (rank !== null) found.push({ ...place, rank });
  }
  const homes = findHomes(data, parts).map((one) => ({ ...one, kind: "home", more: one.id ? `${data.words.kind_address} ${one.id}` : data.words.kind_address }));
  return [...found, ...homes].sort((a, b) => a.rank - b.rank).slice(0, most);
}

// Buildings stay lines of text until somebody searches.
function homesOf(data) {
  const { buildings } = data;
  if (!buildings.lines) {
    const lines = (text) => (text ? text.split("\n") : []);
    buildings.lines = { addresses: lines(buildings.addresses), ids: lines(buildings.ids), looks: lines(plain(buildings.addresses)), marks: lines(plain(buildings.ids)) };
  }
  return buildings.lines;
}

// Enough to choose the best from.
const MOST_COMPARED = 500;
const LEAST_OF_ID = 4;

function findHomes(data, parts) {
  const { addresses, ids, looks, marks } = homesOf(data);
  const found = [];
  for (let at = 0; at < data.buildings.households.length && found.length < MOST_COMPARED; at++) {
    const called = looks[at] ? rankOf(looks[at], parts) : null;
    // Of an id, its beginning or a longer part: a single digit stands in every id.
    const marked = marks[at] && parts.length === 1 ? rankOf(marks[at], parts) : null;
    const meant = marked !== null && (marked < 2 || parts[0].length >= LEAST_OF_ID) ? marked : null;
    if (called === null && meant === null) continue;
    found.push({ at, text: addresses[at] || ids[at], id: addresses[at] ? ids[at] || "" : "", rank: Math.min(called ?? 9, meant ?? 9) });
  }
  return found.sort((a, b) => a.rank - b.rank || a.text.localeCompare(b.text, "zh", { numeric: true }));
}

// Position of a building's community in each plan, −1 for none: as the plan counts it, wherever its point lies.
function holdersOfHome(data, at) {
  return new Map(data.plans.map((plan) => {
    if (!plan.homeOf) {
      let sum = 0;
      plan.homeOf = plan.homes.map((step) => (sum += step));
    }
    return [plan.id, plan.homeOf[at]];
  }));
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
