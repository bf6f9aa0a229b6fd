// A plan of the page made to say what the server says: labels at once, figures and findings once it has been judged.

// The plan as it stands, before the checks have spoken: land and households, and what they leave untouched. Figures
// and findings of communities that were touched since wait for the verdict. `headline` and `waiting` stand in the
// language of the page and in its other one.
function relabel(page, plan, told, headline, waiting) {
  const { data } = page;
  const scene = page.maps.scene;
  const label = Int32Array.from(told.label);
  const before = new Map(plan.communities.map((community, at) => [community.id, { community, at }]));
  const touched = touchedBetween(plan, label, told.communities);
  const unlike = againstToday(data.plans[0], label, told.communities);
  const communities = told.communities.map((one, at) => {
    const known = before.get(one.community_id);
    if (!known) return { ...spotOf(label, at, scene.atoms), id: one.community_id, name: one.name, subdistrict: one.subdistrict, listed: true, sides: -1, seat: null, seatKind: null, action: "new" };
    const { action } = known.community;
    const standing = action === "keep" || action === "adjust" ? (unlike.has(one.community_id) ? "adjust" : "keep") : action;
    return { ...known.community, name: one.name, action: standing, ...(touched.has(one.community_id) ? { ...spotOf(label, at, scene.atoms), sides: -1 } : {}) };
  });
  // A column of the old communities as one of the new ones.
  const column = (values) => told.communities.map((one) => {
    const known = before.get(one.community_id);
    return known && !touched.has(one.community_id) ? values[known.at] : null;
  });
  const figures = {};
  for (const [key, values] of Object.entries(plan.figures)) figures[key] = key === "households" ? told.communities.map((one) => one.households) : column(values);
  const resources = plan.resources && plan.resources.map((subject) => Object.fromEntries(Object.entries(subject).map(([name, values]) => [name, column(values)])));
  const summary = { ...plan.summary };
  for (const key of Object.keys(summary)) summary[key] = null;
  Object.assign(summary, { communities: communities.length, households_moved: told.households_moved });
  const kept = plan.findings.map((one, at) => ({ one, at })).filter(({ one }) => one.community && !touched.has(one.community) && told.communities.some((other) => other.community_id === one.community));
  const other = otherWords(data, plan);
  if (other) other.findings = Object.fromEntries(kept.map(({ at }, i) => [i, other.findings?.[at]]).filter(([, words]) => words));
  if (other) Object.assign(other, { headline: headline[1], flag: { text: waiting[1] } });
  put(page, plan, {
    label, communities, figures, resources, summary, headline: headline[0], flag: { kind: "wait", text: waiting[0] }, findings: kept.map(({ one }) => one), steps: [], certificates: [],
    homes: homesThrough(plan, communities), flows: { households: [], from: [], to: [] },
  });
}

// Ids of communities whose land differs between the plan as it is shown and as it is told.
function touchedBetween(plan, label, told) {
  const touched = new Set();
  for (let atom = 0; atom < label.length; atom++) {
    const was = plan.label[atom] < 0 ? "" : plan.communities[plan.label[atom]].id;
    const is = label[atom] < 0 ? "" : told[label[atom]].community_id;
    if (was !== is) touched.add(was).add(is);
  }
  return touched;
}

// Ids of communities that gain or lose land against today.
function againstToday(today, label, told) {
  const unlike = new Set();
  for (let atom = 0; atom < label.length; atom++) {
    const was = today.majority[atom] < 0 ? "" : today.communities[today.majority[atom]].id;
    const is = label[atom] < 0 ? "" : told[label[atom]].community_id;
    if (was !== is) unlike.add(was).add(is);
  }
  return unlike;
}

// Position of the community of each building, as steps from one to the next (reports/page_plans.py), by other positions.
function homesThrough(plan, communities) {
  if (!plan.homes) return plan.homes;
  const index = new Map(communities.map((one, at) => [one.id, at]));
  let [held, last] = [0, 0];
  return plan.homes.map((step) => {
    held += step;
    const now = held < 0 ? -1 : index.get(plan.communities[held].id) ?? -1;
    const next = now - last;
    last = now;
    return next;
  });
}

