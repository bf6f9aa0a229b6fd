// The live page: joins server, drawer, painter and the compare page's own maps and panel.

class Live extends Editing {
  // `allWords`: by language.
  constructor(page, server, allWords, state) {
    super();
    Object.assign(this, { page, server, allWords, state });
    this.connected = true;
    this.ended = false;  // the session
    this.message = null;
    this.options = [];
    this.where = "";
    this.against = "";
    this.ground = null;
    this.plans = new Map();  // plan id → as the server last told it
    this.wanted = window.sessionStorage.getItem("review:plan") || "";
    this.painter = new Painter(page, { chosen: () => this.look(), pushed: (target) => this.push(target) });
    this.done = null;  // what the last move of this browser did
    this.document = { number: "", day: "" };  // on which an approval rests, for the command that makes it
    this.speak();
    this.painter.compound = (atom) => this.compound(atom);
    this.drawer = new Drawer(this);
    bridge(this);
  }

  // Takes up the language that the page speaks; the server answers in it, too.
  speak() {
    const { language } = this.page.data;
    if (this.language === language) return false;
    this.language = this.server.language = language || this.state.language;
    this.words = this.allWords[this.language];
    this.server.lost = this.words["word.lost"];
    this.server.unsaved = this.words["word.unsaved"];
    return true;
  }

  say(key, values = {}) {
    const sentence = this.words[`word.${key}`] ?? this.words[key] ?? key;
    return fill(sentence, values);
  }

  // In the language of the page and in its other one.
  sayTwice(key, values = {}) {
    const other = this.allWords[this.language === "zh" ? "en" : "zh"];
    return [this.say(key, values), fill(other[`word.${key}`], values)];
  }

  may(role) {
    const rank = ["reader", "reviewer", "planner"];
    return rank.indexOf(this.state.me.role) >= rank.indexOf(role);
  }

  get plan() {
    const { plans } = this.state;
    return plans.find((one) => one.plan_id === this.wanted) || plans[0] || null;
  }

  get pagePlan() {
    return this.plan ? this.page.data.plans.find((one) => one.id === this.plan.plan_id) || null : null;
  }

  // The community that people have chosen on the page, in the plan at hand.
  get community() {
    const { pagePlan } = this;
    const at = pagePlan ? this.page.state.chosen.get(pagePlan.id) ?? -1 : -1;
    if (at < 0 || !pagePlan.communities[at]) return null;
    const { id, name } = pagePlan.communities[at];
    return { id, name, fresh: !this.page.data.plans[0].index.has(id) };
  }

  // A plan of the run is called in the language of the page; a draft as people called it.
  titleOf(one) {
    const plan = one.status === "computed" ? this.page.data.plans.find((other) => other.id === one.plan_id) : null;
    return plan ? plan.title : one.title;
  }

  nameOf(id) {
    for (const plan of [this.pagePlan, ...this.page.data.plans]) {
      if (plan && plan.index.has(id)) return plan.communities[plan.index.get(id)].name;
    }
    const told = this.plan && this.plans.get(this.plan.plan_id);
    const one = told && told.communities.find((other) => other.community_id === id);
    return one ? one.name : id || this.say("new");
  }

  // Somebody's name: the planner at this machine is called so in the language of the page.
  who(name) {
    return Object.values(this.allWords).some((words) => words.resident === name) ? this.words.resident : name;
  }

  join(names) {
    return names.map((name) => this.who(name)).join(this.words.name_stop);
  }

  action(entry) {
    const { detail } = entry;
    const text = this.words[`action.${entry.action}`] || entry.action;
    const about = detail.moves ? this.say("atoms", { count: detail.moves.length }) : detail.status ? this.say(`status.${detail.status}`) : detail.title || detail.name || detail.text || "";
    return about ? `${text} · ${about}` : text;
  }

  keeps(id) {
    return !(this.spent && this.spent.delete(id));
  }

  // `key`: what the colour on the map means.
  tell(text, kind = "info", lines = [], key = "") {
    this.message = text ? { text, kind, lines, key } : null;
    this.drawer.draw();
    if (text) this.drawer.element.scrollTop = 0;
  }

