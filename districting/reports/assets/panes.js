// The maps: one Leaflet map per shown plan, all in step, or one map on which two plans meet at a divider. Each map
// has a canvas of our own.

class Panes {
  // `events`: pick(plan, x, y), moved(), choose(side, plan id), swiped(share).
  constructor(holder, scene, data, events) {
    Object.assign(this, { holder, scene, data, events, words: data.words });
    this.panes = [];
    this.view = null;
    this.swipe = 0.5;
    this.sharpness = null;  // dots per px; null: the screen's
    new ResizeObserver(() => this.arrange()).observe(holder);
  }

  // Shows these plans side by side, keeping the view. `chosen(plan)` gives the community to outline.
  show(plans, chosen) {
    this.open(plans.map((plan) => [plan]), chosen);
  }

  // Shows two plans on one map, the first to the left of the divider.
  showOne(left, right, chosen) {
    this.open([[left, right]], chosen);
  }

  open(faces, chosen) {
    this.chosen = chosen;
    const held = this.holder.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
    for (const pane of this.panes) {
      pane.gone = true;
      pane.map.off().remove();
    }
    this.holder.replaceChildren();
    this.panes = faces.map((plans, at) => this.pane(plans, at));
    this.arrange();
    if (held) this.holder.querySelector(`[data-keep="${held}"]`)?.focus();
  }

