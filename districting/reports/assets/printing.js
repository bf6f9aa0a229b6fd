// On paper: the maps as large as the sheet and sharp, then what was chosen and every table, whatever the panel shows.

function readyToPrint(data, state, maps, actions) {
  const paper = document.getElementById("paper");
  let seen = null;
  window.addEventListener("beforeprint", () => {
    const sight = maps.sight();
    seen = maps.view;
    document.body.classList.add("printing");
    maps.sharpness = 2;  // Chromium draws a canvas of more dots per px smaller than its box, and the scale with it
    maps.arrange();
    maps.fit(...sight);
    for (const pane of maps.panes) maps.draw(pane);
    paper.replaceChildren(...paperOf(data, state, actions));
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    paper.replaceChildren();
    maps.sharpness = null;
    maps.view = seen;
    maps.arrange();
  });
}

function paperOf(data, state, actions) {
  const { words } = data;
  const pages = [comparisonView(data, state, actions), ...data.plans.map((plan) => findingsView(data, { ...state, findingsPlan: plan.id }, actions))];
  pages.push([make("h2", { text: words.all_communities }), communityTable(data, { ...state, search: "" }, actions)]);
  if (actions.store.count) pages.push(reviewView(data, state, actions));
  const made = pages.map((parts) => make("section", {}, ...parts));
  data.plans.forEach((plan, i) => made[i + 1].querySelector("h2").append(` · ${plan.title}`));
  if (actions.store.count) made[made.length - 1].className = "whole";
  if (state.point) made.unshift(make("section", {}, ...placeFacts(data, state, actions)));
  for (const section of made) {
    section.querySelectorAll("details").forEach((one) => {
      one.fillIn?.();
      one.setAttribute("open", "");
    });
    // A head that is told again on the next column has no buttons there.
    section.querySelectorAll("thead button").forEach((one) => one.replaceWith(one.textContent));
    section.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
    section.querySelectorAll(".row:has(> select:only-child)").forEach((one) => one.remove());
    section.querySelectorAll("details").forEach((one) => {
      one.querySelector("summary").replaceWith(make("h4", {}, ...one.querySelector("summary").childNodes));
      one.replaceWith(...one.childNodes);
    });
    holdHeads(section);
  }
  return made;
}

// No heading stands alone at the foot of a column: a run of them and the first entry below are one box. Chromium
// heeds "avoid a break after" only where the column is not the last of its page.
function holdHeads(section) {
  let run = [];
  for (const child of [...section.children]) {
    if (child.matches("h2, h3, h4, .rule") || (run.length && child.matches("p"))) {
      run.push(child);
      continue;
    }
    const list = child.matches("ul, ol, dl") && child.firstElementChild;
    if (run.length && (list || run.length > 1)) {
      const box = make("div", { class: "held" });
      run[0].before(box);
      box.append(...run);
      if (list) {
        const first = child.cloneNode(false);
        first.append(...[...child.children].slice(0, child.matches("dl") ? 2 : 1));
        box.append(first);
      }
    }
    run = [];
  }
}
