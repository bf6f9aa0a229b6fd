// The tab that compares: plans × measures, certificates by sub-district, the legend, and what to know of the data.

// Which way is better, where one is.
const BETTER = { households_moved: -1, moved_share: -1, mean_m: -1, p95_m: -1, farthest_m: -1, findings_must: -1, findings_should: -1, findings_prefer: -1, share_in_range: 1, border_share: 1 };

function comparisonView(data, state, actions) {
  const { words } = data;
  const plans = sortedPlans(data, state);
  const heads = [words.measure, ...plans.map((plan) => plan.title)];
  const notes = make("div", { class: "notes" });
  if (data.overrides.length) notes.append(make("h3", { text: words.overrides }), make("ul", {}, ...data.overrides.map((text) => make("li", { text }))));
  for (const text of data.notes) notes.append(make("p", { text }));
  notes.append(...sourcesOf(data));
  notes.append(make("h3", { class: "screen", text: words.keys }), make("p", { class: "screen", text: words.keys_text }));
  return [
    make("h2", { text: words.tab_compare }), make("p", { class: "hint screen", text: words.sort_hint }),
    table(heads, [...data.summary.map((measure) => summaryRow(measure, plans, state, actions)), ...provedRow(plans, words)], words.tab_compare),
    ...certificates(data), legend(data), notes,
  ];
}

// Today first, then the plans as the measure sorts them.
function sortedPlans(data, state) {
  if (!state.sortPlans) return data.plans;
  const { key, down } = state.sortPlans;
  return [data.plans[0], ...data.plans.slice(1).sort((a, b) => compareKeys(a.summary[key], b.summary[key], down))];
}

// How many sub-districts of each plan are proved to be the best that there is.
function provedRow(plans, words) {
  if (!plans.some((plan) => plan.certificates.length)) return [];
  const cell = ({ certificates }) => {
    const proved = certificates.filter((proof) => proof.status === "optimal").length;
    return certificates.length ? make("span", { class: proved === certificates.length ? "best" : "", text: `${proved}/${certificates.length}` }) : "—";
  };
  return [{ cells: [words.proved_row, ...plans.map(cell)] }];
}

function summaryRow(measure, plans, state, actions) {
  const title = make("span", {}, measure.title, measure.unit ? make("small", { text: ` ${measure.unit}` }) : null);
  const own = state.sortPlans && state.sortPlans.key === measure.key ? state.sortPlans : null;
  const head = make("button", { type: "button", class: "sort", "data-order": own ? (own.down ? "down" : "up") : "", onclick: () => actions.sortPlans(measure.key) }, title);
  const values = plans.filter((plan) => plan.id !== "today").map((plan) => plan.summary[measure.key]).filter((value) => value !== null && value !== undefined);
  const best = values.length > 1 && BETTER[measure.key] ? (BETTER[measure.key] > 0 ? Math.max(...values) : Math.min(...values)) : null;
  return {
    cells: [head, ...plans.map((plan) => {
      const value = plan.summary[measure.key];
      const bad = measure.key === "findings_must" && value > 0;
      const good = plan.id !== "today" && best !== null && value === best && !values.every((one) => one === best);
      return make("span", { class: bad ? "bad" : good ? "best" : "", text: figure(value, measure) });
    })],
  };
}

// Plans whose proofs people have unfolded: they stay so when the panel is drawn again.
const OPENED_PROOFS = new Set();

// Which files the figures were made from, and by what.
function sourcesOf(data) {
  const { words, made, sources } = data;
  if (!sources.length) return [];
  const rows = sources.map((one) => ({ cells: [make("span", {}, words[`role_${one.role}`] || one.role, make("small", { text: ` ${one.file}${one.layer ? ` · ${one.layer}` : ""}` })), figure(one.features), make("code", { text: one.sha256.slice(0, 12), title: one.sha256 })] }));
  const said = made.started ? [make("p", { text: fill(words.source_made, { version: made.version || "—", started: made.started.slice(0, 16).replace("T", " "), seed: made.seed ?? "—" }) })] : [];
  return [make("h3", { text: words.sources }), table([words.source_file, words.source_rows, words.source_hash], rows, words.sources), ...said];
}

function certificates(data) {
  const { words } = data;
  const made = [];
  for (const plan of data.plans.filter((one) => one.certificates.length)) {
    const rows = () => plan.certificates.map((proof) => ({
      cells: [
        proof.name,
        make("span", { class: `status ${proof.status}`, text: words[`status_${proof.status}`] || proof.status }),
        figure(proof.objective),
        figure(proof.lower_bound),
        figure(proof.gap_proved, { digits: 2, share: true }),
        `${proof.communities_before}→${proof.communities_after}`,
      ],
      keys: [proof.name, proof.status, proof.objective, proof.lower_bound, proof.gap_proved, proof.communities_after - proof.communities_before],
    }));
    const proved = plan.certificates.filter((proof) => proof.status === "optimal").length;
    const said = fill(words.proved_count, { proved, total: plan.certificates.length });
    const heads = [words.subdistrict, words.status, words.objective, words.bound, words.gap, words.communities];
    made.push(unfolding(make("summary", {}, make("strong", { text: plan.title }), ` ${said}`), OPENED_PROOFS, plan.id,
      () => [table(heads, rows(), `${words.certificates} ${plan.title}`, `certificates-${plan.id}`), ...why(plan)]));
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
  const badge = (action) => make("li", {}, make("i", { class: `key action ${action}`, text: words[`glyph_${action}`] }), words[`action_${action}`]);
  const ground = new Set([...data.barriers, ...data.areas].map((one) => one.kind));
  const kinds = [
    "border", "subdistrict", "cancelled", "changed", "seat", "seat_new", "must", "should", "chosen", "buildings", "road_main",
    ...["water", "rail", "wall", "expressway"].filter((kind) => ground.has(kind)),
    ...(data.compounds.names.length ? ["compound"] : []), "pin",
  ];
  const items = kinds.map((kind) => item(kind, words[`legend_${kind}`]));
  const actions = ["keep", "adjust", "split", "merge", "new", "abolish"].map(badge);
  return make("section", { class: "legend" }, make("h3", { text: words.legend }), make("ul", {}, ...items),
    make("p", { class: "hint", text: words.legend_actions }), make("ul", { class: "three" }, ...actions),
    make("p", { class: "hint", text: words.legend_fill }));
}
