// <taste-maker>: a conversation with the recommender. Attributes: endpoint, user, thread, lang (en, zh), theme (auto, light, dark), key,
// tenant, n. Property: tokenProvider, a function that returns a token or a promise of one. Events: taste-maker-answer, taste-maker-select.

import { AnswerView } from "./answer.js";
import { Composer, called } from "./composer.js";
import { el, icon, iconButton, randomId, webAddress } from "./parts.js";
import { languageOf, STRINGS } from "./strings.js";
import { Problem, call, events } from "./stream.js";
import { sheet } from "./style.js";

const HERE = new URL("../../", import.meta.url);
const RETRIES = 3;
const KEPT_TURNS = 12;

class TasteMaker extends HTMLElement {
  static observedAttributes = ["lang", "user", "thread", "endpoint", "key", "tenant"];

  /** A function that returns the token of this visitor, for pages that must not hold a key. */
  tokenProvider = null;

  #turns = [];
  #thread = null;
  #running = null;
  #composer = new Composer(this);
  #start = null;
  #number = 0;
  #due = false;
  #pictures = new Map();

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    this.#restore();
    this.#build();
    this.#loadSoon();
  }

  disconnectedCallback() {
    this.#running?.abort();
    this.#composer.stopRecording();
    for (const address of this.#pictures.values()) URL.revokeObjectURL(address);
    this.#pictures.clear();
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.isConnected || !this.#dom) return;
    if (name !== "lang") {
      this.#running?.abort();
      this.#restore();
    }
    this.#build();
    this.#loadSoon();
  }

  #dom = null;

  // -- what the views ask for

  get t() {
    return STRINGS[this.language];
  }

  get language() {
    return languageOf(this.getAttribute("lang"));
  }

  get #base() {
    return new URL(this.getAttribute("endpoint") || HERE, document.baseURI);
  }

  /** What a request may carry, once the service told it. */
  get limits() {
    return this.#start?.limits;
  }

  get running() {
    return this.#running !== null;
  }

  stop() {
    this.#running?.abort();
  }

  nextNumber() {
    return (this.#number += 1);
  }

  announce(text) {
    this.#dom.status.textContent = "";
    this.#dom.status.textContent = text;
  }

  price(item) {
    const { field, unit } = this.#start?.price ?? {};
    const value = item.attributes[field];
    return typeof value === "number" ? this.#amount(value, unit) : "";
  }

  /** Return up to three short attributes that are no price, such as a size and a frame. */
  facts(item) {
    const plain = Object.entries(item.attributes).filter(([name, value]) => name !== this.#start?.price?.field && typeof value === "string" && value.length <= 24);
    return plain.slice(0, 3).map(([, value]) => value).join(" · ");
  }

  /** Return what a product's choices are, such as "small, medium", by what tells them apart. */
  choices({ variants = [], attributes }) {
    const price = this.#start?.price?.field;
    const own = variants.map((one) => Object.entries(one.attributes).filter(([name, value]) => name !== price && attributes[name] !== value).map(([, value]) => plainly(value)).join(" "));
    return [...new Set(own)].filter(Boolean).slice(0, 8).join(", ");
  }

  fieldName(name) {
    const plain = this.t.fields[name] ?? name.replaceAll("_", " ");
    return plain.charAt(0).toUpperCase() + plain.slice(1);
  }

  /** Return a condition in words; of alternatives, all of them. */
  condition({ either = [], ...first }) {
    return [first, ...either].map((one) => this.#predicate(one)).join(this.t.or);
  }

  #predicate({ field, op, value }) {
    const price = field === this.#start?.price?.field;
    const one = (v) => (typeof v === "number" ? (price ? this.#amount(v, this.#start.price.unit, "stripIfInteger") : v.toLocaleString(this.language)) : typeof v === "boolean" ? (v ? this.t.yes : this.t.no) : String(v));
    const shown = Array.isArray(value) ? value.map(one).join(this.t.or) : one(value);
    return [`${this.fieldName(field)}:`, this.t.ops[op], shown].filter(Boolean).join(" ");
  }

  /** Return a picture of an item, or its first letter where there is none. */
  picture(item, width) {
    const letter = el("span", { text: [...item.title][0] ?? "", "aria-hidden": "true" });
    if (!item.image) return letter;
    const image = el("img", { alt: "", loading: "lazy", decoding: "async", on: { error: () => image.replaceWith(letter) } });
    const elsewhere = webAddress(item.image);
    if (elsewhere?.startsWith("https:") && this.#start?.picture_hosts.includes(new URL(elsewhere).host)) {
      image.referrerPolicy = "no-referrer";
      image.src = elsewhere;
      return image;
    }
    const address = (size) => new URL(`pictures/${item.item_id.split("/").map(encodeURIComponent).join("/")}?${new URLSearchParams({ width: size, ...this.#shop })}`, this.#base).href;
    if (!this.#locked) {
      image.srcset = `${address(width)} 1x, ${address(width * 2)} 2x`;
      image.src = address(width);
      return image;
    }
    this.#fetched(address(width)).then((found) => (image.src = found), () => image.replaceWith(letter));
    return image;
  }

  async ask({ text = "", shown = text, media = [], quiet = false, ...fields }) {
    if (this.#running || !(text || media.length || fields.corrections || fields.answer)) return;
    const turn = { text: shown, quiet, media: media.map(({ kind, name, thumb }) => ({ kind, name, thumb })) };
    const body = { ...fields, ...(text && { text }), ...this.#shop, n: Number(this.getAttribute("n")) || 8 };
    for (const [kind, name] of [["image", "images"], ["audio", "audio"], ["video", "video"]]) {
      const sent = media.filter((one) => one.kind === kind).map((one) => ({ data: one.data }));
      if (sent.length) body[name] = sent;
    }
    this.#turns.at(-1)?.view?.retire();
    this.#turns.push(turn);
    await this.#send(turn, body);
  }

  correct(correction, shown) {
    return this.ask({ corrections: [correction], shown, quiet: true });
  }

  answer(question, choice) {
    return this.ask({ answer: { question_id: question.question_id, choice_id: choice.choice_id }, shown: choice.text, quiet: true });
  }

  /** Store what somebody thinks of an item; a stranger gets an id for it, kept in this browser. */
  async feedback(item, kind, response, keepalive = false) {
    const event = { user_id: this.#visitor(), item_id: item.item_id, kind, context: response ? { request_id: response.request_id } : {} };
    try {
      await call(new URL("feedback", this.#base), { body: { events: [event], ...this.#shop }, headers: await this.#headers(), keepalive });
    } catch {
      this.announce(this.t.errors.feedback);
      return false;
    }
    if (kind in this.t.thanks) this.announce(this.t.thanks[kind]);
    return true;
  }

  /** Tell the page which item was chosen, which may keep it to itself; the service learns of it if it knows the user. */
  select(item, response, event) {
    const chosen = new CustomEvent("taste-maker-select", { detail: { item, request_id: response?.request_id }, bubbles: true, composed: true, cancelable: true });
    if (!this.dispatchEvent(chosen)) event.preventDefault();
    if (this.#user) this.feedback(item, "click", response, true);
  }

  compare(pair, closed) {
    const { t } = this;
    const names = [...new Set(pair.flatMap((item) => Object.keys(item.attributes)))];
    const shown = (item, name) => {
      const value = item.attributes[name];
      if (value === undefined || value === null) return "–";
      if (name === this.#start?.price?.field) return this.price(item);
      return Array.isArray(value) ? value.join(", ") : typeof value === "boolean" ? (value ? t.yes : t.no) : String(value);
    };
    const row = (name, cells) => el("tr", { class: cells[0] === cells[1] ? "" : "differs" }, el("th", { scope: "row", text: name }), cells.map((text) => el("td", { text })));
    const dialog = el(
      "dialog",
      { "aria-label": t.compareTitle, on: { close: () => (dialog.remove(), closed()) } },
      el("header", {}, el("h2", { text: t.compareTitle }), iconButton("close", t.closeDialog, () => dialog.close())),
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, el("td"), pair.map((item) => el("th", { scope: "col" }, el("div", { class: "picture" }, this.picture(item, 320)), el("span", { text: item.title }))))),
        el("tbody", {}, names.map((name) => row(this.fieldName(name), pair.map((item) => shown(item, name)))), pair.some((item) => item.reason) ? el("tr", {}, el("th", { scope: "row", text: t.fields.reason }), pair.map((item) => el("td", { text: item.reason?.text ?? "" }))) : null),
      ),
    );
    this.shadowRoot.append(dialog);
    dialog.showModal();
  }

  /** Begin anew. */
  clear() {
    this.#running?.abort();
    this.#turns = [];
    this.#thread = null;
    this.#keep();
    this.#build();
    this.#showStart();
    this.#composer.focus();
  }

  // -- asking

  async #send(turn, body) {
    const view = (turn.view = new AnswerView(this));
    const running = (this.#running = new AbortController());
    this.#showTurn(turn);
    this.#setBusy(true);
    for (let attempt = 0; ; attempt += 1) {
      view.begin(turn.media);
      try {
        const who = { ...(this.#user && { user_id: this.#user }), ...(this.#thread && { thread_id: this.#thread }) };
        for await (const event of events(new URL("recommend/stream", this.#base), { ...body, ...who }, { headers: await this.#headers(), signal: running.signal })) {
          if (event.event !== "done") view.handle(event);
          else this.#done(turn, event.data);
        }
        break;
      } catch (error) {
        if (running.signal.aborted) {
          view.fail(this.t.errors.stopped, () => this.#repeat(turn, body));
          break;
        }
        const problem = error instanceof Problem ? error : new Problem("failed");
        if (!(error instanceof Problem)) console.warn("taste-maker:", error);
        if (!problem.retryable || attempt >= RETRIES) {
          view.fail(this.#inWords(problem), () => this.#repeat(turn, body));
          break;
        }
        if (!(await this.#wait(problem, attempt, view, running.signal))) {
          view.fail(this.t.errors.stopped, () => this.#repeat(turn, body));
          break;
        }
      }
    }
    if (this.#running === running) {
      this.#running = null;
      this.#setBusy(false);
      this.#keep();
    }
  }

  #done(turn, response) {
    turn.response = response;
    this.#thread = response.thread_id;
    turn.view.finish(response, true);
    this.announce(`${response.message || this.t.found(response.items.length)} ${response.asked?.text ?? ""}`);
    if (!this.#start) this.#load();
    this.dispatchEvent(new CustomEvent("taste-maker-answer", { detail: response, bubbles: true, composed: true }));
  }

  #repeat(turn, body) {
    if (this.#running) return;
    turn.node?.remove();
    turn.node = null;
    this.#send(turn, body);
  }

  /** Wait as long as the service asks, or until the connection is back; return false if stopped meanwhile. */
  async #wait(problem, attempt, view, signal) {
    const stopped = new Promise((resolve) => signal.addEventListener("abort", () => resolve(false), { once: true }));
    if (problem.kind === "offline") {
      view.say(this.#inWords(problem));
      return Promise.race([stopped, new Promise((resolve) => addEventListener("online", () => resolve(true), { once: true }))]);
    }
    for (let left = problem.retryAfterS || 2 ** attempt; left > 0; left -= 1) {
      view.say(`${this.#inWords(problem)} ${this.t.retryIn(left)}`);
      if (!(await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 1000, true))]))) return false;
    }
    return true;
  }

  #inWords(problem) {
    const { errors } = this.t;
    return problem.kind === "invalid" ? errors.invalid(problem.field, problem.detail) : errors[problem.kind];
  }

  // -- who asks, and what is kept

  get #shop() {
    const tenant = this.getAttribute("tenant");
    return tenant ? { tenant } : {};
  }

  get #locked() {
    return Boolean(this.tokenProvider || this.getAttribute("key"));
  }

  async #headers() {
    const token = this.tokenProvider ? await this.tokenProvider() : this.getAttribute("key");
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  get #user() {
    return this.getAttribute("user") || (this.#locked ? null : this.#stored(localStorage, "visitor"));
  }

  /** Whether what somebody thinks of an item can be stored: behind a key only a named user's can. */
  get rates() {
    return !this.#locked || this.hasAttribute("user");
  }

  #visitor() {
    if (!this.#user) this.#store(localStorage, "visitor", `visitor-${randomId()}`);
    return this.#user || `visitor-${randomId()}`;
  }

  #stored(store, name) {
    try {
      return JSON.parse(store.getItem(`taste-maker:${this.#base.href}:${name}`));
    } catch {
      return null; // a page without storage: the conversation lives as long as the page
    }
  }

  #store(store, name, value) {
    try {
      store.setItem(`taste-maker:${this.#base.href}:${name}`, JSON.stringify(value));
    } catch {
      // full, or not allowed
    }
  }

  get #place() {
    return `conversation:${this.getAttribute("user") ?? ""}:${this.getAttribute("tenant") ?? ""}`;
  }

  #keep() {
    const turns = this.#turns.slice(-KEPT_TURNS).map(({ text, quiet, media, response }) => ({ text, quiet, media, response }));
    this.#store(sessionStorage, this.#place, { thread: this.#thread, turns });
  }

  #restore() {
    const kept = this.#stored(sessionStorage, this.#place) ?? {};
    const named = this.getAttribute("thread");
    const other = named && named !== kept.thread;
    this.#thread = named || kept.thread || null;
    this.#turns = (!other && kept.turns) || [];
  }

  /** Load once, however many attributes a page sets at a time. */
  #loadSoon() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) this.#load();
    });
  }

  async #load() {
    const asked = `${this.language}`;
    try {
      const query = new URLSearchParams({ lang: asked, ...this.#shop });
      this.#start = await (await call(new URL(`widget/start?${query}`, this.#base), { headers: await this.#headers() })).json();
    } catch (error) {
      if (!this.#turns.length) this.#composer.complain(error instanceof Problem ? this.#inWords(error) : this.t.errors.failed);
      if (error.kind === "not_allowed") this.dispatchEvent(new CustomEvent("taste-maker-locked", { bubbles: true, composed: true }));
      return;
    }
    if (asked !== this.language || !this.#dom) return;
    this.dispatchEvent(new CustomEvent("taste-maker-start", { detail: this.#start, bubbles: true, composed: true }));
    if (this.#turns.length) this.#showAll();
    else this.#showStart();
  }

  // -- the screen

  #build() {
    const { t } = this;
    const status = el("p", { class: "hidden", role: "status", "aria-live": "polite" });
    const turns = el("div", { class: "turns" });
    const scroll = el("div", { class: "scroll", role: "region", "aria-label": t.conversation, tabindex: "0" }, el("div", { class: "column" }, turns));
    this.#dom = { status, turns, scroll };
    this.shadowRoot.replaceChildren(status, scroll, this.#composer.build(this.#turns.length ? t.again : t.placeholder));
    this.dataset.drop = t.drop;
    for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
      this[`on${event}`] = (happened) => {
        if (!happened.dataTransfer?.types.includes("Files")) return;
        happened.preventDefault();
        this.classList.toggle("dropping", over);
        if (event === "drop") this.#composer.add(happened.dataTransfer.files);
      };
    }
    this.#setBusy(Boolean(this.#running));
    if (this.#turns.length) this.#showAll();
    else turns.replaceChildren(el("div", { class: "start" }, el("h2", { text: t.greeting }), el("p", { text: t.hint })));
  }

  #showStart() {
    const { t } = this;
    const samples = (this.#start?.samples ?? []).map((sample) =>
      el("li", {}, el("button", { type: "button", class: "sample", on: { click: () => this.ask({ text: sample.text }) } }, sample.item_id ? el("div", { class: "picture" }, this.picture({ item_id: sample.item_id, image: true, title: sample.text }, 320)) : null, el("span", { text: sample.text }))),
    );
    this.#dom.turns.replaceChildren(el("div", { class: "start" }, el("h2", { text: t.greeting }), el("p", { text: t.hint }), samples.length ? el("ul", { class: "samples", "aria-label": t.samples }, samples) : null));
  }

  #showAll() {
    this.#dom.turns.replaceChildren();
    for (const [at, turn] of this.#turns.entries()) {
      turn.view = new AnswerView(this);
      turn.node = null;
      this.#showTurn(turn, false);
      if (turn.response) turn.view.finish(turn.response, at === this.#turns.length - 1);
      else turn.view.fail(this.t.errors.interrupted, turn.text && !turn.media.length && !turn.quiet ? () => this.#repeat(turn, { text: turn.text, ...this.#shop, n: 8 }) : null);
    }
    this.#bringUp(this.#turns.at(-1)?.node, "auto");
  }

  #showTurn(turn, scroll = true) {
    const { t } = this;
    if (this.#turns.length === 1 && !turn.node) this.#dom.turns.replaceChildren();
    const media = turn.media.map((one) => (one.thumb ? el("img", { src: one.thumb, alt: t.photo }) : el("span", {}, icon(one.kind === "audio" ? "mic" : one.kind === "video" ? "video" : "eye"), called(t, one.kind))));
    turn.node = el(
      "div",
      { class: "answer" },
      el("div", { class: turn.quiet ? "said quiet" : "said" }, el("span", { class: "hidden", text: t.you }), media.length ? el("div", { class: "shown" }, media) : null, turn.text ? el("p", { text: turn.text }) : null),
      turn.view.node,
    );
    this.#dom.turns.append(turn.node);
    this.#composer.placeholder = t.again;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (scroll) this.#bringUp(turn.node, still ? "auto" : "smooth");
  }

  // The newest turn gets the room to come to the top before its items are there. Only the conversation scrolls: scrollIntoView
  // would move the widget's frame and the page around it, too.
  #bringUp(node, behavior) {
    const { scroll, turns } = this.#dom;
    for (const one of turns.children) one.style.minHeight = one === node && one !== turns.firstChild ? `${scroll.clientHeight - 48}px` : "";
    if (node) scroll.scrollTo({ top: scroll.scrollTop + node.getBoundingClientRect().top - scroll.getBoundingClientRect().top - 20, behavior });
  }

  #setBusy(busy) {
    this.#composer.showBusy(busy);
    this.toggleAttribute("busy", busy);
  }

  #amount(value, unit, trailingZeroDisplay = "auto") {
    try {
      if (/^[A-Z]{3}$/.test(unit)) return new Intl.NumberFormat(this.language, { style: "currency", currency: unit, currencyDisplay: "narrowSymbol", trailingZeroDisplay }).format(value);
    } catch {
      // a unit that is no currency
    }
    return [value.toLocaleString(this.language), unit].filter(Boolean).join(" ");
  }

  async #fetched(address) {
    if (!this.#pictures.has(address)) {
      const response = await call(address, { headers: await this.#headers() });
      this.#pictures.set(address, URL.createObjectURL(await response.blob()));
    }
    return this.#pictures.get(address);
  }
}

function plainly(value) {
  return Array.isArray(value) ? value.join(", ") : String(value);
}

customElements.get("taste-maker") ?? customElements.define("taste-maker", TasteMaker);
