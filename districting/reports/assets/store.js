// What people write on the page: kept in this browser under the page's key, and carried away as a small file.

const STORE_FORMAT = "districting-comments";

// What an entry must hold to be one; other files and other programs may have written it.
const ENTRIES = {
  comments: (one) => isText(one.plan) && isText(one.text) && Number.isFinite(one.x) && Number.isFinite(one.y),
  votes: (one) => isText(one.plan) && isText(one.community) && ["approve", "reject"].includes(one.vote),
  proposals: (one) => isText(one.kind) && ["communities", "atoms", "compounds", "buildings"].some((key) => Array.isArray(one[key]) && one[key].every(isText)),
};

function isText(value) {
  return typeof value === "string" && value !== "";
}

// The sound entries of a list, each with an id.
function entriesOf(file, kind) {
  const listed = file && Array.isArray(file[kind]) ? file[kind] : [];
  return listed.filter((one) => one && typeof one === "object" && ENTRIES[kind](one)).map((one) => ({ ...one, id: isText(one.id) ? one.id : newId() }));
}

class Store {
  constructor(data, onchange) {
    Object.assign(this, { data, onchange });
    this.name = `districting:${data.key}`;
    this.kept = { author: "", comments: [], votes: [], proposals: [], taken: [] };
    this.strange = () => false;  // takes a file of another page; false: it is about other ground
    this.carried = true;  // everything stands in an exported file
    this.denied = false;
    try {
      this.kept = this.read(window.localStorage.getItem(this.name));
      window.localStorage.setItem(`${this.name}:probe`, "1");
      window.localStorage.removeItem(`${this.name}:probe`);
    } catch {
      this.denied = true;
    }
    this.stored = this.ids();
    window.addEventListener("storage", (event) => event.key === this.name && this.follow(event.newValue));
    window.addEventListener("beforeunload", (event) => {
      if (this.denied && !this.carried) event.preventDefault();
    });
  }

  // What the browser kept; what is no longer sound is left out.
  read(text) {
    let file = null;
    try {
      file = JSON.parse(text);
    } catch {
      // Nothing of it can be read.
    }
    const lists = Object.keys(ENTRIES).map((kind) => [kind, entriesOf(file, kind)]);
    const taken = file && Array.isArray(file.taken) ? file.taken.filter(isText) : [];
    return { author: file && isText(file.author) ? file.author : "", ...Object.fromEntries(lists), taken };
  }

  // What the browser keeps: with it, where and when it was written, for the page that comes after this one; `taken`
  // names the entries that another page has taken over (earlier.js).
  record(kept = this.kept) {
    return { ...kept, crs: this.data.crs, origin: this.data.origin, title: document.title, saved: new Date().toISOString() };
  }

  ids() {
    return new Set(Object.keys(ENTRIES).flatMap((kind) => this.kept[kind].map((one) => one.id)));
  }

  // The page is open twice: what was written or removed in the other window is so here.
  follow(text) {
    const there = this.read(text);
    for (const kind of Object.keys(ENTRIES)) {
      const [here, away] = [this.kept[kind], new Set(there[kind].map((one) => one.id))];
      const known = new Set(here.map((one) => one.id));
      this.kept[kind] = [...here.filter((one) => away.has(one.id) || !this.stored.has(one.id)), ...there[kind].filter((one) => !known.has(one.id))];
    }
    this.kept.author = there.author || this.kept.author;
    this.kept.taken = there.taken;
    this.stored = this.ids();
    this.onchange();
  }

  get count() {
    return this.kept.comments.length + this.kept.votes.length + this.kept.proposals.length;
  }

  save() {
    this.carried = false;
    this.stored = this.ids();
    try {
      window.localStorage.setItem(this.name, JSON.stringify(this.record()));
    } catch {
      this.denied = true;
    }
    this.onchange();
  }

  // Names survive whatever else happens; nobody is asked to register.
  sign(author) {
    this.kept.author = author.trim();
    this.save();
  }

  add(kind, entry) {
    this.kept[kind].push({ id: newId(), time: new Date().toISOString(), ...entry });
    this.save();
  }

  // Whether people may take an entry away: whatever this browser keeps.
  removable() {
    return true;
  }

  remove(kind, id) {
    this.kept[kind] = this.kept[kind].filter((one) => one.id !== id);
    this.save();
  }

  // Whether one's own vote approves a community of a plan (+1), rejects it (−1) or neither (0).
  voteOn(plan, community) {
    const own = this.kept.votes.find((one) => one.plan === plan && one.community === community && !one.author);
    return own ? (own.vote === "approve" ? 1 : -1) : 0;
  }

  vote(plan, community, name, vote) {
    this.kept.votes = this.kept.votes.filter((one) => one.plan !== plan || one.community !== community || one.author);
    if (vote) this.kept.votes.push({ id: newId(), time: new Date().toISOString(), plan, community, name, vote, land: this.landOf(plan, community) });
    this.save();
  }

  // What a vote was about, by which a later page knows it again: households and reach of the community, m.
  landOf(plan, community) {
    const { plans, origin } = this.data;
    const { communities, index } = plans.find((one) => one.id === plan);
    const { figures, box } = communities[index.get(community)];
    return [figures.households, ...box.map((value, at) => value + origin[at % 2])].join(" ");
  }

  clear() {
    Object.assign(this.kept, { comments: [], votes: [], proposals: [] });
    this.save();
  }

  // The file: places in the case's own coordinates, so that it can be read without the page.
  file({ author, comments, votes, proposals } = this.kept) {
    const [x0, y0] = this.data.origin;
    const placed = comments.map((one) => ({ ...one, x: round1(one.x + x0), y: round1(one.y + y0) }));
    return { format: STORE_FORMAT, version: 1, page: this.data.key, crs: this.data.crs, title: document.title, author, comments: placed, votes, proposals };
  }

  download(file = this.file()) {
    const text = `${JSON.stringify(file, null, 1)}\n`;
    const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const who = file.author.replace(/[^\p{L}\p{N}]+/gu, "-");
    make("a", { href: address, download: `comments-${who || "page"}-${file.page.slice(0, 6)}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    this.carried ||= file.page === this.data.key;
  }

  // Takes in a file of this page; entries that are here already stay single. Of another version of it, what fits is
  // offered. Returns the word that says how it went.
  take(text) {
    let file;
    try {
      file = JSON.parse(text);
    } catch {
      return "import_refused";
    }
    if (!file || file.format !== STORE_FORMAT || !isText(file.page)) return "import_refused";
    if (file.page !== this.data.key) return this.strange(file) ? "import_earlier" : "import_refused";
    const [x0, y0] = this.data.origin;
    // Whoever opens a page first takes up an own file again; what others wrote stays theirs.
    const writer = isText(file.author) ? file.author : "";
    if (!this.kept.author && !this.count) this.kept.author = writer;
    const signed = (one) => ({ ...one, author: isText(one.author) ? one.author : writer });
    const known = this.ids();
    for (const kind of Object.keys(ENTRIES)) {
      for (const one of entriesOf(file, kind).map(signed)) {
        if (known.has(one.id)) continue;
        if (one.author === this.kept.author) delete one.author;
        this.kept[kind].push(kind === "comments" ? { ...one, x: one.x - x0, y: one.y - y0 } : one);
      }
    }
    this.save();
    return "import_done";
  }
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function round1(value) {
  return Math.round(value * 10) / 10;
}