  pane(plans, at) {
    const { words } = this;
    const box = make("section", { class: plans.length > 1 ? "pane swiped" : "pane", "aria-label": this.inWords(plans) });
    box.dataset.plan = plans[plans.length - 1].id;
    const ground = make("div", { class: "ground", role: "application", "aria-label": `${words.map_keys} ${plans.map((plan) => plan.title).join(" | ")}` });
    const canvas = make("canvas", { "aria-hidden": "true" });
    const heads = plans.map((plan, side) => this.head(plan, plans.length > 1 ? ["left", "right"][side] : null));
    box.append(ground, make("i", { class: "crosshair", "aria-hidden": "true" }), ...heads);
    this.holder.append(box);
    const map = L.map(ground, {
      crs: L.CRS.Simple, zoomSnap: 0, zoomDelta: 0.5, wheelPxPerZoomLevel: 110, zoomAnimation: false,
      attributionControl: false, zoomControl: false, minZoom: -7, maxZoom: 2, inertia: true, boxZoom: true,
    });
    ground.append(canvas);
    if (at === 0) L.control.zoom({ position: plans.length > 1 ? "bottomright" : "topright", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 110 }).addTo(map);
    const pane = { plans, plan: plans[plans.length - 1], box, heads, map, canvas, context: canvas.getContext("2d", { alpha: false }), waiting: false };
    if (plans.length > 1) this.divider(pane);
    map.on("move", () => {
      if (!this.follows) this.lead(pane);
      this.later(pane);
    });
    map.on("click", (event) => this.events.pick(this.planUnder(pane, event.containerPoint.x), event.latlng.lng, event.latlng.lat));
    ground.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== ground) return;
      const center = map.getCenter();
      this.events.pick(this.planUnder(pane, map.getSize().x / 2), center.lng, center.lat);
    });
    return pane;
  }

  // A map in words: whose it is, and what it comes to.
  inWords(plans) {
    return plans.map((plan) => `${plan.title} ${plan.headline}`).join(" | ");
  }

  // Title and facts over a map; on a divided map the left plan is chosen here.
  head(plan, side) {
    const title = side === "left"
      ? make("label", {}, select(this.words.left_plan, this.data.plans.map((one) => [one.id, one.title]), plan.id, (id) => this.events.choose("left", id)))
      : make("strong", { text: plan.title });
    if (side === "left") title.firstChild.dataset.keep = "left";
    const head = make("div", { class: `pane-head ${side || ""}` }, title, make("span", { class: "facts", text: plan.headline }));
    if (plan.flag) head.append(make("span", { class: `flag ${plan.flag.kind}`, text: plan.flag.text }));
    return head;
  }

  divider(pane) {
    const handle = make("div", { class: "divider", role: "slider", tabindex: "0", "aria-label": this.words.divider, "aria-orientation": "horizontal", "aria-valuemin": "0", "aria-valuemax": "100" });
    handle.dataset.keep = "divider";
    pane.divider = handle;
    pane.box.append(handle);
    const move = (share) => {
      this.swipe = Math.min(1, Math.max(0, share));
      this.placeDivider(pane);
      this.later(pane);
      this.events.swiped(this.swipe);
    };
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = pane.box.getBoundingClientRect();
      move((event.clientX - box.left) / box.width);
    });
    handle.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: this.swipe - 0.02, ArrowRight: this.swipe + 0.02, PageDown: this.swipe - 0.1, PageUp: this.swipe + 0.1, Home: 0, End: 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      move(to);
    });
    this.placeDivider(pane);
  }

  placeDivider(pane) {
    const percent = Math.round(this.swipe * 100);
    pane.divider.style.left = `${this.swipe * 100}%`;
    pane.divider.setAttribute("aria-valuenow", String(percent));
    pane.divider.setAttribute("aria-valuetext", fill(this.words.divider_value, { left: pane.plans[0].title, share: percent, right: pane.plans[1].title, rest: 100 - percent }));
  }

  planUnder(pane, x) {
    return pane.plans.length > 1 && x < this.swipe * pane.map.getSize().x ? pane.plans[0] : pane.plan;
  }

  // The map that people move leads; the others follow without asking back.
  lead(pane) {
    this.view = { center: pane.map.getCenter(), zoom: pane.map.getZoom() };
    this.follows = true;
    for (const other of this.panes) {
      if (other !== pane && other.map._loaded) other.map.setView(this.view.center, this.view.zoom, { animate: false });
    }
    this.follows = false;
    this.events.moved();
  }

  // Rows and columns that give the land the largest picture.
  arrange() {
    if (!this.panes.length) return;
    const { clientWidth: width, clientHeight: height } = this.holder;
    const [west, south, east, north] = this.scene.bounds;
    const first = this.scene.focus || this.scene.bounds;
    const n = this.panes.length;
    let best = [1, 0];
    for (let columns = 1; columns <= n; columns++) {
      const rows = Math.ceil(n / columns);
      const scale = Math.min(width / columns / (east - west), height / rows / (north - south));
      if (scale > best[1] * 1.02) best = [columns, scale];
    }
    this.holder.style.gridTemplateColumns = `repeat(${best[0]}, minmax(0, 1fr))`;
    this.holder.style.gridTemplateRows = `repeat(${Math.ceil(n / best[0])}, minmax(0, 1fr))`;
    const rest = n % best[0];
    this.panes[n - 1].box.style.gridColumn = rest ? `span ${best[0] - rest + 1}` : "";
    const before = this.view;
    this.follows = true;
    for (const pane of this.panes) {
      pane.map.invalidateSize({ animate: false, pan: false });
      if (before) pane.map.setView(before.center, before.zoom, { animate: false });
      else pane.map.fitBounds([[first[1], first[0]], [first[3], first[2]]], { animate: false, paddingTopLeft: [10, this.headroom()], paddingBottomRight: [10, 12] });
      this.later(pane);
    }
    if (!before) {
      const lead = this.panes[0].map;
      for (const pane of this.panes.slice(1)) pane.map.setView(lead.getCenter(), lead.getZoom(), { animate: false });
    }
    this.follows = false;
  }

  // What titles take of the maps' height, px; at most a quarter.
  headroom() {
    const reach = Math.max(...this.panes.flatMap(({ heads }) => heads.map((head) => head.offsetTop + head.offsetHeight)));
    return Math.min(reach + 6, this.panes[0].box.clientHeight / 4);
  }

  // The land in sight: west, south, east, north, m; of a view beside all land, the view.
  sight() {
    const view = this.panes[0].map.getBounds();
    const [west, south, east, north] = this.scene.focus || this.scene.bounds;
    const land = [Math.max(west, view.getWest()), Math.max(south, view.getSouth()), Math.min(east, view.getEast()), Math.min(north, view.getNorth())];
    return land[0] < land[2] && land[1] < land[3] ? land : [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
  }

  fit(west, south, east, north) {
    const first = this.panes[0];
    first.map.fitBounds([[south, west], [north, east]], { animate: false, paddingTopLeft: [20, 4 + this.headroom()], paddingBottomRight: [20, 20] });
    this.lead(first);
    this.redraw();
  }

  go({ x, y, zoom }) {
    const first = this.panes[0];
    first.map.setView([y, x], zoom, { animate: false });
    this.lead(first);
    this.redraw();
  }

  whole() {
    this.fit(...this.scene.bounds);
  }

  redraw() {
    for (const pane of this.panes) this.later(pane);
  }

  later(pane) {
    if (pane.waiting) return;
    pane.waiting = true;
    requestAnimationFrame(() => {
      pane.waiting = false;
      if (!pane.gone) this.draw(pane);
    });
  }

  draw(pane) {
    const dpr = this.sharpness || window.devicePixelRatio || 1;
    const size = pane.map.getSize();
    if (!pane.map._loaded || !size.x || !size.y) return;
    const { canvas } = pane;
    if (canvas.width !== Math.round(size.x * dpr) || canvas.height !== Math.round(size.y * dpr)) {
      canvas.width = Math.round(size.x * dpr);
      canvas.height = Math.round(size.y * dpr);
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
    }
    const center = pane.map.getCenter();
    const middle = pane.plans.length > 1 ? Math.round(this.swipe * size.x) : 0;
    const heads = pane.heads.map((head) => ({ x: head.offsetLeft + head.offsetWidth / 2, width: head.offsetWidth + 14, height: head.offsetTop + head.offsetHeight + 6 }));
    if (pane === this.panes[0] && pane.plans.length === 1) heads.push({ x: size.x - 27, width: 46, height: 78 });  // the buttons that zoom
    pane.plans.forEach((plan, side) => {
      const divided = pane.plans.length > 1;
      const [from, to] = divided ? [[0, middle], [middle, size.x]][side] : [0, size.x];
      if (to - from < 1) return;
      const view = { caption: this.words.households_short, width: size.x, height: size.y, dpr, scale: 2 ** pane.map.getZoom(), cx: center.lng, cy: center.lat, heads, from, to };
      paint(pane.context, view, this.scene, plan, this.chosen(plan));
    });
  }
}
