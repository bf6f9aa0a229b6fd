// The line to the server: asking, telling, hearing.

class Refusal extends Error {
  constructor(status, told) {
    super((told.error || []).join(" "));
    Object.assign(this, { status, told });
  }
}

// How long until a line that was closed is opened again, ms.
const AGAIN_AFTER = 1500;

class Server {
  constructor() {
    this.csrf = "";
    this.language = "";  // of what it answers; empty for the case's own
  }

  async ask(path, { method = "GET", body = null, text = false } = {}) {
    const headers = { "x-review": this.csrf };
    if (this.language) headers["accept-language"] = this.language;
    if (body !== null) headers["content-type"] = "application/json";
    let answer;
    try {
      answer = await fetch(`/api/${path}`, { method, headers, body: body === null ? null : JSON.stringify(body), credentials: "same-origin" });
    } catch {
      const edit = method !== "GET" && !path.endsWith("/look");
      throw new Refusal(0, { error: [(edit ? this.unsaved : this.lost) || "…"], edit });
    }
    if (answer.status === 204) return null;
    if (answer.ok) return text ? answer.text() : answer.json();
    throw new Refusal(answer.status, await answer.json().catch(() => ({ error: [answer.statusText] })));
  }

  tell(method, path, body = {}) {
    return this.ask(path, { method, body });
  }

  // `heard(kind, message)`. A line that breaks is opened again by the browser; one that the server closed is asked
  // about: either the session has ended ("ended"), or the server is coming back. Then everything is asked anew.
  listen(heard) {
    const line = new EventSource("/api/events");
    for (const kind of ["move", "judged", "drawn", "search", "present", "ready", "fault", "again"]) {
      line.addEventListener(kind, (event) => heard(kind, JSON.parse(event.data)));
    }
    line.addEventListener("open", () => heard("open", {}));
    line.addEventListener("error", async () => {
      heard("lost", {});
      if (line.readyState !== EventSource.CLOSED) return;
      const status = await this.ask("state").then(() => 200, (error) => error.status);
      if (status === 403) heard("ended", {});
      else window.setTimeout(() => this.listen(heard), AGAIN_AFTER);
    });
  }
}

const planPath = (id) => `plans/${encodeURIComponent(id)}`;
