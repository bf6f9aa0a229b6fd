// What people say on the live page: comments, votes, names; who may come in and who goes.

class Talking extends Following {
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
    const text = await askText({ ...this.choices("answer"), quote: `${this.who(one.person)}: ${one.text}`, label: this.say("answer"), most: 4000, many: true });
    if (text) await this.attempt(() => this.server.tell("POST", "comments", { plan: one.plan_id, community: one.community_id, text, answers: one.comment_id }));
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
    this.link = window.location.origin + new URL(made.link).pathname;  // as this browser reaches the server
    this.spent = new Set([field.id]);
    await this.refresh();
  }

  async revoke(one) {
    const sure = await askSure({ ...this.choices("revoke_title"), text: this.say("revoke_sure", { name: one.name }) });
    return sure && this.attempt(() => this.server.ask(`people/${one.person_id}`, { method: "DELETE" }));
  }

  async leave() {
    const sure = await askSure({ ...this.choices("leave"), text: this.say("leave_sure") });
    if (sure && (await this.attempt(() => this.server.ask("session", { method: "DELETE" })))) this.heard("ended", {});
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
}
