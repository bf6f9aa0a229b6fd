// The maps side by side: one Leaflet map per shown plan, all in step, each with a canvas of our own.

class Panes {
  constructor(holder, scene, words, onPick) {
    this.holder = holder;
    this.scene = scene;
    this.words = words;
    this.onPick = onPick;
    this.panes = [];
    this.view = null;
    this.alone = -1;
    new ResizeObserver(() => this.arrange()).observe(holder);
  }

  // Shows these plans, keeping the view. `chosen(plan)` gives the community to outline.
  show(plans, chosen) {
    this.chosen = chosen;
    for (const pane of this.panes) pane.map.remove();
    this.holder.replaceChildren();
    this.panes = plans.map((plan, at) => this.open(plan, at));
    this.arrange();
  }

  open(plan, at) {
    const box = document.createElement("section");
    box.className = "pane";
    box.dataset.plan = plan.id;
    box.setAttribute("aria-label", `${plan.title} ${plan.headline}`);
    const ground = document.createElement("div");
    ground.className = "ground";
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    const head = document.createElement("div");
    head.className = "pane-head";
    const title = document.createElement("strong");
    title.textContent = plan.title;
    const facts = document.createElement("span");
    facts.textContent = plan.headline;
    head.append(title, facts);
    if (plan.flag) {
      const flag = document.createElement("span");
      flag.className = `flag ${plan.flag.kind}`;
      flag.textContent = plan.flag.text;
      head.append(flag);
    }
    box.append(ground, head);
    this.holder.append(box);
    const map = L.map(ground, {
      crs: L.CRS.Simple, zoomSnap: 0, zoomDelta: 0.5, wheelPxPerZoomLevel: 110, zoomAnimation: false,
      attributionControl: false, zoomControl: false, minZoom: -7, maxZoom: 2, inertia: true, boxZoom: true,
    });
    ground.append(canvas);
    if (at === 0) L.control.zoom({ position: "topright", zoomInTitle: this.words.zoom_in, zoomOutTitle: this.words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 110 }).addTo(map);
    const pane = { plan, box, head, map, canvas, context: canvas.getContext("2d"), waiting: false };
    map.on("move", () => {
      if (!this.follows) this.lead(pane);
      this.later(pane);
    });
    map.on("click", (event) => this.onPick(plan, event.latlng.lng, event.latlng.lat));
    return pane;
  }

  // The map that people move leads; the others follow without asking back.
  lead(pane) {
    this.view = { center: pane.map.getCenter(), zoom: pane.map.getZoom() };
    this.follows = true;
    for (const other of this.panes) {
      if (other !== pane && other.map._loaded) other.map.setView(this.view.center, this.view.zoom, { animate: false });
    }
    this.follows = false;
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
      else pane.map.fitBounds([[first[1], first[0]], [first[3], first[2]]], { animate: false, paddingTopLeft: [10, 42], paddingBottomRight: [10, 12] });
      this.later(pane);
    }
    if (!before) {
      const lead = this.panes[0].map;
      for (const pane of this.panes.slice(1)) pane.map.setView(lead.getCenter(), lead.getZoom(), { animate: false });
    }
    this.follows = false;
  }

  fit(west, south, east, north) {
    const first = this.panes[0];
    first.map.fitBounds([[south, west], [north, east]], { animate: false, paddingTopLeft: [20, 46], paddingBottomRight: [20, 20] });
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
      this.draw(pane);
    });
  }

  draw(pane) {
    const size = pane.map.getSize();
    if (!pane.map._loaded || !size.x || !size.y) return;
    const dpr = window.devicePixelRatio || 1;
    const { canvas } = pane;
    if (canvas.width !== Math.round(size.x * dpr) || canvas.height !== Math.round(size.y * dpr)) {
      canvas.width = Math.round(size.x * dpr);
      canvas.height = Math.round(size.y * dpr);
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
    }
    const center = pane.map.getCenter();
    const view = { width: size.x, height: size.y, dpr, scale: 2 ** pane.map.getZoom(), cx: center.lng, cy: center.lat, head: pane.head.offsetWidth + 14 };
    paint(pane.context, view, this.scene, pane.plan, this.chosen(pane.plan));
  }
}
