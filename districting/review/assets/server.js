// The line to the server: asking, telling, hearing.

class Refusal extends Error {
  constructor(status, told) {
    super((told.error || []).join(" "));
    Object.assign(this, { status, told });
  }
}

class Server {
  constructor() {
    this.csrf = "";
  }

  async ask(path, { method = "GET", body = null, text = false } = {}) {
    const headers = { "x-review": this.csrf };
    if (body !== null) headers["content-type"] = "application/json";
    let answer;
    try {
      answer = await fetch(`/api/${path}`, { method, headers, body: body === null ? null : JSON.stringify(body), credentials: "same-origin" });
    } catch {
      throw new Refusal(0, { error: [this.lost || "…"] });
    }
    if (answer.status === 204) return null;
    if (answer.ok) return text ? answer.text() : answer.json();
    throw new Refusal(answer.status, await answer.json().catch(() => ({ error: [answer.statusText] })));
  }

  tell(method, path, body = {}) {
    return this.ask(path, { method, body });
  }

  // `heard(kind, message)`; a line that breaks is opened again by the browser, and then everything is asked anew.
  listen(heard) {
    const line = new EventSource("/api/events");
    for (const kind of ["move", "judged", "drawn", "search", "present", "ready", "fault", "again"]) {
      line.addEventListener(kind, (event) => heard(kind, JSON.parse(event.data)));
    }
    line.addEventListener("open", () => heard("open", {}));
    line.addEventListener("error", () => heard("lost", {}));
  }
}

const planPath = (id) => `plans/${encodeURIComponent(id)}`;
