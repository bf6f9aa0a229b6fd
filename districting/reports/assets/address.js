// What is shown stands in the address, so that a link or a bookmark opens the same picture.

class Address {
  constructor(data, state, maps) {
    Object.assign(this, { data, state, maps });
    this.own = data.language;  // the language that the page opens in
    this.timer = null;
  }

  // Browsers slow pages that write their address too often.
  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), 250);
  }

  write() {
    const { state, maps } = this;
    const told = new URLSearchParams();
    if (state.layout === "one") {
      told.set("layout", "one");
      told.set("left", state.left);
      told.set("right", state.right);
      told.set("swipe", String(Math.round(maps.swipe * 100)));
    } else told.set("plans", state.shown.join(","));
    if (this.data.language !== this.own) told.set("lang", this.data.language);
    if (state.tab !== "compare") told.set("tab", state.tab);
    if (state.within) told.set("within", state.within);
    const only = Object.keys(state.only).filter((kind) => state.only[kind]);
    if (only.length) told.set("only", only.join(","));
    if (state.point) told.set("point", [...state.point.map(round1), state.pointPlan].join(","));
    if (maps.view) told.set("view", [round1(maps.view.center.lng), round1(maps.view.center.lat), Math.round(maps.view.zoom * 100) / 100].join(","));
    this.written = `#${told}`;
    try {
      window.history.replaceState(null, "", this.written);
    } catch {
      // A page inside another page may have no address of its own.
    }
  }

  // What the address asks for; only what it names, and only what exists.
  static read(hash, data) {
    const told = new URLSearchParams(hash.replace(/^#/, ""));
    const known = (id) => data.plans.some((plan) => plan.id === id);
    const asked = {};
    if (["zh", "en"].includes(told.get("lang"))) asked.language = told.get("lang");
    const plans = (told.get("plans") || "").split(",").filter(known);
    if (plans.length) asked.shown = data.plans.map((plan) => plan.id).filter((id) => plans.includes(id));
    if (told.get("layout") === "one") asked.layout = "one";
    if (known(told.get("left"))) asked.left = told.get("left");
    if (known(told.get("right"))) asked.right = told.get("right");
    const swipe = Number(told.get("swipe"));
    if (told.has("swipe") && swipe >= 0 && swipe <= 100) asked.swipe = swipe / 100;
    if (["compare", "community", "findings", "flow", "review"].includes(told.get("tab"))) asked.tab = told.get("tab");
    if (told.has("within") && data.plans.some((plan) => plan.communities.some((one) => one.subdistrict === told.get("within")))) asked.within = told.get("within");
    if (told.has("only")) asked.only = { changed: told.get("only").includes("changed"), findings: told.get("only").includes("findings") };
    const [x, y, plan] = (told.get("point") || "").split(",");
    if (plan !== undefined && Number.isFinite(Number(x)) && Number.isFinite(Number(y)) && known(plan)) asked.point = [Number(x), Number(y), plan];
    const view = (told.get("view") || "").split(",").map(Number);
    if (view.length === 3 && view.every(Number.isFinite)) asked.view = { x: view[0], y: view[1], zoom: view[2] };
    return asked;
  }
}
