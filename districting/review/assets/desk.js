// The drawer beside the maps: the plan at hand, edits, locks, searches, what people say. Drawn anew from the state.

const STATUS = ["draft", "for_review", "final"];

class Drawer {
  constructor(live) {
    this.live = live;
    this.open = new Set(["edit", "talk"]);
    this.element = make("section", { id: "live", "aria-label": live.say("title") });
    document.querySelector("#maps").before(this.element);
    document.body.classList.add("live");
    // A button that is drawn anew between press and release would lose its click: news waits for the release.
    this.element.addEventListener("pointerdown", () => { this.pressed = true; });
    for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, () => this.released());
  }

  released() {
    if (!this.pressed) return;
    this.pressed = false;
    if (this.due) setTimeout(() => this.draw());
  }

  // Whoever held the focus, and what is being written, stay.
  draw() {
    this.due = this.pressed;
    if (this.pressed) return;
    const { live, element } = this;
    const held = element.contains(document.activeElement) ? document.activeElement.id : "";
    const written = new Map([...element.querySelectorAll("input[id], textarea[id]")].map((field) => [field.id, field.value]));
    const top = element.scrollTop;
    element.replaceChildren(...this.head(), ...(live.ended ? [] : [...this.plan(), ...adoptionOf(this), ...this.edit(), ...this.best(), ...this.talk(), ...this.names(), ...proposalsOf(this), ...this.log(), ...this.people()]));
    for (const [id, value] of written) {
      const field = element.querySelector(`#${CSS.escape(id)}`);
      if (field && live.keeps(id)) field.value = value;
    }
    element.scrollTop = top;
    if (held) document.getElementById(held)?.focus({ preventScroll: true });
  }

  head() {
    const { live } = this;
    const { me, present } = live.state;
    if (live.ended) return [make("p", { class: "notice bad", role: "alert", text: live.say("ended") })];
    const others = present.filter((name) => name !== me.name);
    const shown = [
      make("div", { class: "who" }, make("span", { class: `dot ${live.connected ? "on" : "off"}`, "aria-hidden": "true" }), make("strong", { text: live.who(me.name) }), make("span", { class: "soft", text: live.say(`role.${me.role}`) }), button(live.say("leave"), () => live.leave(), { class: "link out", id: "live-leave" }),
        make("span", { class: "soft here", text: live.connected ? (others.length ? live.say("here", { names: live.join(others) }) : live.say("alone")) : live.say("lost") })),
    ];
    if (!live.state.ready) shown.push(make("p", { class: "notice", role: "status", text: live.state.fault.length ? live.state.fault.join(" ") : live.say("opening") }));
    shown.push(make("div", { id: "live-told", role: "status", "aria-live": "polite" }, ...this.told()));
    return shown;
  }

  told() {
    const { live } = this;
    if (!live.message) return [];
    const { text, kind, lines, key } = live.message;
    return [make("div", { class: `notice ${kind}` }, make("p", { text }), key ? make("p", { class: "amber", text: key }) : null, ...(lines.length ? [make("ul", {}, ...lines.map((one) => make("li", { text: one })))] : []), button(live.say("understood"), () => live.tell(null), { class: "quiet" }))];
  }

  plan() {
    const { live } = this;
    const { plan } = live;
    if (!plan) return [];
    const planner = live.may("planner");
    const title = (one) => `${live.titleOf(one)} · ${live.say(`status.${one.status}`)}`;
    const choice = select(live.say("plan"), live.state.plans.map((one) => [one.plan_id, title(one)]), plan.plan_id, (id) => live.choose(id));
    choice.id = "live-plan";
    const verdict = plan.adoptable === null ? ["wait", live.say("judging")] : plan.adoptable ? ["good", live.say("adoptable")] : ["bad", live.say("must", { count: plan.must })];
    const parent = live.state.plans.find((one) => one.plan_id === plan.parent_id);
    const rows = [
      make("h2", { text: live.say("plan") }), choice,
      make("p", { class: "facts" }, make("span", { class: `verdict ${verdict[0]}`, text: verdict[1] }), make("span", { class: "soft", text: live.say("revision", { revision: plan.revision }) }),
        parent ? make("span", { class: "soft", text: live.say("from", { title: live.titleOf(parent), revision: plan.parent_revision }) }) : null),
    ];
    const [buttons, labels] = [[], []];
    if (planner) buttons.push(button(live.say("branch"), () => live.branch(), { id: "live-branch" }));
    if (planner && plan.status !== "computed") {
      const status = select(live.say("mark"), STATUS.map((one) => [one, live.say(`status.${one}`)]), plan.status, (value) => live.change({ status: value, revision: plan.revision }));
      status.id = "live-status";
      labels.push(make("label", { class: "row" }, make("span", { class: "soft", text: live.say("mark") }), status));
      buttons.push(button(live.say("retitle"), () => live.retitle(), { class: "quiet", id: "live-retitle" }));
    }
    buttons.push(make("a", { class: "button quiet", href: `/api/${planPath(plan.plan_id)}/export`, download: "", title: live.say("export_hint"), text: live.say("export") }));
    const others = live.state.plans.filter((one) => one.plan_id !== plan.plan_id);
    const compare = select(live.say("compare"), [["", "—"], ...others.map((one) => [one.plan_id, live.titleOf(one)])], live.against || "", (id) => live.compare(id));
    compare.id = "live-compare";
    labels.push(make("label", { class: "row" }, make("span", { class: "soft", text: live.say("compare") }), compare));
    rows.push(make("div", { class: "row" }, ...buttons), ...labels);
    if (live.against && live.painter.marks.size && !live.message) rows.push(make("p", { class: "amber", text: live.say("marks_differ") }));
    if (live.waiting) rows.push(make("p", { class: "notice", role: "status", text: live.say("drawing") }));
    return rows;
  }

  edit() {
    const { live } = this;
    const { plan, painter } = live;
    if (!plan || !live.may("planner")) return [];
    if (plan.status !== "draft") return [make("p", { class: "hint", text: live.say(plan.status === "computed" ? "computed_hint" : "marked_hint") })];
    const tool = (name) => button(live.say(`tool.${name}`), () => live.take(painter.tool === name ? null : name), { id: `live-${name}`, "aria-pressed": String(painter.tool === name), title: live.say(`tool.${name}_hint`) });
    const undo = (kind, sign) => button(`${sign} ${live.say(kind)}`, () => live.turn(kind), { id: `live-${kind}`, disabled: plan[kind] === null });
    const shown = [
      make("h2", { text: live.say("edit") }),
      make("div", { class: "row tools" }, make("span", { class: "choices" }, ...TOOLS.map(tool)), make("span", { class: "choices" }, undo("undo", "↶"), undo("redo", "↷"))),
    ];
    if (painter.tool) shown.push(make("p", { class: "hint", text: live.say(`tool.${painter.tool}_hint`) }));
    if (painter.atoms.size) shown.push(this.options());
    else if (painter.target) shown.push(make("p", { class: "notice", role: "status", text: live.say("push_from", { name: live.nameOf(painter.target) }) }));
    else if (live.done && live.done.plan === plan.plan_id && live.done.revision === plan.revision) shown.push(this.done());
    shown.push(...this.locks());
    return shown;
  }

  options() {
    const { live } = this;
    const { painter } = live;
    const households = [...painter.atoms].reduce((sum, atom) => sum + (live.ground ? live.ground.households[atom] : 0), 0);
    const head = make("div", { class: "row" }, make("strong", { text: live.say("picked", { count: painter.atoms.size, households: figure(households) }) }), button(live.say("together"), () => live.together(), { class: "quiet", id: "live-together", disabled: painter.atoms.size < 2 }), button(live.say("drop"), () => live.drop(), { class: "quiet", id: "live-drop" }));
    return make("div", { class: "options", "aria-live": "polite" }, head, ...live.options.map((one) => this.option(one)));
  }

  option(one) {
    const { live } = this;
    const worst = one.doubts.length ? one.doubts[0].strength : "fits";
    const doubts = one.doubts.map((doubt) => make("li", { class: doubt.strength, text: doubt.sentence }));
    const label = one.community ? live.say("move_to", { name: one.name }) : live.say("found");
    const go = button(label, () => live.move(one.community || null), { class: `go ${worst}`, disabled: worst === "stop", "data-community": one.community });
    const watch = (on) => () => {
      live.painter.target = on && one.community ? one.community : null;
      live.painter.refused = on && (worst === "must" || worst === "stop");
      live.painter.redraw();
    };
    for (const kind of ["mouseenter", "focus"]) go.addEventListener(kind, watch(true));
    for (const kind of ["mouseleave", "blur"]) go.addEventListener(kind, watch(false));
    return make("article", { class: "option" }, go, this.sums(one), doubts.length ? make("ul", { class: "doubts" }, ...doubts) : make("p", { class: "fine", text: `✓ ${live.say("no_doubt")}` }));
  }

  // Totals of every community that a move touches, before and after, against what the size rule allows.
  sums(one) {
    const { live } = this;
    const { low, high } = live.ground;
    const most = Math.max(high * 1.25, ...Object.values(one.after).map((sum) => sum.households), ...Object.values(one.before).map((sum) => sum.households));
    const rows = Object.keys(one.after).filter((id) => id !== one.community).concat(one.community).map((id) => {
      const [before, after] = [one.before[id], one.after[id]];
      const name = id === one.community ? one.name : live.nameOf(id);
      const more = after.people === null || before.people === null ? "" : live.say("people_sum", { before: figure(before.people), after: figure(after.people) });
      const off = after.size === "over" || after.size === "under";
      const change = after.households - before.households;
      return make("li", { class: off ? "off" : "fits", title: more },
        make("span", { class: "name", text: name }),
        make("span", { class: "n", text: `${figure(before.households)} → ${figure(after.households)}` }),
        make("span", { class: "by", text: `${change < 0 ? "−" : "+"}${figure(Math.abs(change))}` }),
        gauge(before.households, after.households, { low, high, most, off, label: live.say("allowed", { low: figure(low), high: figure(high) }) }));
    });
    return make("ul", { class: "sums" }, ...rows);
  }

  // What the last move did, with what the checks say came of it.
  done() {
    const { live } = this;
    const { option } = live.done;
    const { difference } = live;
    const lines = (kind, sentences) => sentences.slice(0, 6).map((text) => make("li", { class: kind, text }));
    const said = difference
      ? difference.came.length || difference.went.length
        ? make("ul", { class: "doubts" }, ...lines("must", difference.came), ...lines("mended", difference.went))
        : difference.unsure ? null : make("p", { class: "fine", text: `✓ ${live.say("same_findings")}` })
      : make("p", { class: "soft", text: live.say("judging") });
    return make("div", { class: "option done", role: "status" }, make("strong", { text: live.say("moved_to", { name: option.name }) }), this.sums(option), said);
  }

  locks() {
    const { live } = this;
    const held = live.state.locks.filter((one) => one.plan_id === live.plan.plan_id);
    const chosen = live.community;
    const own = chosen && held.find((one) => one.community_id === chosen.id);
    const row = make("div", { class: "row" },
      chosen && !own ? button(live.say("lock", { name: chosen.name }), () => live.hold({ kind: "community", communities: [chosen.id] }), { id: "live-lock" }) : null,
      chosen ? button(live.say("mend", { name: chosen.name }), () => live.mend(chosen.id), { id: "live-mend", class: "quiet" }) : null,
      button(live.say("lock_all"), () => live.hold({ kind: "all" }), { id: "live-lock-all", class: "quiet" }),
      held.length ? button(live.say("unlock_all"), () => live.release(""), { id: "live-unlock-all", class: "quiet" }) : null);
    const named = (one) => (one.kind === "community" ? live.nameOf(one.community_id) : live.say("together_lock", { count: one.atoms.length }));
    const list = held.map((one) => make("li", {}, make("span", { text: named(one) }), button("×", () => live.release(`/${one.lock_id}`), { class: "quiet", "aria-label": `${live.say("unlock")} ${named(one)}` })));
    const { taken } = live;
    list.push(...taken.map((group) => make("li", {}, make("span", { text: live.textOf(group[0]) }), button("×", () => live.let_go(group), { class: "quiet", id: `live-leave-${group[0].proposal_id}`, "aria-label": live.say("leave_proposal", { text: live.textOf(group[0]) }) }))));
    return [make("h3", { text: live.say("locks", { count: held.length + taken.length }) }), row, ...(chosen ? [] : [make("p", { class: "hint", text: live.say("choose_community") })]), make("ul", { class: "held" }, ...list)];
  }

  best() {
    const { live } = this;
    const search = live.state.searches[live.state.searches.length - 1];
    const running = search && search.state === "running";
    const said = search ? search.sentences[live.language] || [] : [];
    const shown = [];
    if (live.plan && live.may("planner") && live.plan.status === "draft") {
      shown.push(make("h3", { text: live.say("best") }), make("p", { class: "hint", text: live.say("best_hint") }));
      const modes = live.state.modes.map((one) => [one.mode, one.title[live.language]]);
      const mode = select(live.say("mode"), modes, live.mode || (modes.length ? modes[0][0] : ""), (value) => (live.mode = value));
      mode.id = "live-mode";
      const names = [...new Set(live.pagePlan ? live.pagePlan.communities.map((one) => one.subdistrict).filter(Boolean) : [])].sort();
      const where = select(live.say("where"), [["", live.say("everywhere")], ...names.map((one) => [one, one])], live.where, (value) => (live.where = value));
      where.id = "live-where";
      shown.push(make("div", { class: "row" }, mode, names.length > 1 ? where : null, button(live.say("best_go"), () => live.best(mode.value), { id: "live-best", disabled: Boolean(running) || !live.state.ready })));
    }
    if (search && (running || live.plan && search.plan_id === live.plan.plan_id)) {
      const figures = running && search.value !== null ? live.say("search.figures", { value: figure(search.value), bound: search.bound === null ? "—" : figure(search.bound) }) : "";
      shown.push(make("div", { class: `notice search ${search.state}`, role: "status" }, running ? make("progress", { "aria-label": live.say("best"), ...(search.share === null ? {} : { value: String(search.share) }) }) : null, make("p", { text: running ? [live.say("search_state.running"), ...said].join(" ") : [live.say(`search_state.${search.state}`), ...said].join(" ").trim() }), figures ? make("p", { class: "soft", text: figures }) : null,
        running && live.may("planner") ? make("div", { class: "row" }, button(live.say("keep_best"), () => live.endSearch(search, true), { id: "live-keep" }), button(live.say("cancel"), () => live.endSearch(search, false), { id: "live-cancel", class: "quiet" })) : null));
    }
    return shown;
  }

  talk() {
    const { live } = this;
    if (!live.plan) return [];
    const { plan, community } = live;
    const mine = live.state.comments.filter((one) => one.plan_id === plan.plan_id && one.answers === null);
    const shown = [make("h2", { text: live.say("talk") })];
    if (community) shown.push(...this.votes(community));
    if (live.may("reviewer")) {
      const about = community ? community.name : plan.title;
      const field = make("textarea", { id: "live-comment", rows: "2", maxlength: "4000", placeholder: live.say("comment_hint", { name: about }), "aria-label": live.say("comment_hint", { name: about }) });
      shown.push(make("form", { class: "say", onsubmit: (event) => {
        event.preventDefault();
        live.comment(field);
      } }, field, button(live.say("comment"), null, { type: "submit", id: "live-say" })));
    }
    shown.push(...mine.slice().reverse().map((one) => this.comment(one)));
    if (!mine.length) shown.push(make("p", { class: "hint", text: live.say("no_comments") }));
    return shown;
  }

  comment(one) {
    const { live } = this;
    const answers = live.state.comments.filter((other) => other.answers === one.comment_id);
    const about = one.community_id ? live.nameOf(one.community_id) : "";
    const may = live.may("planner") || one.person === live.state.me.name;
    const foot = make("div", { class: "row" },
      live.may("reviewer") ? button(live.say("answer"), () => live.answer(one), { class: "quiet" }) : null,
      may ? button(live.say(one.settled ? "reopen" : "settle"), () => live.settle(one), { class: "quiet" }) : null);
    return make("article", { class: `comment ${one.settled ? "settled" : ""}` },
      make("p", { class: "by" }, make("strong", { text: live.who(one.person) }), make("time", { class: "soft", datetime: one.moment, text: clock(one.moment) }), about ? button(about, () => live.goTo(one), { class: "link" }) : null),
      make("p", { class: "text", text: one.text }), ...answers.map((other) => make("p", { class: "answer" }, make("strong", { text: `${live.who(other.person)}: ` }), other.text)), foot);
  }

  votes(community) {
    const { live } = this;
    const votes = live.state.votes.filter((one) => one.plan_id === live.plan.plan_id && one.community_id === community.id);
    const own = votes.find((one) => one.person === live.state.me.name);
    const names = (verdict) => votes.filter((one) => one.verdict === verdict).map((one) => one.person);
    const press = (verdict) => button(`${live.say(verdict)} ${names(verdict).length}`, () => live.vote(community.id, own && own.verdict === verdict ? null : verdict), { id: `live-${verdict}`, class: `vote ${verdict}`, "aria-pressed": String(Boolean(own && own.verdict === verdict)), title: live.join(names(verdict)), disabled: !live.may("reviewer") });
    return [make("div", { class: "row votes" }, make("strong", { text: community.name }), make("span", { class: "pair" }, press("approve"), press("reject")))];
  }

  // Names matter for communities that are new; any can be asked about.
  names() {
    const { live } = this;
    const { community, plan } = live;
    if (!plan || !community) return [];
    const names = live.state.names.filter((one) => one.plan_id === plan.plan_id && one.community_id === community.id);
    if (!names.length && !community.fresh) return [];
    const shown = [make("h3", { text: live.say("names", { name: community.name }) })];
    const me = live.state.me.name;
    shown.push(make("ul", { class: "held" }, ...names.map((one) => make("li", {},
      make("span", { text: one.name, title: live.join(one.voters) }),
      make("span", {}, button(`${live.say("for_name")} ${one.voters.length}`, () => live.voteName(one, !one.voters.includes(me)), { class: "vote", "aria-pressed": String(one.voters.includes(me)), "aria-label": `${one.name}: ${live.say("for_name")} ${one.voters.length}`, disabled: !live.may("reviewer") }),
        live.may("planner") && plan.status === "draft" ? button(live.say("adopt_name"), () => live.adoptName(one), { class: "quiet" }) : null)))));
    if (live.may("reviewer")) {
      const field = make("input", { id: "live-name", type: "text", maxlength: "40", placeholder: live.say("name_hint"), "aria-label": live.say("name_hint") });
      shown.push(make("form", { class: "row", onsubmit: (event) => {
        event.preventDefault();
        live.proposeName(field);
      } }, field, button(live.say("name"), null, { type: "submit", id: "live-name-add" })));
    }
    return shown;
  }

  log() {
    const { live } = this;
    const own = live.state.log.filter((one) => !live.plan || one.plan_id === live.plan.plan_id);
    const verdicts = new Map(own.filter((one) => one.action === "judge").map((one) => [one.after, one.detail]));
    const entries = own.filter((one) => one.action !== "judge").slice(-25).reverse();
    if (!entries.length) return [];
    // A verdict stands beside the revision that it is about.
    const verdict = (one) => {
      const said = one.after !== null && one.after !== one.before ? verdicts.get(one.after) : null;
      if (!said) return null;
      return make("span", { class: `verdict ${said.adoptable ? "good" : "bad"}`, text: said.adoptable ? "✓" : `✗ ${said.must}`, title: said.adoptable ? live.say("adoptable") : live.say("must", { count: said.must }) });
    };
    const rows = entries.map((one) => make("li", {}, make("time", { class: "soft", datetime: one.moment, text: clock(one.moment) }), make("strong", { text: live.who(one.person) }), make("span", {}, live.action(one), " ", verdict(one))));
    return [this.fold("log", live.say("log"), make("ol", { class: "log" }, ...rows))];
  }

  people() {
    const { live } = this;
    if (!live.may("planner")) return [];
    const list = live.state.people.filter((one) => !one.revoked).map((one) => make("li", {}, make("span", { text: live.who(one.name) }), make("span", {}, make("span", { class: "soft", text: live.say(`role.${one.role}`) }), one.name === live.state.me.name || live.who(one.name) === live.words.resident ? null : button("×", () => live.revoke(one), { class: "quiet", "aria-label": `${live.say("revoke")} ${one.name}` }))));
    const name = make("input", { id: "live-guest", type: "text", maxlength: "60", placeholder: live.say("guest"), "aria-label": live.say("guest") });
    const role = select(live.say("role"), ["reviewer", "planner", "reader"].map((one) => [one, live.say(`role.${one}`)]), "reviewer", () => {});
    const form = make("form", { class: "row", onsubmit: (event) => {
      event.preventDefault();
      live.invite(name, role.value);
    } }, name, role, button(live.say("invite"), null, { type: "submit", id: "live-invite" }));
    const link = live.link ? make("p", { class: "notice" }, make("span", { text: live.say("link_hint") }), make("code", { id: "live-link", text: live.link })) : null;
    return [this.fold("people", live.say("people"), make("div", {}, make("ul", { class: "held" }, ...list), form, link))];
  }

  fold(name, title, content) {
    const box = make("details", { ...(this.open.has(name) ? { open: true } : {}) }, make("summary", { id: `live-fold-${name}`, text: title }), content);
    box.addEventListener("toggle", () => (box.open ? this.open.add(name) : this.open.delete(name)));
    return box;
  }
}

