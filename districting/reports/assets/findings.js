// The tab of findings: by strength, under the rule that each is about.

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
  const options = data.plans.map((one) => [one.id, fill(words.plan_findings, { title: one.title, n: one.findings.length })]);
  const shown = [make("h2", { text: words.tab_findings }), make("div", { class: "row" }, select(words.plan, options, plan.id, (id) => actions.findingsOf(id)))];
  const kept = plan.findings.filter((finding) => actions.filters.keepsFinding(plan, finding));
  if (kept.length < plan.findings.length) shown.push(make("p", { class: "hint", text: fill(words.filtered, { n: kept.length, total: plan.findings.length }) }));
  if (!kept.length) shown.push(make("p", { class: "hint", text: words.no_findings }));
  for (const strength of ["must", "should", "prefer"]) {
    const some = kept.filter((finding) => finding.strength === strength);
    if (!some.length) continue;
    const head = make("summary", {}, make("strong", { text: words[`strength_${strength}`] }), ` ${some.length}`);
    shown.push(make("details", { class: "group", ...(strength === "prefer" && some.length > 12 ? {} : { open: "" }) }, head, ...findingsByRule(some, plan, data, actions)));
  }
  return shown;
}
