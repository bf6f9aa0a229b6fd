// The page in its other language: words are exchanged in place, so that whoever holds them speaks it at once.

// What reports/page_languages.py found to differ changes places with the page's own.
function exchange(own, other) {
  for (const key of Object.keys(other)) {
    if (own[key] === undefined || own[key] === null) continue;
    if (typeof other[key] === "object") exchange(own[key], other[key]);
    else [own[key], other[key]] = [other[key], own[key]];
  }
}

function changeLanguage(data) {
  exchange(data, data.other);
  data.language = data.language === "zh" ? "en" : "zh";
  speakFrame(data);
}

// What stands around the maps: elements name their word, their label and what they hold while empty.
function speakFrame(data) {
  const { words } = data;
  document.documentElement.lang = data.language === "zh" ? "zh-CN" : "en";
  document.title = data.heading;
  document.querySelector("h1").textContent = data.heading;
  document.querySelector(".titles p").textContent = data.subtitle;
  const other = data.language === "zh" ? "en" : "zh";
  const change = document.getElementById("language");
  change.textContent = change.dataset[other];  // whoever needs it reads it in their own language
  change.lang = other === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = words[element.dataset.word];
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", words[element.dataset.label]);
  for (const element of document.querySelectorAll("[data-empty]")) element.setAttribute("placeholder", words[element.dataset.empty]);
}