// Everything of the plan, from a sealed letter.
async function readLetter(page, plan, sealed) {
  const { data } = page;
  const letter = await openPayload({ textContent: sealed });
  const at = letter.plans.length - 1;
  const fresh = letter.plans[at];
  const moved = data.limits && letter.limits ? data.limits.length : -1;
  if (moved >= 0) data.limits.push(...letter.limits);
  for (const one of fresh.communities) if (one.sides >= 0) one.sides = data.sides.push(letter.sides[one.sides]) - 1;
  if (data.other) {
    const { title, ...words } = letter.other?.plans?.[at] || {};
    data.other.plans = { ...data.other.plans, [data.plans.indexOf(plan)]: words };
    for (const [limit, said] of Object.entries(letter.other?.limits || {})) {
      data.other.limits = { ...data.other.limits, [Number(limit) + moved]: said };
      if (letter.language !== data.language) exchange(data.limits[Number(limit) + moved], said);
    }
  }
  const { id, title, ...rest } = fresh;
  if (letter.language !== data.language) exchange(rest, otherWords(data, plan) || {});
  put(page, plan, rest);
}

// What the page's other language says of a plan otherwise; null for a page of one language.
function otherWords(data, plan) {
  return (data.other && data.other.plans && data.other.plans[data.plans.indexOf(plan)]) || null;
}

// What the server writes of a plan; everything else on it is made from this, and made anew.
const LETTER = new Set([
  "id", "title", "who", "columns", "communities", "figures", "flows", "homes", "label", "majority", "rings", "findings", "steps",
  "summary", "certificates", "resources", "headline", "flag", "shownRevision",
]);

function put(page, plan, values) {
  const { data, state, maps } = page;
  const chosen = state.chosen.get(plan.id);
  const id = chosen >= 0 && plan.communities[chosen] ? plan.communities[chosen].id : null;
  for (const key of Object.keys(plan)) if (!LETTER.has(key)) delete plan[key];
  Object.assign(plan, values);
  colourNew(data, plan, maps.scene.atoms);
  preparePlan(plan, data.plans[0], data);
  if (state.chosen.has(plan.id)) state.chosen.set(plan.id, id === null ? -1 : plan.index.get(id) ?? -1);
  for (const pane of maps.panes) {
    if (pane.plans.includes(plan)) pane.box.setAttribute("aria-label", maps.inWords(pane.plans));
    pane.plans.forEach((one, side) => {
      if (one === plan && pane.heads) rehead(pane.heads[side], plan);
    });
  }
  page.replanned();
}

function rehead(head, plan) {
  const facts = head.querySelector(".facts") || head.querySelector("span");
  if (facts) facts.textContent = plan.headline;
  head.querySelector(".flag")?.remove();
  if (plan.flag) head.append(make("span", { class: `flag ${plan.flag.kind}`, text: plan.flag.text }));
}

// A new community gets a colour that none of its neighbours has.
function colourNew(data, plan, atoms) {
  const { left, right } = atoms.mosaic;
  plan.communities.forEach((one, at) => {
    if (data.colours[one.id] !== undefined) return;
    const taken = new Set();
    for (let arc = 0; arc < left.length; arc++) {
      if (right[arc] < 0) continue;
      const [a, b] = [plan.label[left[arc]], plan.label[right[arc]]];
      if (a !== b && (a === at || b === at)) {
        const other = plan.communities[a === at ? b : a];
        if (other) taken.add(data.colours[other.id]);
      }
    }
    const free = data.palette.findIndex((_, shade) => !taken.has(shade));
    data.colours[one.id] = Math.max(free, 0);
  });
}

// Where a community lies whose outline the page does not know: its name goes to the atom nearest to its middle.
function spotOf(label, at, atoms) {
  const own = [];
  label.forEach((one, atom) => one === at && own.push(atom));
  if (!own.length) return { x: 0, y: 0, radius: 0, box: [0, 0, 0, 0] };
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const reach = (x, y) => {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  };
  for (const atom of own) atoms.traceAtom({ moveTo: reach, lineTo: reach, closePath() {} }, atom);
  const away = ([x, y]) => Math.hypot(x - (box[0] + box[2]) / 2, y - (box[1] + box[3]) / 2);
  const [x, y] = own.map((atom) => atoms.middle(atom)).reduce((best, spot) => (away(spot) < away(best) ? spot : best));
  return { x, y, radius: Math.min(box[2] - box[0], box[3] - box[1]) / 3, box };
}
