// Finding a place: a field with a list of suggestions that mouse and arrow keys reach (ARIA combobox).

const MOST_SUGGESTED = 10;

class Search {
  // `onType(text)` narrows the table, `onPick(place)` goes there.
  constructor(field, list, data, onType, onPick) {
    Object.assign(this, { field, list, data, onPick });
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
    const wanted = this.field.value.trim();
    if (wanted && this.spoken !== this.data.language) {
      this.all = everyPlace(this.data);
      this.spoken = this.data.language;
    }
    this.found = wanted ? findPlaces(this.data, this.all, wanted, MOST_SUGGESTED) : [];
    this.active = -1;
    this.list.replaceChildren(...this.found.map(({ text, more }, i) =>
      make("li", { role: "option", id: `suggestion-${i}`, "aria-selected": "false", onmousedown: (event) => {
        event.preventDefault();
        this.pick(i);
      } }, make("span", { text }), make("small", { text: more }))));
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
    const place = this.found[i];
    this.close();
    this.onPick(place);
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