function button(text, onclick, { type = "button", ...more } = {}) {
  return make("button", { type, text, ...(onclick ? { onclick } : {}), ...more });
}

// A bar from nothing to the largest: what is allowed is light, a ring stands for before, a dot for after.
function gauge(before, after, { low, high, most, off, label }) {
  const at = (value) => 2 + (96 * value) / most;
  const colour = off ? "#b3261e" : "#0b57d0";
  return draw("svg", { class: "gauge", viewBox: "0 0 100 8", preserveAspectRatio: "none", role: "img", "aria-label": label },
    draw("title", { text: label }),
    draw("rect", { x: 2, y: 3, width: 96, height: 2, fill: "#dfe4ea" }),
    draw("rect", { x: at(low), y: 1.5, width: Math.max(at(high) - at(low), 1), height: 5, fill: "#bfe0cc" }),
    draw("rect", { x: Math.min(at(before), at(after)), y: 3.2, width: Math.abs(at(after) - at(before)), height: 1.6, fill: colour }),
    draw("rect", { x: at(before) - 0.6, y: 1, width: 1.2, height: 6, fill: "#6b7480" }),
    draw("rect", { x: at(after) - 1, y: 0, width: 2, height: 8, fill: colour }));
}

function clock(moment) {
  const at = new Date(moment);
  const two = (value) => String(value).padStart(2, "0");
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
