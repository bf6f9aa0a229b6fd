// Edits by hand and what they would do: looking, moving, mending, locking, letting the optimizer go on from here.

class Editing extends Asking {
  get atoms() {
    return [...this.painter.atoms].sort((a, b) => a - b).map((at) => this.ground.atoms[at]);
  }

  compound(atom) {
    const own = this.ground ? this.ground.compounds[atom] : "";
    return own ? this.ground.compounds.flatMap((one, at) => (one === own ? [at] : [])) : [atom];
  }

  // What the selection would do. One question at a time: while a stroke goes on, only its latest state is asked about.
  look() {
    this.unasked = true;
    if (!this.looking) this.looking = this.lookOn().finally(() => (this.looking = null));
    return this.looking;
  }

  async lookOn() {
    while (this.unasked) {
      this.unasked = false;
      if (!this.painter.atoms.size || !this.ground) {
        this.options = [];
        break;
      }
      const body = { revision: this.plan.revision, atoms: this.atoms };
      if (this.painter.tool === "push") body.community = this.painter.target;
      const found = await this.attempt(() => this.server.tell("POST", `${planPath(this.plan.plan_id)}/look`, body));
      if (!found) break;
      if (this.unasked || !this.painter.atoms.size) continue;
      this.options = found;
      this.done = null;
      if (this.painter.tool === "push") this.painter.refused = found[0].doubts.some((one) => ["stop", "must"].includes(one.strength));
      this.painter.redraw();
    }
    this.drawer.draw();
  }

  // A border that was pushed is a move, unless something speaks strongly against it: then people decide in the drawer.
  async push(target) {
    await this.look();
    const [option] = this.options;
    if (option && !option.doubts.some((one) => ["stop", "must"].includes(one.strength))) await this.move(target);
    else this.drawer.element.querySelector(".go:not([disabled])")?.focus();
  }

  async move(community) {
    const body = { revision: this.plan.revision, atoms: this.atoms, community };
    const option = this.options.find((one) => (one.community || null) === community) || null;
    const { pagePlan } = this;
    const findings = pagePlan.shownRevision === body.revision ? saidOf(pagePlan) : null;
    const plan = this.plan.plan_id;
    // the selection goes and the move is told before the page is anew: nobody sees a new plan with the old selection
    await this.act("moves", body, { then: (moved) => {
      this.done = option && { option, plan, revision: moved.revision, findings };
      this.drop();
    } });
  }

  // What the checks say of the last move: findings that came and that went; null while they have not spoken. Where
  // they had not spoken before the move, nobody can tell what it changed.
  get difference() {
    const { done, pagePlan } = this;
    if (!done || !pagePlan || pagePlan.shownRevision !== done.revision) return null;
    const after = saidOf(pagePlan);
    const before = done.findings || after;
    return { came: [...after].filter((one) => !before.has(one)), went: [...before].filter((one) => !after.has(one)), unsure: !done.findings };
  }

  async act(door, body, { method = "POST", then = () => {} } = {}) {
    const { plan } = this;
    const done = await this.attempt(() => this.server.tell(method, `${planPath(plan.plan_id)}/${door}`, body));
    if (done) {
      this.painter.marks.clear();
      this.message = null;
      then(done);
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
    return this.act(`locks${which}`, null, { method: "DELETE" });
  }

  together() {
    return this.act("locks", { kind: "together", atoms: this.atoms }, { then: () => this.drop() });
  }

  best(mode) {
    return this.act("best", { revision: this.plan.revision, mode, subdistricts: this.where ? [this.where] : [] });
  }

  endSearch(search, keep) {
    return this.attempt(() => this.server.tell("POST", `searches/${search.search_id}/end`, { keep }));
  }
}

// What the checks say of a plan, in the language of the page; preferences aside.
function saidOf(plan) {
  return new Set(plan.findings.filter((one) => one.strength !== "prefer").map((one) => one.text));
}
