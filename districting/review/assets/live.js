// The live page: joins server, drawer, painter and the compare page's own maps and panel.

class Live extends Following {
  constructor(page, server, words, state) {
    super();
    Object.assign(this, { page, server, words, state });
    this.connected = true;
    this.message = null;
    this.options = [];
    this.where = "";
    this.against = "";
    this.ground = null;
    this.plans = new Map();  // plan id → as the server last told it
    this.wanted = window.sessionStorage.getItem("review:plan") || "";
    this.painter = new Painter(page, { chosen: () => this.look(), pushed: (target) => this.push(target) });
    this.painter.compound = (atom) => this.compound(atom);
    this.drawer = new Drawer(this);
    bridge(this);
  }

  say(key, values = {}) {
    const sentence = this.words[`word.${key}`] ?? this.words[key] ?? key;
    return fill(sentence, values);
  }

  may(role) {
    const rank = ["reader", "reviewer", "planner"];
    return rank.indexOf(this.state.me.role) >= rank.indexOf(role);
  }

  get plan() {
    const { plans } = this.state;
    return plans.find((one) => one.plan_id === this.wanted) || plans[0] || null;
  }

  get pagePlan() {
    return this.plan ? this.page.data.plans.find((one) => one.id === this.plan.plan_id) || null : null;
  }

  // The community that people have chosen on the page, in the plan at hand.
  get community() {
    const { pagePlan } = this;
    const at = pagePlan ? this.page.state.chosen.get(pagePlan.id) ?? -1 : -1;
    if (at < 0 || !pagePlan.communities[at]) return null;
    const { id, name } = pagePlan.communities[at];
    return { id, name, fresh: !this.page.data.plans[0].index.has(id) };
  }

  nameOf(id) {
    for (const plan of [this.pagePlan, ...this.page.data.plans]) {
      if (plan && plan.index.has(id)) return plan.communities[plan.index.get(id)].name;
    }
    const told = this.plan && this.plans.get(this.plan.plan_id);
    const one = told && told.communities.find((other) => other.community_id === id);
    return one ? one.name : id || this.say("new");
  }

  action(entry) {
    const { detail } = entry;
    const text = this.words[`action.${entry.action}`] || entry.action;
    const about = detail.moves ? this.say("atoms", { count: detail.moves.length }) : detail.status ? this.say(`status.${detail.status}`) : detail.title || detail.name || "";
    return about ? `${text} · ${about}` : text;
  }

  keeps(id) {
    return !(this.spent && this.spent.delete(id));
  }

  tell(text, kind = "info", lines = []) {
    this.message = text ? { text, kind, lines } : null;
    this.drawer.draw();
    if (text) this.drawer.element.scrollTop = 0;
  }

