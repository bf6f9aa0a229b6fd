// Comments, votes and proposals: on the card of a community, and all together in a tab of their own.

// On the card: approve or reject each plan's community, say why, and propose what the next plan should hold fast.
function reviewCard(data, state, found, actions) {
  const { words } = data;
  const { store } = actions;
  const votes = found.slice(1).filter(({ one }) => one).map(({ plan, one }) => {
    const own = store.voteOn(plan.id, one.id);
    const press = (vote, sign) => make("button", {
      type: "button", class: `vote ${vote}`, id: `vote-${vote}-${plan.id}`, "aria-pressed": String(own === sign), "aria-label": `${plan.title} ${one.name}: ${words[vote]}`, text: words[vote],
      onclick: () => store.vote(plan.id, one.id, one.name, own === sign ? null : vote),
    });
    return make("li", {}, make("span", {}, make("strong", { text: plan.title }), ` ${one.name}`), make("span", { class: "votes" }, press("approve", 1), press("reject", -1)));
  });
  return [
    make("h3", { text: words.review }), ...deniedNote(data, store), ...(votes.length ? [make("ul", { class: "plain" }, ...votes)] : []),
    commentForm(data, state, found, actions), proposalForm(data, state, found, actions),
  ];
}

// A browser that keeps nothing is told of wherever people write.
function deniedNote({ words }, store) {
  return store.denied ? [make("p", { class: "warning", role: "alert", text: words.storage_denied })] : [];
}

function commentForm(data, state, found, actions) {
  const { words } = data;
  const field = make("textarea", { id: "comment-text", dir: "auto", rows: "2", maxlength: "2000", placeholder: words.comment_place, "aria-label": words.comment });
  return make("form", { class: "comment", onsubmit: (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return field.focus();
    const held = found.find(({ plan, one }) => plan.id === state.pointPlan && one) || found.find(({ one }) => one);
    const [x, y] = state.point;
    actions.store.add("comments", { plan: state.pointPlan, community: held ? held.one.id : "", name: held ? held.one.name : "", x: round1(x), y: round1(y), text });
  } }, field, make("button", { type: "submit", id: "comment-add", text: words.comment_add }));
}

function proposalForm(data, state, found, actions) {
  const { words } = data;
  const { scene, store } = actions;
  const kinds = proposable(data, state, found, scene);
  if (!kinds.size) return make("span");
  let kind = kinds.has(state.proposal) ? state.proposal : [...kinds.keys()][0];
  let chosen = null;
  const other = make("span");
  const reason = make("input", { type: "text", id: "proposal-reason", maxlength: "500", placeholder: words.reason, "aria-label": words.reason });
  const show = () => {
    const { options, atom } = kinds.get(kind);
    chosen = options.length ? options[0][0] : null;
    const point = (value) => {
      chosen = value;
      actions.point(atom === undefined ? [] : [atom, Number(value)]);
    };
    other.replaceChildren(...(options.length ? [select(words.with_which, options, chosen, point)] : []));
    if (open.open) actions.point(atom === undefined ? [] : [atom, Number(chosen)]);
  };
  const open = make("details", { class: "proposal", ...(state.proposal ? { open: "" } : {}), ontoggle: () => {
    state.proposal = open.open ? kind : null;
    if (open.open) show();
    else actions.point([]);
  } }, make("summary", { text: words.propose }), make("p", { class: "hint", text: words.propose_hint }),
  make("form", { onsubmit: (event) => {
    event.preventDefault();
    const lock = kinds.get(kind).lock(chosen === null ? null : Number(chosen));
    store.add("proposals", { plan: state.pointPlan, ...lock, text: lockText(lock, data, scene), reason: reason.value.trim() });
  } }, select(words.propose, [...kinds.keys()].map((one) => [one, fill(words[`kind_lock_${one}`], kinds.get(one).called)]), kind, (value) => {
    kind = value;
    state.proposal = value;
    show();
  }), other, reason, make("button", { type: "submit", id: "proposal-add", text: words.propose_add })));
  show();
  return open;
}

