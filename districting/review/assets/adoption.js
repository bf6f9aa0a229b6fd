// How far the plan at hand has come on its way to approval, and the command that takes its next step: an approval is
// an act of the office with number and day of a document, and no button of a page makes it.

const WAY = ["draft", "submitted", "approved"];

// A section for what is settled or in the records; what the run made can be adopted as well, so that it is folded away.
function adoptionOf(drawer) {
  const { live } = drawer;
  const standing = live.plan && live.state.adoption[live.plan.plan_id];
  if (!standing) return [];
  const content = [...wayOf(standing, live), ...nextStep(standing, live)];
  if (!content.length) return [];
  if (live.plan.status === "computed" && !standing.status) return [drawer.fold("adoption", live.say("adoption"), make("div", {}, ...content))];
  return [make("h2", { text: live.say("adoption") }), ...content];
}

// Recorded, submitted, approved: what is behind the plan has a tick. A plan that left the way says how.
function wayOf(standing, live) {
  const { status } = standing;
  if (!status && !standing.words.length) return [];
  const at = WAY.indexOf(status);
  const steps = WAY.map((step, i) => make("li", { class: status && i <= at ? "past" : "", ...(i === at ? { "aria-current": "step" } : {}), text: `${status && i <= at ? "✓ " : ""}${live.say(`adoption.${step}`)}` }));
  const way = !status || at >= 0 ? make("ol", { class: "way" }, ...steps) : make("p", {}, make("strong", { text: live.say(`status_of_plan.${status}`) }));
  const document = [standing.document, standing.date].filter(Boolean).join(live.language === "zh" ? "，" : ", ");
  const older = standing.revision !== null && standing.revision !== live.plan.revision;
  const facts = [older ? live.say("adoption.older", { revision: standing.revision }) : "", status ? document : ""].filter(Boolean);
  return [way, ...facts.map((text) => make("p", { class: "soft", text }))];
}

function nextStep(standing, live) {
  if (!live.may("planner")) return [];
  if (standing.apart) return [make("p", { class: "hint", text: live.say("adoption.apart") })];
  if (!standing.words.length) return [];
  if (live.plan.status === "computed" && !live.plan.adoptable) return [make("p", { class: "hint", text: live.say("adoption.must") })];
  const given = live.document;
  const command = make("code", { id: "live-command", tabindex: "0", "aria-label": live.say("adoption.command") });
  const copy = button("", () => copyCommand(live, command), { id: "live-copy" });
  const fill_in = () => {
    command.textContent = commandOf(standing, given);
    copy.disabled = standing.named && !given.number.trim();
    copy.textContent = live.say(live.copied && live.copied === command.textContent ? "adoption.copied" : "adoption.copy");
  };
  const field = (name, type) => make("label", { class: "row" }, make("span", { class: "soft", text: live.say(`adoption.${name}`) }), make("input", { id: `live-${name}`, type, value: given[name], ...(type === "text" ? { maxlength: "80" } : {}), oninput: (event) => {
    given[name] = event.target.value;
    fill_in();
  } }));
  fill_in();
  return [
    make("p", { class: "hint", text: live.say("adoption.hint", { ahead: live.say(`adoption.${standing.ahead}`) }) }),
    ...(standing.named ? [field("number", "text"), field("day", "date")] : []),
    command, make("div", { class: "row" }, copy),
  ];
}

// As a shell takes it, in one line.
function commandOf({ words, named, shell }, { number, day }) {
  const more = named ? ["--document", number.trim() || "…", ...(day ? ["--date", day] : [])] : [];
  return [...words, ...more].map((word) => quoted(word, shell)).join(" ");
}

function quoted(word, shell) {
  if (/^[\p{L}\p{N}_@%+=:,.\/-]+$/u.test(word) && !(shell === "windows" && word.includes("%"))) return word;
  if (shell === "windows") return /^[A-Za-z]:[\p{L}\p{N}_.\\-]+$/u.test(word) ? word : `"${word.replace(/["%]/g, "")}"`;
  return `'${word.replace(/'/g, "'\\''")}'`;
}

// Pages that come by http from another machine have no clipboard of their own: there the text is marked and copied.
async function copyCommand(live, command) {
  try {
    await navigator.clipboard.writeText(command.textContent);
  } catch {
    window.getSelection().selectAllChildren(command);
    if (!document.execCommand("copy")) return;
  }
  live.copied = command.textContent;
  live.drawer.draw();
}
