// What people write on the page: kept in this browser under the page's key, and carried away as a small file.

const STORE_FORMAT = "districting-comments";

class Store {
  constructor(data, onchange) {
    Object.assign(this, { data, onchange });
    this.name = `districting:${data.key}`;
    this.kept = { author: "", comments: [], votes: [], proposals: [] };
    this.carried = true;  // everything stands in an exported file
    this.denied = false;
    try {
      const text = window.localStorage.getItem(this.name);
      if (text) Object.assign(this.kept, JSON.parse(text));
      window.localStorage.setItem(`${this.name}:probe`, "1");
      window.localStorage.removeItem(`${this.name}:probe`);
    } catch {
      this.denied = true;
    }
    window.addEventListener("beforeunload", (event) => {
      if (this.denied && !this.carried) event.preventDefault();
    });
  }

  get count() {
    return this.kept.comments.length + this.kept.votes.length + this.kept.proposals.length;
  }

  save() {
    this.carried = false;
    try {
      window.localStorage.setItem(this.name, JSON.stringify(this.kept));
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

  remove(kind, id) {
    this.kept[kind] = this.kept[kind].filter((one) => one.id !== id);
    this.save();
  }

  // Whether a community of a plan is approved (+1), rejected (−1) or neither (0).
  voteOn(plan, community) {
    const own = this.kept.votes.find((one) => one.plan === plan && one.community === community);
    return own ? (own.vote === "approve" ? 1 : -1) : 0;
  }

  vote(plan, community, name, vote) {
    this.kept.votes = this.kept.votes.filter((one) => one.plan !== plan || one.community !== community);
    if (vote) this.kept.votes.push({ id: newId(), time: new Date().toISOString(), plan, community, name, vote });
    this.save();
  }

  clear() {
    Object.assign(this.kept, { comments: [], votes: [], proposals: [] });
    this.save();
  }

  // The file: places in the case's own coordinates, so that it can be read without the page.
  file() {
    const { author, comments, votes, proposals } = this.kept;
    const [x0, y0] = this.data.origin;
    const placed = comments.map((one) => ({ ...one, x: round1(one.x + x0), y: round1(one.y + y0) }));
    return { format: STORE_FORMAT, version: 1, page: this.data.key, crs: this.data.crs, title: document.title, author, comments: placed, votes, proposals };
  }

  download() {
    const text = `${JSON.stringify(this.file(), null, 1)}\n`;
    const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const who = this.kept.author.replace(/[^\p{L}\p{N}]+/gu, "-");
    make("a", { href: address, download: `comments-${who || "page"}-${this.data.key.slice(0, 6)}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    this.carried = true;
  }

  // Takes in a file of this page; entries that are here already stay single. Returns false for another file.
  take(text) {
    let file;
    try {
      file = JSON.parse(text);
    } catch {
      return false;
    }
    if (!file || file.format !== STORE_FORMAT || file.page !== this.data.key) return false;
    const [x0, y0] = this.data.origin;
    for (const kind of ["comments", "votes", "proposals"]) {
      const known = new Set(this.kept[kind].map((one) => one.id));
      const fresh = (file[kind] || []).filter((one) => !known.has(one.id));
      this.kept[kind].push(...(kind === "comments" ? fresh.map((one) => ({ ...one, x: one.x - x0, y: one.y - y0 })) : fresh));
    }
    if (!this.kept.author) this.kept.author = String(file.author || "");
    this.save();
    return true;
  }
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function round1(value) {
  return Math.round(value * 10) / 10;
}
