// The panel beside the maps: comparison, communities, findings and certificates as plain tables and lists.

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") element.className = value;
    else if (key === "text") element.textContent = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function figure(value, measure) {
  if (value === null || value === undefined) return "—";
  const scaled = measure.share ? value * 100 : value * (measure.factor || 1);
  const text = scaled.toLocaleString("en-US", { minimumFractionDigits: measure.digits, maximumFractionDigits: measure.digits });
  return measure.share ? `${text}%` : text;
}

// Header cells name their column to readers of the screen; figures stand right.
function table(heads, rows, caption) {
  const head = make("tr", {}, ...heads.map((text, i) => make("th", { scope: "col", text, class: i ? "n" : "" })));
  const body = rows.map(({ cells, mark, onclick, title }) => {
    const row = make("tr", { class: mark || "" });
    cells.forEach((cell, i) => {
      const content = cell && cell.nodeType ? cell : document.createTextNode(cell);
      const wrapped = i === 0 && onclick ? make("button", { class: "link", onclick, type: "button", ...(title ? { title } : {}) }, content) : content;
      row.append(i === 0 ? make("th", { scope: "row" }, wrapped) : make("td", { class: "n" }, wrapped));
    });
    return row;
  });
  return make("div", { class: "scroll" }, make("table", {}, make("caption", { text: caption, class: "unseen" }), make("thead", {}, head), make("tbody", {}, ...body)));
}

function comparisonView(data, state) {
  const { words } = data;
  const heads = [words.measure, ...data.plans.map((plan) => plan.title)];
  const rows = data.summary.map((measure) => ({
    cells: [
      make("span", {}, measure.title, measure.unit ? make("small", { text: ` ${measure.unit}` }) : null),
      ...data.plans.map((plan) => {
        const value = plan.summary[measure.key];
        const bad = measure.key === "findings_must" && value > 0;
        return make("span", { class: bad ? "bad" : "", text: figure(value, measure) });
      }),
    ],
  }));
  const notes = make("div", { class: "notes" });
  if (data.overrides.length) notes.append(make("h3", { text: words.overrides }), make("ul", {}, ...data.overrides.map((text) => make("li", { text }))));
  for (const text of data.notes) notes.append(make("p", { text }));
  return [make("h2", { text: words.tab_compare }), table(heads, rows, words.tab_compare), ...certificates(data), legend(data), notes];
}

function certificates(data) {
  const { words } = data;
  const made = [];
  for (const plan of data.plans.filter((one) => one.certificates.length)) {
    const rows = plan.certificates.map((proof) => ({
      cells: [
        proof.name,
        make("span", { class: `status ${proof.status}`, text: words[`status_${proof.status}`] || proof.status }),
        figure(proof.objective, { digits: 0 }),
        figure(proof.lower_bound, { digits: 0 }),
        figure(proof.gap_proved, { digits: 2, share: true }),
        `${proof.communities_before}→${proof.communities_after}`,
      ],
    }));
    const proved = plan.certificates.filter((proof) => proof.status === "optimal").length;
    const said = fill(words.proved_count, { proved, total: plan.certificates.length });
    made.push(
      make("details", {}, make("summary", {}, make("strong", { text: plan.title }), ` ${said}`),
        table([words.subdistrict, words.status, words.objective, words.bound, words.gap, words.communities], rows, plan.title),
        ...why(plan)),
    );
  }
  return made.length ? [make("h3", { text: words.certificates }), make("p", { class: "hint", text: words.certificates_hint }), ...made] : [];
}

// Why a sub-district has no plan, and what would mend it.
function why(plan) {
  const said = plan.certificates.flatMap((proof) => (proof.conflicts || []).map((text) => make("li", { text: `${proof.name}: ${text}` })));
  return said.length ? [make("ul", {}, ...said)] : [];
}

function legend(data) {
  const { words } = data;
  const item = (kind, text) => make("li", {}, make("i", { class: `key ${kind}` }), text);
  const ground = new Set([...data.barriers, ...data.areas].map((one) => one.kind));
  const kinds = [
    "border", "subdistrict", "cancelled", "changed", "seat", "seat_new", "must", "should", "chosen", "badge", "buildings", "road_main",
    ...["water", "rail", "wall", "expressway"].filter((kind) => ground.has(kind)),
  ];
  const items = kinds.map((kind) => item(kind, words[`legend_${kind}`]));
  return make("section", { class: "legend" }, make("h3", { text: words.legend }), make("ul", {}, ...items), make("p", { class: "hint", text: words.legend_fill }));
}

