// The compare page: opens the payload, builds the scene, and joins maps, panel and keyboard.

function buildScene(data) {
  const atoms = new Atoms(data.mosaic);
  const today = data.plans[0];
  const subdistrict = data.atom_subdistrict;
  for (const plan of data.plans) plan.paths = planPaths(plan, today, atoms);
  const [west, south, east, north] = data.bounds;
  for (const plan of data.plans) preparePlan(plan, today, data);
  return {
    atoms, today, bounds: data.bounds, focus: data.focus, palette: data.palette, colours: data.colours,
    atomSize: Math.sqrt(data.land_m2 / Math.max(atoms.n, 1)),
    subdistrictBorders: atoms.borders((a, b) => subdistrict[a] !== subdistrict[b]),
    roads: data.roads.map((road) => ({ kind: road.kind, path: linesPath(road) })),
    roadNames: data.road_names,
    barriers: data.barriers.map((line) => ({ kind: line.kind, path: linesPath(line) })),
    areas: data.areas.map((area) => ({ kind: area.kind, path: linesPath(area) })),
    buildings: { xy: metres(data.buildings.xy), households: data.buildings.households },
  };
}

// What the drawing and the panel look up again and again.
function preparePlan(plan, today, data) {
  plan.index = new Map(plan.communities.map((community, at) => [community.id, at]));
  const broken = new Set(plan.findings.filter((one) => one.strength === "must").map((one) => one.community));
  const before = new Map(today.communities.map((community) => [community.id, community.figures.households]));
  for (const community of plan.communities) {
    community.caption = fill(data.words.households_short, { n: figure(community.figures.households, { digits: 0 }) });
    community.short = community.name.replace(/(社区|居委会|居民委员会)$/, "");
    community.broken = broken.has(community.id);
    const change = community.figures.households - (before.get(community.id) || 0);
    community.badge = before.has(community.id) ? (change ? `${change > 0 ? "+" : "−"}${figure(Math.abs(change), { digits: 0 })}` : "") : data.words.new_badge;
  }
  plan.labelOrder = plan.communities.map((_, at) => at).sort((a, b) => plan.communities[b].figures.households - plan.communities[a].figures.households);
  plan.marks = plan.findings.filter((one) => one.strength !== "prefer" && one.x !== null);
}

function communityAt(plan, x, y, probe) {
  probe.setTransform(1, 0, 0, 1, 0, 0);
  return plan.paths.land.findIndex((path) => probe.isPointInPath(path, x, y, plan.label ? "nonzero" : "evenodd"));
}

function startPage(data) {
  const { words } = data;
  const scene = buildScene(data);
  const probe = document.createElement("canvas").getContext("2d");
  const state = {
    shown: data.plans.slice(0, window.innerWidth < 900 ? 2 : 4).map((plan) => plan.id), tab: "compare", search: "", point: null, pointPlan: null,
    chosen: new Map(), findingsPlan: (data.plans[0] || {}).id,
  };
  const chosen = (plan) => (state.chosen.has(plan.id) ? state.chosen.get(plan.id) : -1);
  const maps = new Panes(document.getElementById("maps"), scene, words, (plan, x, y) => actions.pickPoint(plan, x, y));
  const panel = document.getElementById("panel");
  const views = { compare: comparisonView, community: communityView, findings: findingsView };

  const actions = {
    pickPoint(plan, x, y, open = true) {
      state.point = [x, y];
      state.pointPlan = plan.id;
      state.chosen = new Map(data.plans.map((one) => [one.id, communityAt(one, x, y, probe)]));
      if (open) showTab("community");
      maps.redraw();
    },
    // In every plan the community of that id; where it does not exist, whoever holds the middle of its land in the
    // plan that leads: the one asked about, else the first that has it, today last.
    pickCommunity(id, lead = null, open = true) {
      const own = lead ? { plan: lead, one: lead.communities[lead.index.get(id)] } : everyCommunity(data).find(({ one }) => one.id === id);
      state.point = [own.one.x, own.one.y];
      state.pointPlan = own.plan.id;
      state.chosen = new Map(data.plans.map((plan) => [plan.id, plan.index.get(id) ?? communityAt(plan, own.one.x, own.one.y, probe)]));
      if (open) showTab("community");
      zoomTo(boxAround(data.plans.filter((plan) => plan.index.has(id) && state.shown.includes(plan.id)).map((plan) => plan.communities[plan.index.get(id)].box)) || own.one.box);
      maps.redraw();
    },
    pickFinding(plan, finding) {
      if (!state.shown.includes(plan.id)) togglePlan(plan.id);
      if (plan.index.has(finding.community)) this.pickCommunity(finding.community, plan, false);
      else if (finding.x !== null) maps.fit(finding.x - 300, finding.y - 300, finding.x + 300, finding.y + 300);
    },
    findingsOf(id) {
      state.findingsPlan = id;
      showTab("findings");
    },
    clear() {
      state.point = null;
      state.chosen = new Map();
      showTab("community");
      maps.redraw();
    },
  };

  function boxAround(boxes) {
    if (!boxes.length) return null;
    const edge = (at, pick) => pick(...boxes.map((box) => box[at]));
    return [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)];
  }

  function zoomTo([west, south, east, north]) {
    const margin = 0.35 * Math.max(east - west, north - south);
    maps.fit(west - margin, south - margin, east + margin, north + margin);
  }

  function showTab(name) {
    state.tab = name;
    for (const tab of document.querySelectorAll("[role=tab]")) {
      const on = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    panel.replaceChildren(...views[name](data, state, actions));
    panel.scrollTop = 0;
  }

  function togglePlan(id) {
    const shown = state.shown.includes(id) ? state.shown.filter((one) => one !== id) : [...state.shown, id];
    if (!shown.length) return;
    state.shown = data.plans.map((plan) => plan.id).filter((one) => shown.includes(one));
    for (const chip of document.querySelectorAll("#plans button")) {
      chip.setAttribute("aria-pressed", String(state.shown.includes(chip.dataset.plan)));
    }
    maps.show(data.plans.filter((plan) => state.shown.includes(plan.id)), chosen);
  }

  const chips = document.getElementById("plans");
  data.plans.forEach((plan) => {
    chips.append(make("button", { type: "button", "data-plan": plan.id, "aria-pressed": String(state.shown.includes(plan.id)), onclick: () => togglePlan(plan.id), text: plan.title }));
  });
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
  new Search(search, document.getElementById("suggestions"), data, (text) => {
    state.search = text;
    showTab("community");
  }, (id) => actions.pickCommunity(id));
  document.getElementById("whole").addEventListener("click", () => maps.whole());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") actions.clear();
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });
  maps.show(data.plans.filter((plan) => state.shown.includes(plan.id)), chosen);
  showTab("compare");
  document.body.dataset.ready = "true";
  return { maps, state, data };
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
