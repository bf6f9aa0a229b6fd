// The tab of flows: which households go from which community of today to which of a plan, as a picture and a table.

function flowView(data, state, actions) {
  const { words } = data;
  const plans = data.plans.slice(1).filter((plan) => plan.flows);
  const shown = [make("h2", { text: words.tab_flow })];
  if (!plans.length) return [...shown, make("p", { class: "hint", text: words.no_flows })];
  const plan = plans.find((one) => one.id === state.flowPlan) || plans[0];
  shown.push(make("div", { class: "row" }, select(words.plan, plans.map((one) => [one.id, one.title]), plan.id, (id) => actions.flowsOf(id))));
  const sums = flowsBySubdistrict(plan, data.plans[0]);
  const listed = sums.filter(({ listed: one }) => one);
  if (listed.length > 1) shown.push(subdistrictTable(listed, plan, data, state, actions));
  const within = state.within || [...listed].sort((a, b) => b.moved - a.moved)[0]?.name;
  if (!within) return shown;
  const flows = flowsWithin(plan, data.plans[0], within);
  const moving = flows.filter(({ moves }) => moves);
  shown.push(make("h3", { text: fill(words.flow_title, { name: within, title: plan.title }) }));
  if (!moving.length) return [...shown, make("p", { class: "hint", text: words.flow_none })];
  const touched = new Set(moving.flatMap(({ from, to }) => [`a${from}`, `b${to}`]));
  const drawn = flows.filter(({ from, to }) => touched.has(`a${from}`) || touched.has(`b${to}`));
  shown.push(make("p", { class: "hint", text: words.flow_hint }), flowPicture(drawn, plan, data, actions, `${within} ${plan.title}`));
  const today = data.plans[0];
  const name = (communities, at) => (at < 0 ? words.no_community : communities[at].name);
  const rows = moving.map((flow) => ({
    cells: [name(today.communities, flow.from), name(plan.communities, flow.to), figure(flow.households)],
    keys: [name(today.communities, flow.from), name(plan.communities, flow.to), flow.households],
    onclick: flow.to < 0 ? null : () => actions.pickCommunity(plan.communities[flow.to].id, plan),
  }));
  shown.push(make("h3", { text: words.flow_table }), table([words.flow_from, words.flow_to, words.households], rows, words.flow_table, "flows"));
  return shown;
}

// A flow moves if its community's id changes.
function flowMoves(plan, today, from, to) {
  return from >= 0 && (to < 0 || today.communities[from].id !== plan.communities[to].id);
}

function flowsBySubdistrict(plan, today) {
  const sums = new Map();
  const entry = (community) => {
    const name = community.subdistrict || "—";
    if (!sums.has(name)) sums.set(name, { name, listed: community.listed, before: 0, after: 0, moved: 0, total: 0 });
    return sums.get(name);
  };
  today.communities.forEach((one) => (entry(one).before += 1));
  plan.communities.forEach((one) => (entry(one).after += 1));
  for (const [from, flows] of plan.flowsFrom) {
    if (from < 0) continue;
    const sum = entry(today.communities[from]);
    for (const { to, households } of flows) {
      sum.total += households;
      if (flowMoves(plan, today, from, to)) sum.moved += households;
    }
  }
  return [...sums.values()].sort((a, b) => a.name.localeCompare(b.name, "zh"));
}

function subdistrictTable(sums, plan, data, state, actions) {
  const { words } = data;
  const rows = sums.map(({ name, before, after, moved, total }) => ({
    cells: [name, `${before}→${after}`, figure(moved), make("span", {}, shareBar(moved / Math.max(total, 1)), figure(moved / Math.max(total, 1), { digits: 1, share: true }))],
    keys: [name, after - before, moved, moved / Math.max(total, 1)],
    mark: name === state.within ? "on" : "",
    onclick: () => actions.within(name),
  }));
  return table([words.subdistrict, words.communities, words.moved, words.moved_share], rows, words.tab_flow, "subdistricts");
}

function shareBar(share) {
  return draw("svg", { class: "bar", width: 40, height: 8, "aria-hidden": "true" },
    draw("rect", { width: 40, height: 8, fill: "#e7e9ec" }), draw("rect", { width: 40 * share, height: 8, fill: CHANGE }));
}

// Flows whose community of today or of the plan lies in a sub-district, in the order of the picture.
function flowsWithin(plan, today, within) {
  const inside = (community) => community && community.subdistrict === within;
  const flows = [];
  for (const [from, some] of plan.flowsFrom) {
    for (const { to, households } of some) {
      if (!inside(today.communities[from]) && !inside(plan.communities[to])) continue;
      flows.push({ from, to, households, moves: flowMoves(plan, today, from, to) });
    }
  }
  return flows.sort((a, b) => a.from - b.from || b.households - a.households);
}

