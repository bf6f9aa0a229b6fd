// The compare page keeps comments and votes in the browser; here they go to the server, and everybody's come back.

// The page's own comments and votes go to the server instead of into the browser's storage.
function bridge(live) {
  const { store } = live.page;
  if (!store) return;
  const add = store.add.bind(store);
  store.denied = false;
  store.save = () => {
    store.carried = true;
    try {
      window.localStorage.setItem(store.name, JSON.stringify(store.record({ ...store.kept, comments: [], votes: [] })));
    } catch {
      store.denied = true;
    }
    store.onchange();
  };
  const { data, state } = live.page;
  const say = (entry, text, [x, y]) => {
    const [x0, y0] = data.origin || [0, 0];
    const plan = live.state.plans.some((one) => one.plan_id === entry.plan) ? entry.plan : live.plan.plan_id;
    return live.attempt(() => live.server.tell("POST", "comments", { plan, text, community: entry.community || null, place: [x + x0, y + y0] }));
  };
  // Everybody reads a proposed edit as a comment; as a lock for the optimizer it is kept here until it is exported.
  store.add = async (kind, entry) => {
    if (kind === "comments") return say(entry, entry.text, [entry.x, entry.y]);
    if (kind !== "proposals") return add(kind, entry);
    const own = live.community;
    const text = live.say(entry.reason ? "proposed_because" : "proposed", entry);
    if (await say({ ...entry, community: own ? own.id : null }, text, state.point)) add(kind, entry);
  };
  const file = store.file.bind(store);
  store.file = (kept = store.kept) => ({ ...file(kept), comments: [], votes: [] });
  const [own, other] = live.sayTwice("kept_where");
  data.words.review_hint = own;
  if (data.other?.words) data.other.words.review_hint = other;
  store.vote = (plan, community, name, vote) => live.vote(community, vote, plan);
  const remove = store.remove.bind(store);
  store.remove = (kind, id) => {
    if (kind === "proposals") return remove(kind, id);
    if (kind === "votes") {
      const [plan, ...community] = id.split(" ");
      return live.vote(community.join(" "), null, plan);
    }
    return live.settle(live.state.comments.find((one) => String(one.comment_id) === id));
  };
  bridgeState(live);
  // The page is drawn anew with every new draft: proposals that still fit come along by themselves.
  const { earlier } = live.page;
  for (const record of earlier ? [...earlier.records] : []) earlier.take(record);
}

function bridgeState(live) {
  const { store, data } = live.page;
  if (!store) return;
  const [x0, y0] = data.origin || [0, 0];
  const me = live.state.me.name;
  store.kept.author = me;
  store.kept.comments = live.state.comments.filter((one) => !one.settled && one.answers === null && one.x !== null)
    .map((one) => ({ id: String(one.comment_id), time: one.moment, plan: one.plan_id, community: one.community_id || "", name: one.community_id ? live.nameOf(one.community_id) : "", x: one.x - x0, y: one.y - y0, text: `${one.person}: ${one.text}` }));
  store.kept.votes = live.state.votes.filter((one) => one.person === me)
    .map((one) => ({ id: `${one.plan_id} ${one.community_id}`, time: one.moment, plan: one.plan_id, community: one.community_id, name: live.nameOf(one.community_id), vote: one.verdict }));
  store.onchange();
}
