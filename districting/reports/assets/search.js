// Finding a community: a field with a list of suggestions that mouse and arrow keys reach (ARIA combobox).

const MOST_SUGGESTED = 8;

// Communities of all plans by id, each once: as the first plan that still has it after today calls it, else as today.
function everyCommunity(data) {
  const all = new Map();
  for (const plan of [...data.plans.slice(1), ...data.plans.slice(0, 1)]) {
    plan.communities.forEach((one, at) => {
      if (one.listed && !all.has(one.id)) all.set(one.id, { plan, at, one });
    });
  }
  return [...all.values()];
}

function matches({ one }, wanted) {
  return !wanted || [one.name, one.id, one.subdistrict].some((text) => text.toLowerCase().includes(wanted));
}

class Search {
  // `onType(text)` narrows the table, `onPick(id)` goes to the community.
  constructor(field, list, data, onType, onPick) {
    this.field = field;
    this.list = list;
    this.all = everyCommunity(data).sort((a, b) => a.one.name.localeCompare(b.one.name, "zh"));
    this.onPick = onPick;
    this.found = [];
    this.active = -1;
    field.addEventListener("input", () => {
      onType(field.value);
      this.suggest();
    });
    field.addEventListener("focus", () => this.suggest());
    field.addEventListener("blur", () => this.close());
    field.addEventListener("keydown", (event) => this.key(event));
  }

  suggest() {
    const wanted = this.field.value.trim().toLowerCase();
    this.found = wanted ? this.all.filter((entry) => matches(entry, wanted)).slice(0, MOST_SUGGESTED) : [];
    this.active = -1;
    this.list.replaceChildren(...this.found.map(({ one }, i) =>
      make("li", { role: "option", id: `suggestion-${i}`, "aria-selected": "false", onmousedown: (event) => {
        event.preventDefault();
        this.pick(i);
      } }, make("span", { text: one.name }), make("small", { text: one.subdistrict }))));
    this.list.hidden = !this.found.length;
    this.field.setAttribute("aria-expanded", String(this.found.length > 0));
    this.field.removeAttribute("aria-activedescendant");
  }

  close() {
    this.found = [];
    this.active = -1;
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  move(step) {
    this.active = (this.active + step + this.found.length) % this.found.length;
    [...this.list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === this.active)));
    this.list.children[this.active].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", `suggestion-${this.active}`);
  }

  pick(i) {
    const { one } = this.found[i];
    this.close();
    this.onPick(one.id);
  }

  key(event) {
    if (event.key === "Escape" && this.found.length) {
      this.close();
      event.stopPropagation();
    } else if (event.key === "Enter" && this.found.length) this.pick(Math.max(this.active, 0));
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!this.found.length) this.suggest();
      if (this.found.length) this.move(event.key === "ArrowDown" ? 1 : this.active < 0 ? 0 : -1);
    }
  }
}
