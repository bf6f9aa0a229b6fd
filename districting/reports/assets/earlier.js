// What was written on another version of this page: the case was solved again, or a file comes from before. It is never
// silently gone: what still fits is offered, what does not is named with the reason, and all can be carried away.

class Earlier {
  constructor(data, scene, store) {
    Object.assign(this, { data, scene, store });
    this.records = this.kept().map((record) => this.weighed(record)).filter((record) => record);
    store.strange = (file) => this.read(file);
  }

  // Records of other pages in this browser, as they were kept.
  kept() {
    let names = [];
    try {
      names = Object.keys(window.localStorage).filter((name) => /^districting:[0-9a-f]+$/.test(name) && name !== this.store.name);
    } catch {
      // This browser keeps nothing.
    }
    return names.sort().flatMap((name) => {
      try {
        return [{ ...JSON.parse(window.localStorage.getItem(name)), name, page: name.slice("districting:".length) }];
      } catch {
        return [];  // none of this program's
      }
    });
  }

  // A file of another page: true if it is about this ground.
  read(file) {
    const record = this.weighed({ ...file, origin: [0, 0], taken: [] });
    if (record) this.records = [...this.records.filter((one) => one.name || one.page !== record.page || one.author !== record.author), record];
    return Boolean(record);
  }

  // A record with its entries, each with why it does not fit; null if it is about other ground or holds nothing new.
  weighed(record) {
    if (record.crs !== this.data.crs || !Array.isArray(record.origin) || !record.origin.every(Number.isFinite)) return null;
    const moved = record.origin.map((value, at) => value - this.data.origin[at]);
    const past = new Set([...(Array.isArray(record.taken) ? record.taken : []), ...this.store.ids()]);
    const author = isText(record.author) ? record.author : "";
    const entries = Object.keys(ENTRIES).flatMap((kind) => entriesOf(record, kind).filter((one) => !past.has(one.id)).map((one) => {
      const here = kind === "comments" ? { ...one, x: one.x + moved[0], y: one.y + moved[1] } : one;
      return { kind, one: here, why: this.misfit(kind, here) };
    })).filter(({ kind, one }) => kind !== "votes" || one.author || !this.store.voteOn(one.plan, one.community));
    return entries.some(({ kind, one }) => this.known(kind, one)) ? { ...record, author, entries } : null;
  }

  // Whether an entry is about anything that there is here, fit or not.
  known(kind, one) {
    if (kind === "comments") return this.scene.atoms.at(one.x, one.y) >= 0;
    if (kind === "votes") return this.data.plans.some((plan) => plan.index.has(one.community));
    return this.named(one).some((there) => there);
  }

  // Of each thing that a proposal names, whether it is here.
  named(one) {
    const { data } = this;
    if (!this.ids) this.ids = { communities: data.plans[0].index, atoms: new Set(data.atom_ids), compounds: new Set(data.compounds.ids) };
    return Object.entries(this.ids).flatMap(([key, ids]) => (one[key] || []).map((id) => ids.has(id)));
  }

  // The word that says why an entry does not fit this page; empty where it does.
  misfit(kind, one) {
    if (kind === "proposals") return this.named(one).every((there) => there) && this.named(one).length ? "" : "earlier_named";
    const plan = this.data.plans.find((other) => other.id === one.plan);
    if (!plan) return "earlier_plan";
    if (kind === "comments") return this.known(kind, one) ? "" : "earlier_place";
    if (!plan.index.has(one.community)) return "earlier_community";
    return one.land === this.store.landOf(one.plan, one.community) ? "" : "earlier_land";
  }

  // Takes over what fits; what does not stays offered until people have read it.
  take(record) {
    const { store } = this;
    const fitting = record.entries.filter(({ why }) => !why);
    if (!store.kept.author && !store.count) store.kept.author = record.author;
    for (const { kind, one } of fitting) {
      const { author = record.author, ...rest } = one;
      store.kept[kind].push(author === store.kept.author ? rest : { ...rest, author });
    }
    this.leave(record, fitting);
    store.save();
    return fitting.length;
  }

  drop(record) {
    this.leave(record, record.entries);
    this.store.onchange();
  }

  // These entries are not offered again.
  leave(record, entries) {
    record.entries = record.entries.filter((one) => !entries.includes(one));
    if (!record.entries.length) this.records = this.records.filter((one) => one !== record);
    if (!record.name) return;
    try {
      const kept = JSON.parse(window.localStorage.getItem(record.name));
      kept.taken = [...new Set([...(kept.taken || []), ...entries.map(({ one }) => one.id)])];
      window.localStorage.setItem(record.name, JSON.stringify(kept));
    } catch {
      this.store.denied = true;
    }
  }

  // As the page that they were written on would have exported them.
  download(record) {
    const of = (kind) => record.entries.filter((entry) => entry.kind === kind).map(({ one }) => one);
    this.store.download({ ...this.store.file({ author: record.author, comments: of("comments"), votes: of("votes"), proposals: of("proposals") }), page: record.page, title: record.title || "" });
  }
}

// The offer, over whatever tab is open.
function earlierOffer(data, state, actions) {
  const { words } = data;
  const { earlier } = actions;
  return earlier.records.map((record, at) => {
    const fitting = record.entries.filter(({ why }) => !why).length;
    const misfits = record.entries.filter(({ why }) => why);
    const text = (one) => one.text || one.name || one.community || one.kind;
    const press = (id, word, onclick) => make("button", { type: "button", id: `earlier-${id}-${at}`, text: words[word], onclick });
    const when = isText(record.saved) ? new Date(record.saved).toLocaleString(data.language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" }) : "";
    return make("section", { class: "earlier", "aria-label": words.earlier },
      make("strong", { text: words.earlier }), make("p", { class: "hint", text: [record.author, when].filter(Boolean).join(" · ") }),
      fitting ? make("p", { text: fill(words.earlier_fits, { n: fitting }) }) : null,
      ...(misfits.length ? [make("p", { text: fill(words.earlier_misfits, { n: misfits.length }) }),
        make("ul", {}, ...misfits.map(({ one, kind, why }) => make("li", {}, make("span", { dir: "auto", text: `${kind === "votes" ? `${words[one.vote]} ` : ""}${text(one)}` }), make("span", { class: "soft", text: ` — ${words[why]}` }))))] : []),
      make("div", { class: "buttons" },
        ...(fitting ? [press("take", "earlier_take", () => {
          state.told = fill(words.earlier_taken, { n: earlier.take(record) });
          actions.showReview();
        })] : []),
        press("export", "earlier_export", () => earlier.download(record)), press("drop", "earlier_drop", () => earlier.drop(record))));
  });
}
