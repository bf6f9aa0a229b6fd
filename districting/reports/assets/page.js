// The compare page: opens the payload, and joins scene, maps, panel and keyboard.

function startPage(data) {
  for (const plan of data.plans) preparePlan(plan, data.plans[0], data);
  data.compounds.xy = metres(data.compounds.xy);
  const scene = buildScene(data);
  const ids = data.plans.map((plan) => plan.id);
  const asked = Address.read(window.location.hash, data);
  const state = {
    layout: "side", shown: ids.slice(0, window.innerWidth < 900 ? 2 : 4), left: ids[0], right: ids[1] || ids[0], tab: "compare", search: "",
    point: null, pointPlan: null, place: "", street: null, chosen: new Map(), findingsPlan: ids[0], flowPlan: ids[1], measure: "households",
    sortPlans: null, within: "", only: { changed: false, findings: false }, proposal: null, told: "",
  };
  const planOf = (id) => data.plans.find((plan) => plan.id === id);
  const chosen = (plan) => state.chosen.get(plan.id) ?? -1;
  const panel = document.getElementById("panel");
  const views = { compare: comparisonView, community: communityView, findings: findingsView, flow: flowView, review: reviewView };
  const filters = new Filters(data, state);
  scene.allowed = (plan) => filters.allowed(plan);
  const store = new Store(data, () => {
    showPins();
    refresh();
  });
  const maps = new Panes(document.getElementById("maps"), scene, data, {
    pick: (plan, x, y) => actions.pickPoint(plan, x, y),
    moved: () => address.later(),
    swiped: () => address.later(),
    choose: (side, id) => {
      state[side] = id;
      showMaps();
    },
  });
  const address = new Address(data, state, maps);

  const actions = {
    scene, filters, store, refresh, earlier: new Earlier(data, scene, store),
    showReview: () => showTab("review"),
    pickPoint(plan, x, y, { open = true, place = "", home = null } = {}) {
      Object.assign(state, { point: [x, y], pointPlan: plan.id, place, street: null });
      state.chosen = home === null ? new Map(data.plans.map((one) => [one.id, communityAt(one, x, y, scene.atoms)])) : holdersOfHome(data, home);
      scene.spot = [x, y];
      scene.street = null;
      picked(open);
    },
    // In every plan the community of that id; where it does not exist, whoever holds the middle of its land in the
    // plan that leads: the one asked about, else the first that has it, today last.
    pickCommunity(id, lead = null, open = true) {
      const own = lead && lead.index.has(id) ? { plan: lead, one: lead.communities[lead.index.get(id)] } : everyCommunity(data).find(({ one }) => one.id === id);
      if (!own) return;
      Object.assign(state, { point: [own.one.x, own.one.y], pointPlan: own.plan.id, place: "", street: null });
      state.chosen = new Map(data.plans.map((plan) => [plan.id, plan.index.get(id) ?? communityAt(plan, own.one.x, own.one.y, scene.atoms)]));
      scene.spot = scene.street = null;
      const onMaps = state.layout === "one" ? [state.left, state.right] : state.shown;
      zoomTo(boxAround(data.plans.filter((plan) => plan.index.has(id) && onMaps.includes(plan.id)).map((plan) => plan.communities[plan.index.get(id)].box)) || own.one.box);
      picked(open);
    },
    pickPlace({ kind, text, at }) {
      if (kind === "community") return this.pickCommunity(at);
      if (kind === "road") return this.pickStreet(at);
      const [x, y] = pointOf(kind === "compound" ? data.compounds : scene.buildings, at);
      this.pickPoint(data.plans[0], x, y, { place: text, home: kind === "home" ? at : null });
      maps.fit(x - 500, y - 500, x + 500, y + 500);
    },
    pickStreet(street) {
      const { path, box } = streetPath(street, scene);
      Object.assign(state, { point: null, street, place: "" });
      state.chosen = new Map();
      scene.street = path;
      scene.spot = null;
      zoomTo(box);
      picked(true);
    },
    pickFinding(plan, finding) {
      showPlan(plan.id);
      if (plan.index.has(finding.community)) this.pickCommunity(finding.community, plan, false);
      else if (finding.x !== null) maps.fit(finding.x - 300, finding.y - 300, finding.x + 300, finding.y + 300);
    },
    pickComment(one) {
      if (planOf(one.plan)) showPlan(one.plan);
      this.pickPoint(planOf(one.plan) || data.plans[0], one.x, one.y, { open: false });
      maps.fit(one.x - 350, one.y - 350, one.x + 350, one.y + 350);
    },
    findingsOf(id) {
      state.findingsPlan = id;
      showTab("findings");
    },
    flowsOf(id) {
      state.flowPlan = id;
      showTab("flow");
    },
    within(name) {
      document.getElementById("within").value = name;
      state.within = name;
      filtered(true);
    },
    showMeasure(key) {
      state.measure = key;
      refresh();
    },
    sortPlans(key) {
      const before = state.sortPlans;
      state.sortPlans = before && before.key === key ? (before.down ? null : { key, down: true }) : { key, down: false };
      refresh();
    },
    // Outlines the atoms that a proposal names.
    point(atoms) {
      scene.pair = atoms;
      maps.redraw();
    },
    clear() {
      Object.assign(state, { point: null, place: "", street: null, proposal: null });
      state.chosen = new Map();
      scene.spot = scene.street = null;
      scene.pair = [];
      picked(true);
    },
  };

  function picked(open) {
    scene.pair = [];
    if (open) showTab("community");
    maps.redraw();
    address.later();
    tell();
  }

  function zoomTo([west, south, east, north]) {
    const margin = 0.35 * Math.max(east - west, north - south);
    maps.fit(west - margin, south - margin, east + margin, north + margin);
  }

  // Draws the panel again; whoever held the focus keeps it.
  function refresh() {
    const held = document.activeElement;
    const id = panel.contains(held) ? held.id : "";
    const top = panel.scrollTop;
    panel.replaceChildren(...earlierOffer(data, state, actions), ...views[state.tab](data, state, actions));
    panel.scrollTop = top;
    if (id) document.getElementById(id)?.focus({ preventScroll: true });
    const count = store.count ? ` ${store.count}` : "";
    document.getElementById("tab-review").textContent = data.words.tab_review + count;
    tell();
  }

  // Whoever builds on this page hears at once what was chosen, shown or said in another language.
  function tell() {
    document.dispatchEvent(new Event("pagechange"));
  }

  function showTab(name) {
    state.tab = name;
    for (const tab of document.querySelectorAll("[role=tab]")) {
      const on = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    refresh();
    panel.scrollTop = 0;
    address.later();
  }

  function showPins() {
    scene.pins = store.kept.comments.map((one, i) => ({ plan: one.plan, x: one.x, y: one.y, n: i + 1 }));
    maps.redraw();
  }

  function filtered(moved) {
    const boxes = moved && state.within ? data.plans.flatMap((plan) => plan.communities.filter((one) => one.subdistrict === state.within).map((one) => one.box)) : [];
    if (boxes.length) maps.fit(...boxAround(boxes));
    maps.redraw();
    refresh();
    address.later();
  }

  function showMaps() {
    for (const button of document.querySelectorAll("#layouts button")) button.setAttribute("aria-pressed", String(button.dataset.layout === state.layout));
    for (const chip of document.querySelectorAll("#plans button")) {
      const on = state.layout === "one" ? chip.dataset.plan === state.right : state.shown.includes(chip.dataset.plan);
      chip.setAttribute("aria-pressed", String(on));
    }
    document.getElementById("plans").setAttribute("aria-label", state.layout === "one" ? data.words.right_plan : data.words.plans_label);
    if (state.layout === "one") maps.showOne(planOf(state.left), planOf(state.right), chosen);
    else maps.show(data.plans.filter((plan) => state.shown.includes(plan.id)), chosen);
    address.later();
    tell();
  }

  function choosePlan(id) {
    const hides = state.layout === "side" && state.shown.includes(id);
    if (state.layout === "one") state.right = id;
    else {
      const shown = hides ? state.shown.filter((one) => one !== id) : [...state.shown, id];
      if (!shown.length) return;
      state.shown = ids.filter((one) => shown.includes(one));
    }
    if (id !== ids[0] && !hides) state.flowPlan = id;
    showMaps();
    if (state.tab === "flow") refresh();
  }

  function showPlan(id) {
    const there = state.layout === "one" ? [state.left, state.right].includes(id) : state.shown.includes(id);
    if (!there) choosePlan(id);
  }

  // Takes what an address asks for.
  function follow(wanted) {
    for (const key of ["layout", "shown", "left", "right", "within", "only"]) if (wanted[key] !== undefined) state[key] = wanted[key];
    if (state.layout === "one" && state.right !== ids[0]) state.flowPlan = state.right;
    if (wanted.swipe !== undefined) maps.swipe = wanted.swipe;
    document.getElementById("filters").replaceChildren(...filterBar(data, state, filtered));
    if (wanted.language && wanted.language !== data.language) speakOther();
    else showMaps();
    if (!wanted.point && state.point) actions.clear();
    if (wanted.point) actions.pickPoint(planOf(wanted.point[2]), wanted.point[0], wanted.point[1], { open: false });
    if (wanted.view) maps.go(wanted.view);
    else if (wanted.within) filtered(true);
    showTab(wanted.tab || state.tab);
  }

  // Switches over the maps, in the language of the page.
  function buildSwitches() {
    const layouts = document.getElementById("layouts");
    layouts.replaceChildren(...["side", "one"].map((layout) => make("button", { type: "button", "data-layout": layout, "aria-pressed": "false", text: data.words[`layout_${layout}`], onclick: () => {
      state.layout = layout;
      showMaps();
    } })));
    layouts.hidden = data.plans.length < 2;
    document.getElementById("plans").replaceChildren(...data.plans.map((plan) => make("button", { type: "button", "data-plan": plan.id, "aria-pressed": "false", onclick: () => choosePlan(plan.id), text: plan.title })));
    document.getElementById("filters").replaceChildren(...filterBar(data, state, filtered));
  }

  function speakOther() {
    changeLanguage(data);
    for (const plan of data.plans) preparePlan(plan, data.plans[0], data);
    buildSwitches();
    showMaps();
    refresh();
  }

  buildSwitches();
  speakFrame(data);
  document.getElementById("language").addEventListener("click", speakOther);
  const tabs = [...document.querySelectorAll("[role=tab]")];
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => showTab(tab.dataset.tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(at + step + tabs.length) % tabs.length];
      next.focus();
      showTab(next.dataset.tab);
    });
  });
  const search = document.getElementById("search");
  const finder = new Search(search, document.getElementById("suggestions"), data, (text) => {
    state.search = text;
    showTab("community");
  }, (place) => actions.pickPlace(place));
  document.getElementById("whole").addEventListener("click", () => maps.whole());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "Escape" && (!typing || typing === search)) actions.clear();
    if (event.key === "/" && !typing) {
      event.preventDefault();
      search.focus();
    }
  });
  window.addEventListener("hashchange", () => {
    if (window.location.hash !== address.written) follow({ layout: "side", within: "", only: { changed: false, findings: false }, ...Address.read(window.location.hash, data) });
  });
  // A plan was made anew: what was looked up in it is forgotten.
  function replanned() {
    data.every = finder.spoken = null;
    filters.forget();
    maps.redraw();
    refresh();
  }

  readyToPrint(data, state, maps, actions);
  showPins();
  follow(asked);
  document.body.dataset.ready = "true";
  return { maps, state, data, store, earlier: actions.earlier, replanned };
}

(async () => {
  const notice = document.getElementById("notice");
  if (typeof DecompressionStream === "undefined") {
    notice.textContent = notice.dataset.old;
    return;
  }
  const data = await openPayload(document.getElementById("payload"));
  notice.remove();
  window.comparePage = startPage(data);
})();
