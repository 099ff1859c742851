/**
 * Client of a Tastemaker service. `npm run generate` writes `schemas.d.ts` from the OpenAPI page of a running service; with it,
 * TypeScript checks every request and answer. Plain JavaScript runs without it.
 *
 * @typedef {import("./schemas.d.ts").components["schemas"]} Schemas
 * @typedef {{ event: string, data: any }} StreamEvent
 */

/** An answer that is an error: its status, its type and, where the input was wrong, the field. */
export class TastemakerError extends Error {
  /** @param {number} status @param {{ type?: string, message?: string, field?: string, retryable?: boolean }} about */
  constructor(status, about) {
    super(about.field ? `${about.field}: ${about.message}` : (about.message ?? `the service answered ${status}`));
    this.name = "TastemakerError";
    this.status = status;
    this.type = about.type ?? "http";
    this.field = about.field;
    this.retryable = about.retryable ?? false;
  }
}

export class Tastemaker {
  /** @param {string} [server] @param {{ key?: string, timeoutMs?: number }} [options] */
  constructor(server = "http://127.0.0.1:8010", { key, timeoutMs = 130_000 } = {}) {
    this.server = server.replace(/\/+$/, "");
    /** @type {Record<string, string>} */
    this.headers = { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
    this.timeoutMs = timeoutMs;
  }

  /** Answer one request. @param {Partial<Schemas["RecommendRequest"]>} request @returns {Promise<Schemas["RecommendResponse"]>} */
  recommend(request) {
    return this.#send("POST", "/recommend", request);
  }

  /** Find items. @param {Partial<Schemas["SearchRequest"]>} request @returns {Promise<Schemas["SearchResponse"]>} */
  search(request) {
    return this.#send("POST", "/search", request);
  }

  /** Examine media. @param {Partial<Schemas["CheckRequest"]>} request @returns {Promise<Schemas["TrustReport"]>} */
  check(request) {
    return this.#send("POST", "/check", request);
  }

  /** Say which step drops an item. @param {string} itemId @param {Partial<Schemas["RecommendRequest"]>} [request] @returns {Promise<Schemas["WhyNot"]>} */
  whyNot(itemId, request = {}) {
    return this.#send("POST", "/why-not", { item_id: itemId, request });
  }

  /** Store what users did. @param {Partial<Schemas["SentEvent"]>[]} events @returns {Promise<Schemas["EventsStored"]>} */
  events(events) {
    return this.#send("POST", "/events", { events });
  }

  /** Describe the fields that conditions can be about. @returns {Promise<Schemas["CatalogueSchema"]>} */
  catalogue() {
    return this.#send("GET", "/catalogue");
  }

  /**
   * Answer one request as it happens, the items before any word; leaving the loop ends the work.
   * @param {Partial<Schemas["RecommendRequest"]>} request
   * @returns {AsyncGenerator<StreamEvent, void, void>}
   */
  async *stream(request) {
    const ended = new AbortController();
    const init = { method: "POST", headers: this.headers, body: JSON.stringify(request), signal: ended.signal };
    const response = await fetch(`${this.server}/recommend/stream`, init);
    if (!response.ok || !response.body) throw await failure(response);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    try {
      for (;;) {
        const { value, done } = await reader.read();
        rest += value ?? "";
        const blocks = rest.split(/\r?\n\r?\n/);
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          const event = parsed(block);
          if (event?.event === "error") throw new TastemakerError(200, event.data);
          if (event) yield event;
        }
        if (done) return;
      }
    } finally {
      ended.abort();
    }
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  async #send(method, path, body) {
    const init = { method, headers: this.headers, body: body === undefined ? undefined : JSON.stringify(body) };
    const response = await fetch(this.server + path, { ...init, signal: AbortSignal.timeout(this.timeoutMs) });
    if (!response.ok) throw await failure(response);
    return response.json();
  }
}

/** @param {Response} response @returns {Promise<TastemakerError>} */
async function failure(response) {
  const body = await response.json().catch(() => ({}));
  return new TastemakerError(response.status, body.error ?? {});
}

/** Read one block of a stream; comments are none. @param {string} block @returns {StreamEvent | undefined} */
function parsed(block) {
  const lines = block.split(/\r?\n/);
  const name = lines.find((line) => line.startsWith("event:"))?.slice(6).trim();
  const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
  return name && data.length ? { event: name, data: JSON.parse(data.join("\n")) } : undefined;
}
