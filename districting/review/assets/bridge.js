// The compare page keeps comments and votes in the browser; here they go to the server, and everybody's come back.

// The page's own comments and votes go to the server instead of into the browser's storage.
function bridge(live) {
  const { store } = live.page;
  if (!store) return;
  document.body.classList.toggle("reading", !live.may("reviewer"));  // who may only read is asked for nothing
  store.denied = false;
  store.save = () => {
    store.carried = true;  // nothing is kept in this browser
    store.onchange();
  };
  const { data, state } = live.page;
  const place = ([x, y]) => [x + (data.origin || [0, 0])[0], y + (data.origin || [0, 0])[1]];
  const known = (id) => (live.state.plans.some((one) => one.plan_id === id) ? id : live.plan.plan_id);
  store.add = (kind, entry) => {
    if (kind === "proposals") return live.propose({ ...entry, plan: known(entry.plan) }, place(state.point));
    const body = { plan: known(entry.plan), text: entry.text, community: entry.community || null, place: place([entry.x, entry.y]) };
    return live.attempt(() => live.server.tell("POST", "comments", body));
  };
  store.download = () => make("a", { href: "/api/comments", download: "" }).click();
  store.removable = (kind, one) => !one.author || live.may("planner");
  for (const [key, word] of [["review_hint", "kept_where"], ["propose_hint", "propose_hint"]]) {
    const [own, other] = live.sayTwice(word);
    data.words[key] = own;
    if (data.other?.words) data.other.words[key] = other;
  }
  store.vote = (plan, community, name, vote) => live.vote(community, vote, plan);
  store.remove = (kind, id) => {
    if (kind === "proposals") {
      const one = live.state.proposals.find((other) => String(other.proposal_id) === id);
      return one.person === live.state.me.name ? live.withdraw(one) : live.decline([one], true);
    }
    if (kind === "votes") {
      const [plan, ...community] = id.split(" ");
      return live.vote(community.join(" "), null, plan);
    }
    return live.settle(live.state.comments.find((one) => String(one.comment_id) === id));
  };
  bridgeState(live);
  if (live.page.earlier) live.page.earlier.records = [];
}

function bridgeState(live) {
  const { store, data } = live.page;
  if (!store) return;
  const [x0, y0] = data.origin || [0, 0];
  const me = live.state.me.name;
  store.kept.author = live.who(me);
  store.kept.comments = live.state.comments.filter((one) => !one.settled && one.answers === null && one.x !== null)
    .map((one) => ({ id: String(one.comment_id), time: one.moment, plan: one.plan_id, community: one.community_id || "", name: one.community_id ? live.nameOf(one.community_id) : "", x: one.x - x0, y: one.y - y0, text: one.text, ...(one.person === me ? {} : { author: live.who(one.person) }) }));
  store.kept.votes = live.state.votes.filter((one) => one.person === me)
    .map((one) => ({ id: `${one.plan_id} ${one.community_id}`, time: one.moment, plan: one.plan_id, community: one.community_id, name: live.nameOf(one.community_id), vote: one.verdict }));
  store.kept.proposals = live.state.proposals.filter((one) => one.state === "open")
    .map((one) => ({ ...one, id: String(one.proposal_id), time: one.moment, plan: one.plan_id, ...(one.person === me ? {} : { author: live.who(one.person) }) }));
  store.onchange();
}
