// Ask the service and read its events. Every failure is a Problem, which says what happened and whether to try again.

const SILENT_MS = 45_000; // the service sends a comment every 15 seconds

export class Problem extends Error {
  /** `kind`: busy, offline, lost, too_large, not_allowed, invalid, failed. */
  constructor(kind, { message = "", field = "", retryAfterS = 0 } = {}) {
    super(message || kind);
    Object.assign(this, { kind, detail: message, field, retryAfterS });
  }

  get retryable() {
    return ["busy", "offline", "lost"].includes(this.kind);
  }
}

const KINDS = { 401: "not_allowed", 403: "not_allowed", 408: "lost", 413: "too_large", 422: "invalid", 429: "busy", 503: "busy" };

/** Send JSON, or ask for some; return the response, or throw a Problem. */
export async function call(url, { body, headers, signal, keepalive = false, credentials = "omit" } = {}) {
  let response;
  try {
    response = await fetch(url, {
      method: body ? "POST" : "GET",
      headers: body ? { "Content-Type": "application/json", ...headers } : headers,
      body: body ? JSON.stringify(body) : undefined,
      signal,
      keepalive,
      credentials,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(navigator.onLine === false ? "offline" : "lost");
  }
  if (response.ok) return response;
  const { error = {} } = await response.json().catch(() => ({}));
  const retryAfterS = Number(response.headers.get("Retry-After")) || 0;
  const kind = response.status === 503 && error.retryable === false ? "failed" : (KINDS[response.status] ?? "failed");
  throw new Problem(kind, { message: error.message, field: error.field, retryAfterS });
}

/** Yield {event, data} of a request until `done`; an `error` event, silence and a broken line are Problems. */
export async function* events(url, body, { headers, signal, credentials = "omit" }) {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  let timer = 0;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENT_MS);
  };
  try {
    alive();
    const response = await call(url, { body, headers, signal: either, credentials });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Problem("lost");
      alive();
      const frames = (rest + value).split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        const found = parse(frame);
        if (!found) continue;
        if (found.event === "error") throw new Problem(found.data.retryable ? "busy" : found.data.type === "invalid_request" ? "invalid" : "failed", found.data);
        yield found;
        if (found.event === "done") return;
      }
    }
  } catch (error) {
    if (error instanceof Problem || signal.aborted) throw error;
    throw new Problem(navigator.onLine === false ? "offline" : "lost");
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

function parse(frame) {
  let event = "";
  const data = [];
  for (const line of frame.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
  }
  return event && data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
}
