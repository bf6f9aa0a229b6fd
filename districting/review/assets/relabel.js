// A plan of the page made to say what the server says: labels at once, figures and findings once it has been judged.

// The plan as it stands, before the checks have spoken: land and households; other figures wait.
function relabel(page, plan, told, headline, waiting) {
  const { data } = page;
  const before = new Map(plan.communities.map((community, at) => [community.id, { community, at }]));
  const scene = page.maps.scene;
  const label = Int32Array.from(told.label);
  const communities = told.communities.map((one, at) => {
    const known = before.get(one.community_id);
    if (known) return { ...known.community, name: one.name };
    return { ...spotOf(label, at, scene.atoms), id: one.community_id, name: one.name, subdistrict: "", listed: true, sides: -1, seat: null, seatKind: null, action: "new" };
  });
  const figures = {};
  for (const [key, values] of Object.entries(plan.figures)) {
    figures[key] = told.communities.map((one) => {
      if (key === "households") return one.households;
      const known = before.get(one.community_id);
      return known ? values[known.at] : null;
    });
  }
  const summary = { ...plan.summary };
  for (const key of Object.keys(summary)) summary[key] = null;
  Object.assign(summary, { communities: communities.length, households_moved: told.households_moved });
  const flag = { kind: "wait", text: waiting };
  put(page, plan, { label, communities, figures, summary, headline, flag, flows: { households: [], from: [], to: [] } });
}

// Everything of the plan, from a sealed letter.
async function readLetter(page, plan, sealed) {
  const letter = await openPayload({ textContent: sealed });
  const fresh = letter.plans[letter.plans.length - 1];
  const sides = page.data.sides;
  if (Array.isArray(sides) && Array.isArray(letter.sides)) {
    for (const one of fresh.communities) {
      if (one.sides >= 0) one.sides = sides.push(letter.sides[one.sides]) - 1;
    }
  }
  const { id, title, ...rest } = fresh;
  put(page, plan, rest);
}

// What the server writes of a plan; everything else on it is made from this, and made anew.
const LETTER = new Set(["id", "title", "communities", "figures", "flows", "label", "majority", "rings", "findings", "summary", "certificates", "headline", "flag", "shownRevision"]);

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
    pane.plans.forEach((one, side) => {
      if (one === plan && pane.heads) rehead(pane.heads[side], plan);
    });
  }
  maps.redraw();
  if (page.store) page.store.onchange();
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

// Where a community that the page does not know lies.
function spotOf(label, at, atoms) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const reach = (x, y) => {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  };
  let first = -1;
  label.forEach((one, atom) => {
    if (one !== at) return;
    if (first < 0) first = atom;
    atoms.traceAtom({ moveTo: reach, lineTo: reach, closePath() {} }, atom);
  });
  const [x, y] = first < 0 ? [0, 0] : atoms.middle(first);
  return { x, y, radius: Math.min(box[2] - box[0], box[3] - box[1]) / 3, box };
}
