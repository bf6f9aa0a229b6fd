// The tab of communities: the card of the place that was asked about, and the table of all communities.

function communityView(data, state, actions) {
  const { words } = data;
  const shown = [];
  if (state.street !== null) shown.push(...streetCard(data, state, actions));
  else if (state.point) shown.push(...placeCard(data, state, actions));
  else shown.push(make("p", { class: "hint", text: words.pick_hint }));
  shown.push(make("h2", { text: words.all_communities }), communityTable(data, state, actions));
  return shown;
}

// What each plan holds at the place: [{plan, at, one}], `one` null where nobody does.
function heldBy(data, state) {
  return data.plans.map((plan) => {
    const at = state.chosen.get(plan.id) ?? -1;
    return { plan, at, one: at < 0 ? null : plan.communities[at] };
  });
}

function placeCard(data, state, actions) {
  return [...placeFacts(data, state, actions), ...reviewCard(data, state, heldBy(data, state), actions)];
}

// What the card tells; the rest of it asks.
function placeFacts(data, state, actions) {
  const { words } = data;
  const found = heldBy(data, state);
  const lead = found.find(({ plan, one }) => plan.id === state.pointPlan && one) || found.find(({ one }) => one);
  const name = lead ? lead.one.name : words.no_community;
  const shown = [];
  if (state.place) shown.push(make("p", { class: "place", role: "status", text: belonging(data, found, state.place) }));
  shown.push(make("h2", {}, name, make("button", { class: "clear", type: "button", onclick: actions.clear, text: words.clear })));
  if (lead) shown.push(make("p", { class: "hint", text: `${lead.one.subdistrict} · ${lead.one.id}` }));
  shown.push(measuresTable(data, found, name), make("p", { class: "hint", text: data.size }));
  shown.push(...stepsOf(data, found, actions), ...sidesOf(data, found), ...resourcesOf(data, found), ...flowsOf(data, state, found, actions));
  for (const { plan, one } of found) {
    const own = one ? plan.findings.filter((finding) => finding.community === one.id) : [];
    if (own.length) shown.push(make("h3", { text: `${plan.title} · ${one.name}` }), findingList(own, plan, words, actions));
  }
  return shown;
}

// Where a place belongs, before and after, as one sentence.
function belonging(data, found, place) {
  const { words } = data;
  const [today, ...plans] = found;
  const told = [today.one ? fill(words.belongs_today, { place, name: today.one.name }) : fill(words.belongs_nobody, { place })];
  const under = new Map();
  for (const { plan, one } of plans) {
    const same = (one ? one.id : "") === (today.one ? today.one.id : "");
    const said = same ? "belongs_stays" : one ? "belongs_goes" : "belongs_leaves";
    const key = `${said} ${one && !same ? one.name : ""}`;
    if (!under.has(key)) under.set(key, { said, name: one ? one.name : "", plans: [] });
    under.get(key).plans.push(fill(words.quoted, { text: plan.title }));
  }
  const alone = under.size === 1 && plans.length > 1;
  const order = ["belongs_goes", "belongs_leaves", "belongs_stays"];
  for (const { said, name, plans: some } of [...under.values()].sort((a, b) => order.indexOf(a.said) - order.indexOf(b.said))) {
    told.push(fill(words[said], { name, plans: alone ? words.every_plan : some.join(words.comma) }));
  }
  return told.join(words.semicolon) + words.full_stop;
}

// What a plan does here and why: its steps that touch the community, and what they mend.
function stepsOf(data, found, actions) {
  const { words } = data;
  const today = data.plans[0];
  const shown = [];
  for (const { plan, one } of found.slice(1)) {
    const touched = new Set([one, found[0].one].filter(Boolean).map(({ id }) => id));
    const steps = (plan.steps || []).filter((step) => step.touches.some((id) => touched.has(id)));
    if (!steps.length) continue;
    const reasons = [...new Set(steps.flatMap((step) => step.reasons))].map((at) => today.findings[at]);
    shown.push(make("h4", { text: plan.title }), make("ul", { class: "steps" }, ...steps.map((step) => make("li", { text: step.text }))));
    if (reasons.length) shown.push(make("p", { class: "because soft", text: words.because }), findingList(reasons, today, words, actions));
  }
  return shown.length ? [make("h3", { text: words.steps }), ...shown] : [];
}

function measuresTable(data, found, caption) {
  const { words } = data;
  const heads = [words.measure, ...data.plans.map((plan) => plan.title)];
  const rows = [{ cells: [words.belongs, ...found.map(({ one }) => (one ? one.name : "—"))], mark: "wrap" }];
  if (data.plans.some((plan) => plan.communities.some((one) => one.action))) {
    rows.push({ cells: [words.action, ...found.map(({ one }) => (one && one.action ? make("span", { class: `action ${one.action}`, text: words[`action_${one.action}`] }) : "—"))] });
  }
  for (const measure of data.measures) {
    const title = make("span", {}, measure.title, measure.unit ? make("small", { text: ` ${measure.unit}` }) : null);
    rows.push({ cells: [title, ...found.map(({ one }) => {
      const bad = one && measure.key === "households" && one.broken;
      return make("span", { class: bad ? "bad" : "", text: one ? figure(one.figures[measure.key], measure) : "—" });
    })] });
  }
  return table(heads, rows, caption);
}