// The tab: who writes, what was written, and the way out of the page.
function reviewView(data, state, actions) {
  const { words } = data;
  const { store } = actions;
  const { kept } = store;
  const shown = [make("h2", { text: words.tab_review })];
  shown.push(...deniedNote(data, store));
  const author = make("input", { type: "text", id: "author", value: kept.author, maxlength: "80", autocomplete: "name", onchange: (event) => store.sign(event.target.value) });
  shown.push(make("p", { class: "hint screen", text: words.review_hint }), make("label", { class: "author" }, make("span", { text: words.author }), author));
  const incoming = make("input", { type: "file", accept: ".json,application/json", class: "unseen", tabindex: "-1", "aria-hidden": "true", onchange: async () => {
    state.told = words[store.take(await incoming.files[0].text())];
    actions.refresh();
  } });
  shown.push(make("div", { class: "row buttons" },
    make("button", { type: "button", id: "export", ...(store.count ? {} : { disabled: "" }), text: words.export, onclick: () => store.download() }),
    make("button", { type: "button", id: "import", text: words.import, onclick: () => incoming.click() }), incoming,
    make("button", { type: "button", id: "clear-all", ...(store.count ? {} : { disabled: "" }), text: words.clear_all, onclick: () => {
      if (window.confirm(words.clear_all_sure)) store.clear();
    } })));
  shown.push(make("p", { class: "hint", role: "status", text: state.told || "" }));
  state.told = "";
  const plan = (id) => data.plans.find((one) => one.id === id);
  const away = (kind, one) => make("button", { type: "button", class: "clear", text: words.remove, "aria-label": `${words.remove}: ${one.text || one.name}`, onclick: () => store.remove(kind, one.id) });
  const title = (one) => (plan(one.plan) ? plan(one.plan).title : one.plan);
  const section = (heading, entries, kind, row) => entries.length
    ? [make("h3", { text: `${heading} (${entries.length})` }), make("ol", { class: "entries" }, ...entries.map((one, i) => make("li", {}, ...row(one, i), store.removable(kind, one) ? away(kind, one) : null)))] : [];
  shown.push(...section(words.comments, kept.comments, "comments", (one, i) => [
    make("button", { type: "button", class: "entry", onclick: () => actions.pickComment(one) }, make("i", { class: "number", text: String(i + 1) }), make("span", {}, make("span", { class: "what", dir: "auto", text: one.text }), make("span", { class: "clause", text: [title(one), one.name, one.author].filter(Boolean).join(" · ") })))]));
  shown.push(...section(words.votes, kept.votes, "votes", (one) => [
    make("button", { type: "button", class: "entry", onclick: () => actions.pickCommunity(one.community, plan(one.plan)) }, make("span", { class: `vote-mark ${one.vote}`, text: words[one.vote] }), make("span", { text: [one.name || one.community, title(one), one.author].filter(Boolean).join(" · ") }))]));
  // Which plans of the page grant what is asked for, so that nobody asks for what there is.
  const granted = (one) => {
    const told = data.plans.slice(1).map((other) => [other.title, lockHolds(one, other, data)]).filter(([, holds]) => holds !== null);
    const named = (wanted) => told.filter(([, holds]) => holds === wanted).map(([name]) => name).join(words.list_stop);
    return [["lock_granted", true], ["lock_denied", false]].filter(([, holds]) => named(holds)).map(([key, holds]) => fill(words[key], { plans: named(holds) }));
  };
  shown.push(...section(words.proposals, kept.proposals, "proposals", (one) => [make("div", { class: "entry" }, make("span", {}, make("span", { class: "what", text: lockText(one, data, actions.scene) ?? one.text ?? one.kind }),
    ...[[one.reason, one.author].filter(Boolean).join(" · "), ...granted(one)].filter(Boolean).map((text) => make("span", { class: "clause", dir: "auto", text }))))]));
  if (!store.count) shown.push(make("p", { class: "hint", text: words.review_none }));
  return shown;
}
