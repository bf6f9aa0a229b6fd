// On paper: the maps as large as the sheet and sharp, then every table, whatever the panel shows just then.

function readyToPrint(data, state, maps, actions) {
  const paper = document.getElementById("paper");
  window.addEventListener("beforeprint", () => {
    document.body.classList.add("printing");
    maps.sharpness = 2.5;
    maps.arrange();
    for (const pane of maps.panes) maps.draw(pane);
    paper.replaceChildren(...paperOf(data, state, actions));
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    paper.replaceChildren();
    maps.sharpness = null;
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
  for (const section of made) {
    section.querySelectorAll("details").forEach((one) => {
      one.fillIn?.();
      one.setAttribute("open", "");
    });
    section.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
  }
  return made;
}