  // Does something; a refusal is told, and after a stale move the difference is shown.
  async attempt(work) {
    try {
      const done = await work();
      return done === undefined || done === null ? true : done;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.told.key === "stale") await this.showDifference(error.told);
      else this.tell(error.message, "bad");
      if (!error.status) Object.assign(this.message, { lost: true, edit: error.told.edit });
      return null;
    }
  }

  async choose(id) {
    this.wanted = id;
    window.sessionStorage.setItem("review:plan", id);
    this.take(null);
    this.against = "";
    this.done = null;
    this.painter.marks.clear();
    this.show();
    await this.refresh();
  }

  // Brings the plan at hand onto a map.
  show() {
    if (!this.pagePlan) return;
    const chip = [...document.querySelectorAll("#plans button")].find((one) => one.dataset.plan === this.pagePlan.id);
    if (chip && chip.getAttribute("aria-pressed") !== "true") chip.click();
  }

  // An edit needs its map as large as possible: the draft alone, unless people have chosen other maps while editing.
  take(tool) {
    if (tool) {
      if (!this.pagePlan) return;
      const side = document.querySelector('#layouts button[data-layout="side"]');
      if (side && side.getAttribute("aria-pressed") === "false") side.click();
      this.show();
      if (!this.painter.tool) {
        for (const chip of document.querySelectorAll('#plans button[aria-pressed="true"]')) if (chip.dataset.plan !== this.pagePlan.id) chip.click();
      }
    }
    this.painter.begin(tool ? this.pagePlan : null, tool);
    this.options = [];
    this.drawer.draw();
  }

  async branch() {
    const { plan } = this;
    const value = plan.status === "computed" ? this.say("branch_of", { title: this.titleOf(plan) }) : plan.title;
    const title = await askText({ ...this.choices("branch"), label: this.say("branch_title"), value });
    if (!title) return;
    const made = await this.attempt(() => this.server.tell("POST", "plans", { plan: plan.plan_id, title, revision: plan.revision }));
    if (!made) return;
    this.wanted = made.plan;
    window.sessionStorage.setItem("review:plan", made.plan);
    await this.refresh();
  }

  // Title and buttons of a dialog.
  choices(key) {
    return { title: this.say(key), done: this.say("dialog.done"), drop: this.say("dialog.drop") };
  }

  async retitle() {
    const title = await askText({ ...this.choices("retitle"), label: this.say("retitle_label"), value: this.plan.title });
    if (title && title !== this.plan.title) this.change({ title });
  }

  async change(body) {
    await this.attempt(() => this.server.tell("PATCH", planPath(this.plan.plan_id), body));
    await this.refresh();
  }

  async compare(id) {
    this.against = id;
    this.painter.marks.clear();
    if (id) {
      const found = await this.attempt(() => this.server.ask(`difference?a=${encodeURIComponent(this.plan.plan_id)}&b=${encodeURIComponent(id)}`));
      if (!found) return;
      const index = new Map(this.ground.atoms.map((atom, at) => [atom, at]));
      if (!this.painter.plan) this.painter.plan = this.pagePlan;
      this.painter.marks = new Set(found.atoms.map((one) => index.get(one.atom)));
      this.fitMarks();
      const other = this.state.plans.find((one) => one.plan_id === id);
      this.tell(this.say("differ", { title: other.title, atoms: found.atoms.length, households: figure(found.households), communities: found.communities.length }), "info", [], found.atoms.length ? this.say("marks_differ") : "");
    }
    this.painter.redraw();
    this.drawer.draw();
  }

  // Brings the atoms that are marked into sight.
  fitMarks() {
    const { atoms } = this.page.maps.scene;
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    const reach = (x, y) => {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    };
    for (const atom of this.painter.marks) atoms.traceAtom({ moveTo: reach, lineTo: reach, closePath() {} }, atom);
    const margin = 0.08 * Math.max(box[2] - box[0], box[3] - box[1]);
    if (Number.isFinite(margin)) this.page.maps.fit(box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin);
  }

  // Follows what people choose, show and speak on the page, in the same breath: a button of the drawer never acts on
  // a community that was left a moment ago.
  watch() {
    let chosen = null;
    let panes = "";
    const follow = () => {
      const { state, maps } = this.page;
      this.painter.attach();
      if (this.speak()) this.spokenAnew();
      const now = maps.panes.map((one) => one.plan.id).join(" ");
      if (now !== panes) this.painter.redraw();
      panes = now;
      if (state.chosen !== chosen) {
        chosen = state.chosen;
        this.drawer.draw();
      }
    };
    document.addEventListener("pagechange", follow);
    follow();
    window.addEventListener("focus", () => this.later([]));  // back from the shell, where a plan may have been adopted
    document.addEventListener("keydown", (event) => {
      if (event.target.closest("input, textarea, select, dialog")) return;
      const command = event.ctrlKey || event.metaKey;
      if (command && event.key.toLowerCase() === "z" && this.may("planner") && this.plan && this.plan.status === "draft") {
        event.preventDefault();
        const kind = event.shiftKey ? "redo" : "undo";
        if (this.plan[kind] !== null) this.turn(kind);
      }
      if (event.key === "Escape" && (this.painter.atoms.size || this.painter.target)) this.drop();
    });
  }
}

// Whether the address named maps before the page wrote its own into it.
const ASKED = new URLSearchParams(window.location.hash.slice(1)).has("plans") || window.location.hash.includes("layout=");

// Maps narrower than this tell nothing beside each other, px.
const ROOM_FOR_MANY = 560;

// Whoever comes to work at a draft sees today, what it was made from, and the draft, as large as can be; where there
// is little room, today and the plan at hand.
function showFirst(live) {
  const { page, plan, pagePlan } = live;
  const narrow = page.maps.holder.clientWidth < ROOM_FOR_MANY;
  if (ASKED || !pagePlan || (plan.status === "computed" && !narrow)) return live.show();
  const wanted = new Set([page.data.plans[0].id, narrow ? null : plan.parent_id, pagePlan.id]);
  live.show();
  for (const chip of document.querySelectorAll("#plans button")) if ((chip.getAttribute("aria-pressed") === "true") !== wanted.has(chip.dataset.plan)) chip.click();
}

async function startLive() {
  while (!window.comparePage) await new Promise((done) => window.setTimeout(done, 20));
  const page = window.comparePage;
  const server = new Server();
  const [words, state] = await Promise.all([server.ask("words"), server.ask("state")]);
  server.csrf = state.me.csrf;
  const live = new Live(page, server, words, state);
  server.listen((kind, message) => live.heard(kind, message));
  live.watch();
  live.later(state.plans.filter((one) => one.status !== "computed").map((one) => one.plan_id));
  const drafts = state.plans.filter((one) => one.status !== "computed");
  if (!state.plans.some((one) => one.plan_id === live.wanted)) live.wanted = (drafts[drafts.length - 1] || state.plans[0] || { plan_id: "" }).plan_id;
  showFirst(live);
  live.drawer.draw();
  window.review = live;
  document.body.dataset.live = "true";
}

startLive();
