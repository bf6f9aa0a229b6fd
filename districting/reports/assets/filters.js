// What people want to see: one sub-district, only what changed, only what was found. Maps, tables and lists ask here.

class Filters {
  constructor(data, state) {
    Object.assign(this, { data, state });
    this.cache = new Map();
  }

  // Forgets what it found: plans may come to say something else.
  forget() {
    this.cache.clear();
  }

  get active() {
    const { within, only } = this.state;
    return Boolean(within || only.changed || only.findings);
  }

  // 1 for each community of a plan that the filters keep; null where they keep all.
  allowed(plan) {
    if (!this.active) return null;
    const { within, only } = this.state;
    const key = JSON.stringify([plan.id, within, only]);
    if (!this.cache.has(key)) this.cache.set(key, Uint8Array.from(plan.communities, (one) => this.keeps(plan, one)));
    return this.cache.get(key);
  }

  keeps(plan, community) {
    const { within, only } = this.state;
    if (within && community.subdistrict !== within) return false;
    if (only.changed && !this.changes(plan, community.id)) return false;
    return !only.findings || plan.found.has(community.id);
  }

  // Today's communities change if any plan changes them.
  changes(plan, id) {
    return plan === this.data.plans[0] ? this.data.plans.some((one) => one.touched.has(id)) : plan.touched.has(id);
  }

  // A community of any plan, by its id: kept if some plan keeps it.
  keepsAnywhere(id) {
    if (!this.active) return true;
    return this.data.plans.some((plan) => {
      const at = plan.index.get(id);
      return at !== undefined && this.allowed(plan)[at] === 1;
    });
  }

  keepsFinding(plan, finding) {
    const { within, only } = this.state;
    const at = plan.index.get(finding.community);
    if (!within && !only.changed) return true;
    if (at === undefined) return false;
    return (!within || plan.communities[at].subdistrict === within) && (!only.changed || this.changes(plan, finding.community));
  }
}

// The bar of filters: a choice of sub-districts and two switches.
function filterBar(data, state, onchange) {
  const { words } = data;
  const names = [...new Set(data.plans.flatMap((plan) => plan.communities.filter((one) => one.listed).map((one) => one.subdistrict)))].filter(Boolean).sort((a, b) => a.localeCompare(b, "zh"));
  const within = select(words.within, [["", words.everywhere], ...names.map((name) => [name, name])], state.within, (name) => {
    state.within = name;
    onchange(true);
  });
  within.id = "within";
  const toggle = (kind) => make("button", { type: "button", id: `only-${kind}`, "aria-pressed": String(state.only[kind]), text: words[`only_${kind}`], onclick: (event) => {
    state.only = { ...state.only, [kind]: !state.only[kind] };
    event.currentTarget.setAttribute("aria-pressed", String(state.only[kind]));
    onchange(false);
  } });
  return [...(names.length > 1 ? [within] : []), toggle("changed"), toggle("findings")];
}