// Sankey: today on the left, the plan on the right, heights by households; what stays is grey, what moves is in colour.
function flowPicture(flows, plan, data, actions, label) {
  const { words } = data;
  const [wide, column, bar, gap] = [380, 104, 9, 7];
  const sides = ["from", "to"].map((end) => {
    const sums = new Map();
    for (const flow of flows) sums.set(flow[end], (sums.get(flow[end]) || 0) + flow.households);
    return sums;
  });
  // The right side follows the left: by the mean place of what each community takes in.
  const order = [[...sides[0].keys()], [...sides[1].keys()]];
  const rank = new Map(order[0].map((at, i) => [at, i]));
  const pull = (to) => {
    const own = flows.filter((flow) => flow.to === to);
    return own.reduce((sum, flow) => sum + rank.get(flow.from) * flow.households, 0) / Math.max(1, own.reduce((sum, flow) => sum + flow.households, 0));
  };
  const pulls = new Map(order[1].map((to) => [to, pull(to)]));
  order[1].sort((a, b) => pulls.get(a) - pulls.get(b));
  const total = flows.reduce((sum, flow) => sum + flow.households, 0);
  const rows = Math.max(order[0].length, order[1].length);
  const scale = (Math.max(rows * 30, 160)) / Math.max(total, 1);
  const spots = order.map((list, side) => {
    const held = new Map();
    let y = 4;
    for (const at of list) {
      const height = Math.max(sides[side].get(at) * scale, 3);
      held.set(at, { y, height, used: 0 });
      y += Math.max(height, 26) + gap;
    }
    return { held, bottom: y };
  });
  const high = Math.max(spots[0].bottom, spots[1].bottom);
  const bands = draw("g");
  const byTarget = [...flows].sort((a, b) => order[0].indexOf(a.from) - order[0].indexOf(b.from) || order[1].indexOf(a.to) - order[1].indexOf(b.to));
  for (const flow of byTarget) {
    const [left, right] = [spots[0].held.get(flow.from), spots[1].held.get(flow.to)];
    const height = Math.max(flow.households * scale, 0.8);
    const [y0, y1] = [left.y + left.used, right.y + right.used];
    left.used += height;
    right.used += height;
    const [x0, x1] = [column + bar, wide - column - bar];
    const bend = (x0 + x1) / 2;
    bands.append(draw("path", {
      d: `M${x0} ${y0}C${bend} ${y0} ${bend} ${y1} ${x1} ${y1}V${y1 + height}C${bend} ${y1 + height} ${bend} ${y0 + height} ${x0} ${y0 + height}Z`,
      fill: flow.moves ? CHANGE : "#c5ccd4", "fill-opacity": flow.moves ? 0.55 : 0.6,
    }));
  }
  const node = (side) => (at) => {
    const owner = side ? plan : data.plans[0];
    const community = owner.communities[at];
    const { y, height } = spots[side].held.get(at);
    const name = community ? community.short : words.no_community;
    const x = side ? wide - column - bar : column;
    const text = side ? wide - column + 6 : column - 6;
    const anchor = side ? "start" : "end";
    const caption = `${community ? community.name : name} ${fill(words.households_short, { n: figure(sides[side].get(at)) })}`;
    const group = draw("g", community ? { class: "node", role: "button", tabindex: "0", "aria-label": caption,
      onclick: () => actions.pickCommunity(community.id, owner),
      onkeydown: (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        actions.pickCommunity(community.id, owner);
      } } : {},
      draw("rect", { x: side ? x : 0, y: y - 2, width: column + bar, height: 28, fill: "transparent" }),
      draw("rect", { x, y, width: bar, height, fill: INK }),
      draw("text", { x: text, y: y + 9, "text-anchor": anchor, text: name.length > 9 ? `${name.slice(0, 8)}…` : name }),
      draw("text", { x: text, y: y + 22, "text-anchor": anchor, class: "soft", text: figure(sides[side].get(at)) }));
    if (community && side && community.action && community.action !== "keep") group.append(draw("title", { text: `${caption} · ${words[`action_${community.action}`]}` }));
    return group;
  };
  return draw("svg", { class: "sankey", viewBox: `0 0 ${wide} ${high}`, role: "group", "aria-label": label }, bands,
    draw("g", {}, ...order[0].map(node(0))), draw("g", {}, ...order[1].map(node(1))));
}
