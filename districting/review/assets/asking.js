// What people ask of the next plan: everybody sees who proposes which lock; planners take it up, or say no.

class Asking extends Talking {
  // Proposals that wait for an answer, each with everybody who asks for the same; the most wanted first.
  get wishes() {
    return grouped(this.state.proposals.filter((one) => one.state === "open")).sort((a, b) => b.length - a.length);
  }

  // What the plan at hand holds to, whatever has become of the proposal since.
  get taken() {
    return grouped(this.state.proposals.filter((one) => this.plan && one.drafts.includes(this.plan.plan_id)));
  }

  // In the language of the page; as it was written where the page does not know what it names.
  textOf(one) {
    return lockText(one, this.page.data, this.page.maps.scene) ?? one.text;
  }

  propose(entry, place) {
    const body = { plan: entry.plan, kind: entry.kind, communities: entry.communities || [], atoms: entry.atoms || [], compounds: entry.compounds || [], text: entry.text, reason: entry.reason || "", place };
    return this.answered("POST", "proposals", body);
  }

  second(one) {
    return this.propose({ ...one, plan: this.plan.plan_id, text: this.textOf(one), reason: "" }, one.place);
  }

  withdraw(one) {
    return this.answered("DELETE", `proposals/${one.proposal_id}`, null);
  }

  // Everybody who asked for the same gets the same answer.
  async decline(group, declined) {
    for (const one of group) if (!(await this.answered("PATCH", `proposals/${one.proposal_id}`, { declined }))) return;
  }

  take_up(one) {
    return this.answered("PUT", `proposals/${one.proposal_id}/drafts/${encodeURIComponent(this.plan.plan_id)}`, null);
  }

  async let_go(group) {
    const held = group.filter((one) => one.drafts.includes(this.plan.plan_id));
    for (const one of held) if (!(await this.answered("DELETE", `proposals/${one.proposal_id}/drafts/${encodeURIComponent(this.plan.plan_id)}`, null))) return;
  }

  async intoCase(one) {
    const sure = await askSure({ ...this.choices("into_case"), text: this.say("into_case_sure", { text: this.textOf(one) }) });
    return sure && this.answered("PUT", `proposals/${one.proposal_id}/case`, null);
  }

  async answered(method, path, body) {
    const done = await this.attempt(() => this.server.ask(path, { method, body }));
    if (done) await this.attempt(() => this.refresh());
    return done;
  }

  // Brings what a proposal names into sight, and outlines it where it is a matter of blocks.
  showProposal(one) {
    const { data, maps } = this.page;
    const { atoms } = maps.scene;
    const named = namedByLock(one, data).filter((at) => at >= 0);
    const [x0, y0] = data.origin || [0, 0];
    maps.scene.pair = one.atoms.length ? named : [];
    const boxes = one.communities.length ? named.map((at) => data.plans[0].communities[at].box) : one.atoms.length ? named.map((at) => around(...atoms.middle(at))) : one.place ? [around(one.place[0] - x0, one.place[1] - y0)] : [];
    if (!boxes.length) return;
    const [west, south, east, north] = [0, 1, 2, 3].map((side) => Math[side < 2 ? "min" : "max"](...boxes.map((box) => box[side])));
    const margin = 0.35 * Math.max(east - west, north - south);
    maps.fit(west - margin, south - margin, east + margin, north + margin);
    maps.redraw();
  }
}

// A place with what lies about it, m.
function around(x, y) {
  return [x - 250, y - 250, x + 250, y + 250];
}

// Proposals by what they ask for.
function grouped(proposals) {
  const found = new Map();
  for (const one of proposals) {
    const key = JSON.stringify([one.kind, one.communities, one.atoms, one.compounds]);
    found.set(key, [...(found.get(key) || []), one]);
  }
  return [...found.values()];
}

// The section of the drawer; what has been answered is folded away.
function proposalsOf(drawer) {
  const { live } = drawer;
  if (!live.plan) return [];
  const { wishes } = live;
  const past = grouped(live.state.proposals.filter((one) => ["declined", "case"].includes(one.state)));
  const shown = [make("h2", { id: "live-proposals", text: live.say("proposals", { count: wishes.length }) }), ...wishes.map((group) => proposalBox(live, group))];
  if (!wishes.length && !past.length && live.may("reviewer")) shown.push(make("p", { class: "hint", text: live.say("no_proposals") }));
  if (past.length) shown.push(drawer.fold("answered", live.say("answered", { count: past.length }), make("ul", { class: "held" }, ...past.map((group) => answeredRow(live, group)))));
  return shown;
}

function proposalBox(live, group) {
  const [first] = group;
  const mine = group.find((one) => one.person === live.state.me.name);
  const held = group.some((one) => one.drafts.includes(live.plan.plan_id));
  const { pagePlan } = live;
  const holds = pagePlan ? lockHolds(first, pagePlan, live.page.data) : null;
  const id = (name) => `live-${name}-${first.proposal_id}`;
  const does = (name, work, more = {}) => button(live.say(name), work, { id: id(name), class: "quiet", ...more });
  const why = group.filter((one) => one.reason).map((one) => make("p", { class: "soft", dir: "auto", text: `${live.who(one.person)}: ${one.reason}` }));
  const planner = live.may("planner");
  return make("article", { class: "comment proposal" },
    make("p", {}, button(live.textOf(first), () => live.showProposal(first), { class: "link", id: id("see") })),
    make("p", { class: "by soft", text: live.join(group.map((one) => one.person)) }), ...why,
    holds === null ? null : make("p", { class: `verdict ${holds ? "good" : "wait"}`, text: live.say(holds ? "proposal_holds" : "proposal_fails") }),
    held ? make("p", { class: "soft", text: live.say("taken") }) : null,
    make("div", { class: "row" },
      mine ? does("withdraw", () => live.withdraw(mine)) : live.may("reviewer") ? does("second", () => live.second(first)) : null,
      planner && live.plan.status === "draft" && !held ? does("take", () => live.take_up(first), { class: "" }) : null,
      planner ? does("into_case", () => live.intoCase(first)) : null,
      planner ? does("decline", () => live.decline(group, true)) : null));
}

function answeredRow(live, group) {
  const [first] = group;
  return make("li", {}, make("span", { text: live.textOf(first) }), make("span", {}, make("span", { class: "soft", text: live.say(`proposal_state.${first.state}`) }),
    first.state === "declined" && live.may("planner") ? button(live.say("reconsider"), () => live.decline(group, false), { class: "quiet", id: `live-reconsider-${first.proposal_id}` }) : null));
}