function communityView(data, state, actions) {
  const { words } = data;
  const shown = [];
  if (state.point) {
    const found = data.plans.map((plan) => ({ plan, at: state.chosen.get(plan.id) }));
    const lead = found.find(({ plan, at }) => plan.id === state.pointPlan && at >= 0) || found.find(({ at }) => at >= 0);
    const name = lead ? lead.plan.communities[lead.at].name : words.no_community;
    shown.push(make("h2", {}, name, make("button", { class: "clear", type: "button", onclick: actions.clear, text: words.clear })));
    if (lead) shown.push(make("p", { class: "hint", text: `${lead.plan.communities[lead.at].subdistrict} · ${lead.plan.communities[lead.at].id}` }));
    const heads = [words.measure, ...data.plans.map((plan) => plan.title)];
    const rows = [{ cells: [words.belongs, ...found.map(({ plan, at }) => (at < 0 ? "—" : plan.communities[at].name))], mark: "wrap" }];
    if (data.plans.some((plan) => plan.communities.some((one) => one.action))) {
      rows.push({ cells: [words.action, ...found.map(({ plan, at }) => (at < 0 ? "—" : words[`action_${plan.communities[at].action}`] || "—"))] });
    }
    for (const measure of data.measures) {
      rows.push({
        cells: [
          make("span", {}, measure.title, measure.unit ? make("small", { text: ` ${measure.unit}` }) : null),
          ...found.map(({ plan, at }) => {
            const bad = at >= 0 && measure.key === "households" && plan.communities[at].broken;
            return make("span", { class: bad ? "bad" : "", text: at < 0 ? "—" : figure(plan.communities[at].figures[measure.key], measure) });
          }),
        ],
      });
    }
    shown.push(table(heads, rows, name), make("p", { class: "hint", text: data.size }));
    for (const { plan, at } of found) {
      if (at < 0) continue;
      const own = plan.findings.filter((finding) => finding.community === plan.communities[at].id);
      if (own.length) shown.push(make("h3", { text: `${plan.title} · ${plan.communities[at].name}` }), findingList(own, plan, words, actions));
    }
  } else shown.push(make("p", { class: "hint", text: words.pick_hint }));
  shown.push(make("h2", { text: words.all_communities }), communityTable(data, state, actions));
  return shown;
}

// Every community of every plan with its households: what the canvas shows, for the keyboard and the reader.
function communityTable(data, state, actions) {
  const { words } = data;
  const wanted = state.search.trim().toLowerCase();
  const rows = everyCommunity(data)
    .sort((a, b) => (a.one.id < b.one.id ? -1 : 1))
    .filter((entry) => matches(entry, wanted))
    .map(({ one }) => ({
      cells: [one.name, ...data.plans.map((other) => {
        const here = other.index.get(one.id);
        if (here === undefined) return "—";
        return make("span", { class: other.communities[here].broken ? "bad" : "", text: figure(other.communities[here].figures.households, { digits: 0 }) });
      })],
      mark: [...data.plans].some((other) => other.index.get(one.id) !== undefined && state.chosen.get(other.id) === other.index.get(one.id)) ? "on" : "",
      onclick: () => actions.pickCommunity(one.id),
      title: `${one.subdistrict} ${one.id}`,
    }));
  if (!rows.length) return make("p", { class: "hint", text: words.nothing_found });
  return table([words.community, ...data.plans.map((plan) => plan.title)], rows, words.all_communities);
}

function findingList(findings, plan, words, actions, clauses = true) {
  return make("ul", { class: "findings" }, ...findings.map((finding) =>
    make("li", {}, make("button", { type: "button", class: `finding ${finding.strength}`, onclick: () => actions.pickFinding(plan, finding) },
      make("span", { class: "what", text: finding.text }),
      clauses ? make("span", { class: "clause", text: `${words[`strength_${finding.strength}`]} · ${finding.clause}` }) : null))));
}

// Findings under the rule that each is about: its clause, and how we read it.
function findingsByRule(findings, plan, data, actions) {
  const rules = new Map();
  for (const finding of findings) rules.set(finding.rule, [...(rules.get(finding.rule) || []), finding]);
  return [...rules].flatMap(([rule, some]) => [
    make("div", { class: "rule" }, make("strong", { text: some[0].clause }), data.readings[rule] ? make("p", { class: "hint", text: data.readings[rule] }) : null),
    findingList(some, plan, data.words, actions, false),
  ]);
}

function findingsView(data, state, actions) {
  const { words } = data;
  const plan = data.plans.find((one) => one.id === state.findingsPlan) || data.plans[0];
  const choice = make("select", { "aria-label": words.plan, onchange: (event) => actions.findingsOf(event.target.value) },
    ...data.plans.map((one) => make("option", { value: one.id, text: fill(words.plan_findings, { title: one.title, n: one.findings.length }), ...(one === plan ? { selected: "" } : {}) })));
  const shown = [make("h2", { text: words.tab_findings }), make("div", { class: "row" }, choice)];
  if (!plan.findings.length) shown.push(make("p", { class: "hint", text: words.no_findings }));
  for (const strength of ["must", "should", "prefer"]) {
    const some = plan.findings.filter((finding) => finding.strength === strength);
    if (!some.length) continue;
    const head = make("summary", {}, make("strong", { text: words[`strength_${strength}`] }), ` ${some.length}`);
    shown.push(make("details", { class: "group", ...(strength === "prefer" && some.length > 12 ? {} : { open: "" }) }, head, ...findingsByRule(some, plan, data, actions)));
  }
  return shown;
}
