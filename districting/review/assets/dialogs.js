// Questions to people: the browser's own modal dialogs, so that focus stays inside, Escape ends them, and whoever
// held the focus has it again afterwards.

// Resolves to what was answered; null if people thought better of it. `quote`: what the question is about.
function askText({ title, quote = "", label, value = "", most = 200, many = false, done, drop }) {
  const field = many
    ? make("textarea", { id: "dialog-field", rows: "4", maxlength: String(most), "aria-label": label })
    : make("input", { id: "dialog-field", type: "text", maxlength: String(most), autocomplete: "off", "aria-label": label });
  field.value = value;
  const content = [...(quote ? [make("blockquote", { text: quote })] : []), make("label", { for: "dialog-field", class: "unseen", text: label }), field];
  return openDialog({ title, content, done, drop, answer: () => field.value.trim() || null, first: field });
}

// Resolves to true or null.
function askSure({ title, text, done, drop }) {
  return openDialog({ title, content: [make("p", { text })], done, drop, answer: () => true });
}

function openDialog({ title, content, done, drop, answer, first = null }) {
  const held = document.activeElement;
  const held_id = held ? held.id : "";
  const heading = make("h2", { id: "dialog-title", text: title });
  const cancel = make("button", { type: "button", class: "quiet", id: "dialog-drop", text: drop });
  const form = make("form", { method: "dialog" }, heading, ...content, make("div", { class: "row end" }, cancel, make("button", { type: "submit", class: "go", id: "dialog-done", value: "done", text: done })));
  const dialog = make("dialog", { class: "live-dialog", "aria-labelledby": "dialog-title" }, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    let given = null;
    cancel.addEventListener("click", () => dialog.close());
    // No submission ever leaves the page: its content policy forbids that, and there is no need.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      given = answer();
      if (given === null && first) first.focus();
      else dialog.close();
    });
    dialog.addEventListener("keydown", (event) => event.stopPropagation());  // the page's keys rest meanwhile
    dialog.addEventListener("close", () => {
      dialog.remove();
      const again = held && held.isConnected ? held : document.getElementById(held_id);
      if (again) again.focus();
      resolve(given);
    });
    dialog.showModal();
    if (first) {
      first.focus();
      first.select();
    }
  });
}