  // Does something; a refusal is told, and after a stale move the difference is shown.
  async attempt(work) {
    try {
      const done = await work();
      return done === undefined || done === null ? true : done;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.told.key === "stale") await this.showDifference(error.told);
      else this.tell(error.message, "bad");
      return null;
    }
  }

  async choose(id) {
    this.wanted = id;
    window.sessionStorage.setItem("review:plan", id);
    this.take(null);
    this.against = "";
    this.painter.marks.clear();
    this.show();
    await this.refresh();
  }

  // Brings the plan at hand onto a map.
  show() {
    if (!this.pagePlan) return;
    const chip = [...document.querySelectorAll("#plans button")].find((one) => one.dataset.plan === this.pagePlan.id);
    if (chip && chip.getAttribute("aria-pressed") !== "true") chip.click();
  }

  // An edit needs its map alone beside today's, as large as possible.
  take(tool) {
    if (tool) {
      if (!this.pagePlan) return;
      const side = document.querySelector('#layouts button[data-layout="side"]');
      if (side && side.getAttribute("aria-pressed") === "false") side.click();
      this.show();
    }
    this.painter.begin(tool ? this.pagePlan : null, tool);
    this.options = [];
    this.drawer.draw();
  }

  get atoms() {
    return [...this.painter.atoms].sort((a, b) => a - b).map((at) => this.ground.atoms[at]);
  }

  compound(atom) {
    const own = this.ground ? this.ground.compounds[atom] : "";
    return own ? this.ground.compounds.flatMap((one, at) => (one === own ? [at] : [])) : [atom];
  }

  // What the selection would do; only the latest answer counts.
  async look() {
    if (!this.painter.atoms.size || !this.ground) {
      this.options = [];
      return this.drawer.draw();
    }
    const number = (this.looked = (this.looked || 0) + 1);
    const body = { revision: this.plan.revision, atoms: this.atoms };
    if (this.painter.tool === "push") body.community = this.painter.target;
    const found = await this.attempt(() => this.server.tell("POST", `${planPath(this.plan.plan_id)}/look`, body));
    if (number !== this.looked || !found) return null;
    this.options = found;
    if (this.painter.tool === "push") this.painter.refused = found[0].doubts.some((one) => ["stop", "must"].includes(one.strength));
    this.painter.redraw();
    return this.drawer.draw();
  }

  // A border that was pushed is a move, unless something speaks strongly against it: then people decide in the drawer.
  async push(target) {
    await this.look();
    const [option] = this.options;
    if (option && !option.doubts.some((one) => ["stop", "must"].includes(one.strength))) await this.move(target);
  }

  async move(community) {
    const body = { revision: this.plan.revision, atoms: this.atoms, community };
    if (await this.act("moves", body)) this.drop();
  }

  async act(door, body, method = "POST") {
    const { plan } = this;
    const done = await this.attempt(() => this.server.tell(method, `${planPath(plan.plan_id)}/${door}`, body));
    if (done) {
      this.painter.marks.clear();
      this.message = null;
      await this.attempt(async () => {
        await this.refresh();
        await this.refreshPlan(plan.plan_id);
      });
    }
    return done;
  }

  drop() {
    this.painter.clear();
    this.options = [];
    this.drawer.draw();
  }

  turn(kind) {
    return this.act(kind, { revision: this.plan.revision });
  }

  mend(community) {
    return this.act("mend", { revision: this.plan.revision, community });
  }

  hold(body) {
    return this.act("locks", body);
  }

  release(which) {
    return this.act(`locks${which}`, null, "DELETE");
  }

  async together() {
    if (await this.hold({ kind: "together", atoms: this.atoms })) this.drop();
  }

  best(mode) {
    return this.act("best", { revision: this.plan.revision, mode, subdistricts: this.where ? [this.where] : [] });
  }

  endSearch(search, keep) {
    return this.attempt(() => this.server.tell("POST", `searches/${search.search_id}/end`, { keep }));
  }

  async branch() {
    const title = window.prompt(this.say("branch_title"), `${this.plan.title} · ${this.say("status.draft")}`);
    if (!title) return;
    const made = await this.attempt(() => this.server.tell("POST", "plans", { plan: this.plan.plan_id, title: title.trim(), revision: this.plan.revision }));
    if (!made) return;
    this.wanted = made.plan;
    window.sessionStorage.setItem("review:plan", made.plan);
    await this.refresh();
  }

  retitle() {
    const title = window.prompt(this.say("retitle"), this.plan.title);
    if (title && title.trim() !== this.plan.title) this.change({ title: title.trim() });
  }

  async change(body) {
    await this.attempt(() => this.server.tell("PATCH", planPath(this.plan.plan_id), body));
    await this.refresh();
  }

  async compare(id) {
    this.against = id;
    this.painter.marks.clear();
    if (id) {
      const found = await this.attempt(() => this.server.ask(`difference?a=${encodeURIComponent(this.plan.plan_id)}&b=${encodeURIComponent(id)}`));
      if (!found) return;
      const index = new Map(this.ground.atoms.map((atom, at) => [atom, at]));
      if (!this.painter.plan) this.painter.plan = this.pagePlan;
      this.painter.marks = new Set(found.atoms.map((one) => index.get(one.atom)));
      const other = this.state.plans.find((one) => one.plan_id === id);
      this.tell(this.say("differ", { title: other.title, atoms: found.atoms.length, households: figure(found.households), communities: found.communities.length }), "info");
    }
    this.painter.redraw();
    this.drawer.draw();
  }

  // What was written leaves its field once the server has it.
  async written(field, work) {
    if (!field.value.trim()) return field.focus();
    const done = await this.attempt(work);
    if (!done) return null;
    this.spent = (this.spent || new Set()).add(field.id);
    return this.refresh();
  }

  comment(field) {
    const { community, page } = this;
    const own = this.pagePlan && community ? this.pagePlan.communities[this.pagePlan.index.get(community.id)] : null;
    const [x0, y0] = page.data.origin || [0, 0];
    const spot = page.state.point || (own ? [own.x, own.y] : null);
    const body = { plan: this.plan.plan_id, text: field.value, community: community ? community.id : null, place: spot ? [spot[0] + x0, spot[1] + y0] : null };
    return this.written(field, () => this.server.tell("POST", "comments", body));
  }

  async answer(one) {
    const text = window.prompt(`${one.person}: ${one.text}`);
    if (text && text.trim()) await this.attempt(() => this.server.tell("POST", "comments", { plan: one.plan_id, community: one.community_id, text, answers: one.comment_id }));
  }

  settle(one) {
    return this.attempt(() => this.server.tell("PATCH", `comments/${one.comment_id}`, { settled: !one.settled }));
  }

  vote(community, verdict, plan = this.plan.plan_id) {
    return this.attempt(() => this.server.tell("PUT", "votes", { plan, community, verdict }));
  }

  proposeName(field) {
    return this.written(field, () => this.server.tell("POST", "names", { plan: this.plan.plan_id, community: this.community.id, name: field.value }));
  }

  voteName(one, wanted) {
    return this.attempt(() => this.server.tell("PUT", `names/${one.name_id}/vote`, { wanted }));
  }

  adoptName(one) {
    return this.attempt(() => this.server.tell("POST", `names/${one.name_id}/adopt`, { revision: this.plan.revision }));
  }

  async invite(field, role) {
    const made = await this.attempt(() => this.server.tell("POST", "invitations", { name: field.value, role }));
    if (!made) return;
    this.link = made.link;
    this.spent = new Set([field.id]);
    await this.refresh();
  }

  revoke(one) {
    return this.attempt(() => this.server.ask(`people/${one.person_id}`, { method: "DELETE" }));
  }

  goTo(one) {
    const { page } = this;
    const plan = page.data.plans.find((other) => other.id === one.plan_id);
    const at = plan ? plan.index.get(one.community_id) : undefined;
    if (at === undefined) return;
    const [west, south, east, north] = plan.communities[at].box;
    const margin = 0.4 * Math.max(east - west, north - south);
    page.maps.fit(west - margin, south - margin, east + margin, north + margin);
  }

  // The page says nothing when people choose: so we look.
  watch() {
    let chosen = null;
    let panes = "";
    window.setInterval(() => {
      const { state, maps } = this.page;
      this.painter.attach();
      const now = maps.panes.map((one) => one.plan.id).join(" ");
      if (now !== panes) this.painter.redraw();
      panes = now;
      if (state.chosen !== chosen) {
        chosen = state.chosen;
        this.drawer.draw();
      }
    }, 200);
    document.addEventListener("keydown", (event) => {
      if (event.target.closest("input, textarea, select")) return;
      const command = event.ctrlKey || event.metaKey;
      if (command && event.key.toLowerCase() === "z" && this.may("planner") && this.plan && this.plan.status === "draft") {
        event.preventDefault();
        const kind = event.shiftKey ? "redo" : "undo";
        if (this.plan[kind] !== null) this.turn(kind);
      }
      if (event.key === "Escape" && this.painter.atoms.size) this.drop();
    });
  }
}

async function startLive() {
  while (!window.comparePage) await new Promise((done) => window.setTimeout(done, 20));
  const page = window.comparePage;
  const server = new Server();
  const [words, state] = await Promise.all([server.ask("words"), server.ask("state")]);
  server.csrf = state.me.csrf;
  server.lost = words["word.lost"];
  const live = new Live(page, server, words, state);
  server.listen((kind, message) => live.heard(kind, message));
  live.watch();
  live.later(state.plans.filter((one) => one.status !== "computed").map((one) => one.plan_id));
  const drafts = state.plans.filter((one) => one.status !== "computed");
  if (!state.plans.some((one) => one.plan_id === live.wanted)) live.wanted = (drafts[drafts.length - 1] || state.plans[0] || { plan_id: "" }).plan_id;
  live.show();
  live.drawer.draw();
  window.review = live;
  document.body.dataset.live = "true";
}

startLive();
