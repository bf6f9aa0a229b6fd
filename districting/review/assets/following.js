// How the live page keeps up with the server: asks again when it hears of a move, shows what others have changed.

class Following {
  async showDifference(told) {
    await this.refreshPlan(this.plan.plan_id);
    const index = new Map((this.ground ? this.ground.atoms : []).map((atom, at) => [atom, at]));
    this.painter.marks = new Set(told.moves.map((one) => index.get(one.atom)).filter((at) => at !== undefined));
    const shown = told.moves.slice(0, 8).map((one) => `${one.then ? this.nameOf(one.then) : "—"} → ${one.now ? this.nameOf(one.now) : "—"} (${one.atom})`);
    if (told.moves.length > 8) shown.push("…");
    this.painter.redraw();
    await this.refresh();
    this.tell(told.error.join(" "), "bad", shown, this.say("marks_stale"));
    if (this.painter.atoms.size) this.look();
  }

  async refresh() {
    this.state = await this.server.ask("state");
    this.server.csrf = this.state.me.csrf;
    bridgeState(this);
    this.painter.locked = new Set(this.state.locks.filter((one) => this.plan && one.plan_id === this.plan.plan_id && one.kind === "community").map((one) => one.community_id));
    this.painter.redraw();
    this.drawer.draw();
    this.catchUp();
  }

  // Everything again in the language that the page has taken up.
  spokenAnew() {
    this.message = this.done = null;
    this.later([]);
    if (this.painter.atoms.size) this.look();
    this.drawer.element.setAttribute("aria-label", this.say("title"));
    this.drawer.draw();
  }

  // Asks for a plan as it stands and lets the page show it.
  async refreshPlan(id) {
    if (!this.state.ready) return;
    const told = await this.server.ask(planPath(id));
    this.plans.set(id, told);
    const plan = this.page.data.plans.find((one) => one.id === id);
    if (!plan) return;
    const same = plan.label && told.label.length === plan.label.length && told.communities.length === plan.communities.length
      && told.label.every((one, at) => (one < 0 ? plan.label[at] < 0 : plan.communities[plan.label[at]]?.id === told.communities[one].community_id))
      && told.communities.every((one) => plan.communities[plan.index.get(one.community_id)]?.name === one.name);
    if (!same) relabel(this.page, plan, told, this.sayTwice("head", { communities: told.communities.length, households: figure(told.households_moved) }), this.sayTwice("judging"));
    if (told.findings !== null && ![plan.shownRevision, plan.askedRevision].includes(told.revision) && told.status !== "computed") {
      plan.askedRevision = told.revision;
      const sealed = await this.server.ask(`${planPath(id)}/shown`, { text: true });
      const newest = this.plans.get(id);
      // two may be under way: the one that comes too late must not undo what the other has shown
      if (newest.revision === told.revision) {
        await readLetter(this.page, plan, sealed);
        plan.shownRevision = told.revision;
      }
      if (plan.askedRevision === told.revision) plan.askedRevision = -1;
    }
  }

  heard(kind, message) {
    if (kind === "lost") this.connected = false;
    if (kind === "ended") {
      this.ended = true;
      this.take(null);
    }
    if (kind === "open") {
      this.connected = true;
      if (this.message?.lost) this.tell(this.message.edit ? this.say("back") : null);
    }
    if (kind === "present") this.state.present = message;
    if (kind === "search") {
      const known = this.state.searches.findIndex((one) => one.search_id === message.search_id);
      if (known < 0) this.state.searches.push(message);
      else this.state.searches[known] = message;
    }
    if (["move", "judged", "drawn", "open", "again", "ready", "fault"].includes(kind)) {
      const plan = message.plan_id || "";
      this.later(kind === "open" || kind === "again" || kind === "ready" ? this.state.plans.map((one) => one.plan_id) : plan ? [plan] : []);
    } else this.drawer.draw();
  }

  // Several messages at once are answered by asking once.
  later(plans) {
    this.asked = new Set([...(this.asked || []), ...plans]);
    if (this.asking) return;
    this.asking = window.setTimeout(async () => {
      const wanted = this.asked;
      this.asked = new Set();
      this.asking = null;
      await this.attempt(async () => {
        await this.refresh();
        if (this.state.ready && !this.ground) this.ground = await this.server.ask("ground");
        const shown = new Set(this.page.data.plans.map((one) => one.id));
        for (const id of wanted.size ? wanted : []) if (shown.has(id)) await this.refreshPlan(id);
        this.drawer.draw();
      });
    }, 30);
  }

  // Once the server has drawn a page with the plan at hand, and ours is without it, take that page.
  catchUp() {
    const here = new Set(this.page.data.plans.map((one) => one.id));
    const { plan } = this;
    this.waiting = Boolean(plan && !here.has(plan.plan_id));
    if (this.waiting && this.state.drawn.includes(plan.plan_id)) this.reload();
  }

  // The maps are chosen anew for a plan that was on none; the view stays.
  reload() {
    window.sessionStorage.setItem("review:plan", this.plan.plan_id);
    const told = new URLSearchParams(window.location.hash.slice(1));
    told.delete("plans");
    window.history.replaceState(null, "", `#${told}`);
    window.location.reload();
  }
}