// 四至, once for plans that agree.
function sidesOf(data, found) {
  const { words } = data;
  const told = new Map();
  for (const { plan, one } of found) {
    if (!one || !data.sides[one.sides]) continue;
    if (!told.has(one.sides)) told.set(one.sides, []);
    told.get(one.sides).push(plan.title);
  }
  if (!told.size) return [];
  const items = [...told].flatMap(([at, plans]) => {
    const [east, south, west, north] = data.sides[at].map((limits) => limits.map(({ text }) => text).join(words.comma) || "—");
    return [make("dt", { text: plans.join(words.comma) }), make("dd", { text: fill(words.sides_text, { east, south, west, north }) })];
  });
  return [make("h3", { text: words.sides }), make("dl", { class: "sides" }, ...items)];
}

// Staff and rooms, where the case tells of them: what there is and what the policy asks for.
function resourcesOf(data, found) {
  const { words } = data;
  const rows = [];
  data.resources.forEach((subject, row) => {
    const held = found.map(({ plan, at, one }) => (one && plan.resources ? [plan.resources[row].existing[at], plan.resources[row].required[at]] : [null, null]));
    if (held.every(([existing, required]) => existing === null && required === null)) return;
    const title = make("span", {}, subject.title, make("small", { text: ` ${subject.unit}` }));
    rows.push({ cells: [title, ...held.map(([existing, required]) => {
      const short = existing !== null && required !== null && existing < required;
      return make("span", { class: short ? "bad" : "", text: existing === null ? figure(required) : `${figure(existing)} / ${figure(required)}` });
    })], mark: "wrap" });
  });
  if (!rows.length) return [];
  return [make("h3", { text: words.resources }), make("p", { class: "hint", text: words.resources_hint }), table([words.measure, ...data.plans.map((plan) => plan.title)], rows, words.resources)];
}

// Where the households of the community come from and go to, for each plan in which any move.
function flowsOf(data, state, found, actions) {
  const { words } = data;
  const today = data.plans[0];
  const before = found[0].at;
  const shown = [];
  for (const { plan, at } of found.slice(1)) {
    if (!plan.flows) continue;
    const inward = at < 0 ? [] : plan.flowsTo.get(at) || [];
    const outward = before < 0 ? [] : plan.flowsFrom.get(before) || [];
    const stays = inward.length === 1 && outward.length === 1 && inward[0].from === before && outward[0].to === at;
    if (stays || (!inward.length && !outward.length)) continue;
    const told = (label, flows, name, go) => make("p", { class: "flows" }, make("span", { class: "soft", text: `${label} ` }),
      ...flows.flatMap((flow, i) => [...(i ? [words.comma] : []), go(flow), ` ${figure(flow.households)}`]));
    shown.push(make("h4", { text: plan.title }));
    if (inward.length) shown.push(told(words.flows_in, inward, null, ({ from }) => (from < 0 ? words.no_community : link(today.communities[from].name, () => actions.pickCommunity(today.communities[from].id, today)))));
    if (outward.length) shown.push(told(words.flows_out, outward, null, ({ to }) => (to < 0 ? words.no_community : link(plan.communities[to].name, () => actions.pickCommunity(plan.communities[to].id, plan)))));
  }
  return shown.length ? [make("h3", { text: words.flows }), ...shown] : [];
}

// A road that was searched for: the communities along it in each plan.
function streetCard(data, state, actions) {
  const { words } = data;
  const name = data.streets[state.street];
  const along = communitiesAlong(state.street, data, actions.scene);
  const rows = data.plans.map((plan) => ({ cells: [plan.title, make("span", {}, ...along.get(plan.id).flatMap((at, i) =>
    [...(i ? [words.comma] : []), link(plan.communities[at].name, () => actions.pickCommunity(plan.communities[at].id, plan))]))], mark: "wrap" }));
  return [
    make("h2", {}, name, make("button", { class: "clear", type: "button", onclick: actions.clear, text: words.clear })),
    make("p", { class: "hint", text: words.street_hint }), table([words.plan, words.along], rows, name),
  ];
}

// Every community of every plan with one of its figures: what the canvas shows, for the keyboard and the reader.
function communityTable(data, state, actions) {
  const { words } = data;
  const wanted = state.search.trim().toLowerCase();
  const measure = data.measures.find((one) => one.key === state.measure) || data.measures[0];
  const entries = everyCommunity(data).filter((entry) => matches(entry, wanted) && actions.filters.keepsAnywhere(entry.one.id)).sort((a, b) => (a.one.id < b.one.id ? -1 : 1));
  const choice = make("div", { class: "row" }, select(words.measure, data.measures.map((one) => [one.key, one.unit ? `${one.title} (${one.unit})` : one.title]), measure.key, (key) => actions.showMeasure(key)));
  if (!entries.length) return make("div", {}, choice, make("p", { class: "hint", text: words.nothing_found }));
  const rows = entries.map(({ one }) => {
    const here = data.plans.map((plan) => (plan.index.has(one.id) ? plan.communities[plan.index.get(one.id)] : null));
    return {
      cells: [one.name, ...here.map((held) => {
        if (!held) return "—";
        const glyph = held.action && held.action !== "keep" ? make("abbr", { class: `action ${held.action}`, title: words[`action_${held.action}`], text: words[`glyph_${held.action}`] }) : null;
        return make("span", {}, glyph, make("span", { class: held.broken ? "bad" : "", text: figure(held.figures[measure.key], measure) }));
      })],
      keys: [one.name, ...here.map((held) => (held ? held.figures[measure.key] : null))],
      mark: data.plans.some((plan) => plan.index.get(one.id) !== undefined && state.chosen.get(plan.id) === plan.index.get(one.id)) ? "on" : "",
      onclick: () => actions.pickCommunity(one.id),
      title: `${one.subdistrict} ${one.id}`,
    };
  });
  return make("div", {}, choice, table([words.community, ...data.plans.map((plan) => plan.title)], rows, words.all_communities, "communities"));
}
