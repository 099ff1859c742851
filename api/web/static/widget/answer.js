// One answer on the screen: it grows with the events of a stream, and is made again from a kept response in the same way.

import { el, icon, iconButton, webAddress } from "./parts.js";

const SKELETONS = 4;
const SHOWN_SOURCES = 6;
const GROUPS = {
  text_vector: "text", text_to_image: "text", full_text: "text", image_vector: "photo", image_to_text: "photo", photo_and_words: "photo",
  similar_to_shown: "anchor", track: "sound", popular: "popular", popularity: "popular", trend: "popular", context: "popular", segments: "popular", new_items: "new",
  exploration: "new", answers: "answers", stated: "answers", stated_preferences: "taste",
  profile_vector: "taste", co_occurrence: "taste", other_domain: "taste", described: "taste", together: "taste", learned: "taste", cooccurrence: "taste", user_knn: "taste",
  transitions: "taste", graph: "taste", als: "taste", bpr: "taste", ease: "taste", sequential: "taste", titles: "taste", "text-vectors": "taste",
};

export class AnswerView {
  /** `host` is the widget: its words, prices, pictures, and what buttons do. */
  constructor(host) {
    this.host = host;
    this.cards = new Map();
    this.evidence = [];
    this.degraded = [];
    this.stage = el("p", { class: "stage" });
    this.chips = el("ul", { class: "chips", "aria-label": this.t.understood });
    this.message = el("p", { class: "message" });
    this.list = el("ol", { class: "cards" });
    this.near = el("ol", { class: "cards", "aria-label": this.t.near });
    this.below = el("div", { class: "answer" });
    this.node = el("section", { class: "answer", "aria-label": this.t.answer });
  }

  get t() {
    return this.host.t;
  }

  /** Show that work goes on; `media` says what will be looked at or listened to first. */
  begin(media = []) {
    const kind = media.some((one) => one.kind !== "image") ? "listen" : media.length ? "look" : "start";
    this.say(this.t.stages[kind]);
    this.list.setAttribute("aria-hidden", "true");
    this.list.replaceChildren(...Array.from({ length: SKELETONS }, skeleton));
    this.node.replaceChildren(this.stage, this.list);
  }

  say(text) {
    this.stage.textContent = text;
  }

  handle({ event, data }) {
    if (event === "route") this.say(this.t.stages.choose);
    else if (event === "partial") this.say(this.t.heard(data.segment?.text ?? ""));
    else if (event === "evidence") this.evidence.push(data);
    else if (event === "reading") this.reading = data;
    else if (event === "items") return this.items(data.items, data.close);
    else if (event === "words") return this.words(data);
    if (event === "reading" || event === "evidence") this.showChips();
  }

  items(items, close = []) {
    this.fill(items, close);
    this.say(this.t.stages.words);
    this.node.replaceChildren(this.stage, this.chips, this.message, ...this.lists());
    this.host.announce(items.length ? this.t.found(items.length) : this.t.none);
  }

  /** Put cards into the list and, below it, what comes close and breaks a condition. */
  fill(items, close) {
    this.cards.clear();
    this.list.removeAttribute("aria-hidden");
    this.list.replaceChildren(...items.map((item) => this.card(item)));
    this.near.replaceChildren(...close.map((item) => this.card(item)));
  }

  lists() {
    return this.near.children.length ? [this.list, el("p", { class: "near", text: this.t.near }), this.near] : [this.list];
  }

  words({ item_id: itemId, text }) {
    if (itemId === null || itemId === undefined) this.message.textContent = text;
    else this.cards.get(itemId)?.reason(text);
  }

  /** Show the whole answer; only the newest one can be corrected and gone on from. */
  finish(response, newest) {
    this.response = response;
    this.evidence = response.evidence;
    this.reading = { ...response.understanding, ...unmet(response), order: response.understanding.reading.order };
    this.message.textContent = response.message;
    const shown = [...response.items, ...(response.close ?? [])];
    if (shown.length !== this.cards.size || !shown.every((item) => this.cards.has(item.item_id))) this.fill(response.items, response.close ?? []);
    for (const item of shown) this.cards.get(item.item_id).complete(item);
    this.showChips(newest);
    this.below.replaceChildren(...this.whatNext(newest).filter(Boolean));
    this.node.replaceChildren(this.chips, this.message, ...this.lists(), this.below);
  }

  /** A later answer came: this one stays to be read. */
  retire() {
    if (!this.response) return;
    this.showChips(false);
    this.below.replaceChildren(...this.whatNext(false).filter(Boolean));
  }

  fail(text, retry) {
    const again = retry && el("button", { type: "button", class: "pill", text: this.t.retry, on: { click: retry } });
    const problem = el("div", { class: "problem" }, el("p", { text }), again || null);
    this.node.replaceChildren(...(this.cards.size ? [this.chips, this.message, ...this.lists(), problem] : [problem]));
    this.host.announce(text);
  }

  // -- what was understood

  showChips(newest = true) {
    const { conditions = [], order, not_applied: missed = [] } = this.reading ?? {};
    const pieces = this.evidence.filter((one) => ["caption", "transcript"].includes(one.kind) && one.content);
    const chips = [
      ...pieces.map((one) => this.pieceChip(one, newest)),
      ...conditions.map((one) => this.conditionChip(one, newest)),
      order ? el("li", { class: "chip" }, el("span", { text: this.t.order(this.host.fieldName(order.field), order.descending) })) : null,
      ...missed.map((words) => el("li", { class: "chip unmet", title: this.t.notAppliedWhy }, el("span", { text: this.t.notApplied(words) }))),
    ].filter(Boolean);
    this.chips.replaceChildren(...chips);
    this.chips.hidden = !chips.length;
  }

  pieceChip(piece, newest) {
    const label = piece.kind === "caption" ? this.t.seen : this.t.heardLabel;
    const text = piece.content.length > 90 ? `${piece.content.slice(0, 88)}…` : piece.content;
    return this.chip({ id: piece.evidence_id, text: `${label}: ${text}`, words: piece.content, mark: piece.kind === "caption" ? "eye" : "ear", newest });
  }

  conditionChip(condition, newest) {
    const title = condition.words ? this.t.fromWords(condition.words) : "";
    return this.chip({ id: condition.condition_id, text: this.host.condition(condition), words: condition.words || this.host.condition(condition), title, refused: condition.refused, newest });
  }

  chip({ id, text, words, title = "", mark = null, refused = false, newest }) {
    const line = el("li", { class: refused ? "chip refused" : "chip", title });
    const show = () => line.replaceChildren(main, strike);
    const main = el("button", { type: "button", "aria-label": this.t.change(title ? `${text}, ${title}` : text), disabled: !newest, on: { click: edit } }, mark && icon(mark), el("span", { text }));
    const strike = iconButton("close", this.t.strike(text), () => this.host.correct({ evidence_id: id, strike: true }, this.t.struck(text)), { class: "strike", disabled: !newest });
    const host = this.host;
    const t = this.t;
    function edit() {
      const input = el("input", { value: words, "aria-label": t.change(text), maxlength: 2000, on: { keydown: (event) => event.key === "Escape" && (event.stopPropagation(), show(), main.focus()) } });
      const form = el("form", { on: { submit: send } }, input, iconButton("send", t.save, send));
      line.replaceChildren(form);
      input.focus();
      input.select();
      function send(event) {
        event.preventDefault();
        const changed = input.value.trim();
        if (!changed || changed === words) return show();
        host.correct({ evidence_id: id, text: changed }, t.changed(text, changed));
      }
    }
    show();
    return line;
  }

  // -- one item

  card(item) {
    const { host, t } = this;
    const link = webAddress(item.url);
    const name = `item-${host.nextNumber()}`;
    const title = el("h3", { id: name }, link ? el("a", { href: link, target: "_blank", rel: "noopener noreferrer", "aria-label": t.open(item.title), text: item.title, on: { click: (event) => host.select(item, this.response, event) } }) : el("span", { text: item.title }));
    const facts = el("p", { class: "facts", text: host.facts(item) });
    const choices = host.choices(item);
    const price = host.price(item);
    const reason = el("p", { class: "reason waiting", text: item.reason?.text ?? "" });
    const because = el("div", { class: "because", id: `${name}-why`, hidden: true });
    const why = el("button", { type: "button", class: "why", text: t.why, "aria-label": t.whyOf(item.title), "aria-expanded": "false", "aria-controls": because.id, on: { click: () => toggle() } });
    const toggle = () => {
      because.hidden = !because.hidden;
      why.setAttribute("aria-expanded", String(!because.hidden));
      if (!because.hidden) because.replaceChildren(...this.because(shown));
    };
    const compare = iconButton("compare", t.compareOf(item.title), () => this.pick(item, compare), { "aria-pressed": "false" });
    const buttons = ["like", "dislike", "skip"].map((kind) =>
      iconButton(kind === "skip" ? "hide" : kind, `${t[kind === "skip" ? "hide" : kind]}: ${item.title}`, () => react(kind), { "aria-pressed": "false" }),
    );
    const react = async (kind) => {
      if (!(await host.feedback(shown, kind, this.response))) return;
      buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(["like", "dislike", "skip"][at] === kind)));
      node.classList.toggle("dimmed", kind !== "like");
    };
    const node = el(
      "li",
      { class: "card", "aria-labelledby": name, "data-item": item.item_id },
      el("div", { class: "picture" }, host.picture(item, 320)),
      item.close ? el("span", { class: "close", text: t.close }) : null,
      el("div", { class: "body" }, title, facts.textContent ? facts : null, choices ? el("p", { class: "facts", text: t.choices(choices) }) : null, price ? el("p", { class: "price", text: price }) : null, (item.breaks ?? []).map((one) => el("p", { class: "breaks", text: one.words })), reason),
      el("div", { class: "tools" }, why, host.rates ? buttons : null, compare),
      because,
    );
    let shown = item;
    this.cards.set(item.item_id, {
      reason: (text) => {
        reason.textContent = text;
        reason.classList.remove("waiting");
      },
      complete: (whole) => {
        shown = whole;
        reason.textContent = whole.reason?.text ?? "";
        reason.classList.remove("waiting");
        reason.hidden = !whole.reason;
      },
    });
    return node;
  }

  because(item) {
    const t = this.t;
    const best = new Map();
    for (const source of item.sources ?? []) {
      const group = t.groups[GROUPS[source.source]] ?? source.source.replaceAll("_", " ");
      if (!best.has(group) || source.rank < best.get(group)) best.set(group, source.rank);
    }
    const places = [...best].sort((a, b) => a[1] - b[1]).slice(0, SHOWN_SOURCES).map(([group, rank]) => t.place(group, rank));
    const known = new Map((this.response?.evidence ?? this.evidence).map((one) => [one.evidence_id, one]));
    const grounds = (item.reason?.evidence_ids ?? []).map((id) => known.get(id)).filter(Boolean);
    return [
      places.length ? `${t.sources}: ${places.join(" · ")}` : "",
      ...(item.path ?? []).map((step) => t.path(step.source_title || step.source, step.relation)),
      ...grounds.map((one) => `${t.kinds[one.kind]}: ${one.content}`),
      item.rules?.length ? t.ruled(item.rules.join(", ")) : "",
      typeof item.predicted_rating === "number" ? t.rating(item.predicted_rating.toFixed(1)) : "",
      item.reason ? t.by[item.reason.by] : "",
    ].filter(Boolean).map((text) => el("p", { text }));
  }

  /** Choose an item to compare; the second one opens the comparison. */
  pick(item, button) {
    this.picked ??= new Map();
    if (this.picked.delete(item.item_id)) return button.setAttribute("aria-pressed", "false");
    this.picked.set(item.item_id, { item, button });
    button.setAttribute("aria-pressed", "true");
    if (this.picked.size < 2) return this.host.announce(this.t.compareOne);
    const pair = [...this.picked.values()];
    this.picked.clear();
    const whole = (one) => this.response?.items.find((other) => other.item_id === one.item.item_id) ?? one.item;
    this.host.compare(pair.map(whole), () => {
      pair.forEach((one) => one.button.setAttribute("aria-pressed", "false"));
      button.focus();
    });
  }

  // -- below the list

  whatNext(newest) {
    const { response, t, host } = this;
    const asked = newest && response.asked;
    const ask =
      asked &&
      el(
        "div",
        { class: "ask", role: "group", "aria-label": asked.text },
        el("p", { text: asked.text }),
        el(
          "div",
          { class: "row" },
          asked.choices.map((choice) => el("button", { type: "button", class: "pill", text: choice.text, on: { click: () => host.answer(asked, choice) } })),
          el("button", { type: "button", class: "pill plain", text: t.skip, on: { click: (event) => event.currentTarget.closest(".ask").remove() } }),
        ),
      );
    const notes = response.degraded.length && el("div", { class: "notes" }, response.degraded.map((one) => el("p", { text: `${t.missing(t.parts[one.what] ?? one.what.replaceAll("_", " "))}.`, title: one.why })));
    const row = newest && el("div", { class: "row" }, (response.items.length ? ["more", "undo"] : ["undo"]).map((what) => el("button", { type: "button", class: "pill", text: t[what], on: { click: () => host.ask({ text: t.says[what], shown: t[what] }) } })));
    return [ask, row, notes, this.how()];
  }

  how() {
    const { response, t } = this;
    const { route, consistency, evidence, timings, degraded, prompts } = response;
    const part = (name, ...rows) => (rows.length ? el("div", {}, el("dt", { text: name }), rows.map((row) => (row.nodeType ? row : el("dd", { text: row })))) : null);
    const piece = (one) => el("dd", {}, `${t.kinds[one.kind]}: ${one.content} `, el("small", { text: [t.sure(Math.round(100 * one.confidence)), one.back_end].filter(Boolean).join(", ") }));
    return el(
      "details",
      {},
      el("summary", { text: t.how }),
      el(
        "dl",
        { class: "how" },
        part(t.route, el("dd", {}, `${t.routes[route.name]} (${t.decided[route.decided_by]}) `, el("small", { text: route.why }))),
        part(t.evidence, ...evidence.map(piece)),
        part(t.consistency, ...(consistency.checks.length ? consistency.checks.map((one) => `${t.states[one.state]}: ${one.reason}`) : [t.states[consistency.state]])),
        part(t.without, ...degraded.map((one) => `${t.parts[one.what] ?? one.what}: ${one.why}`)),
        part(t.times, el("dd", { class: "times" }, timings.map((one) => el("span", { text: t.seconds(one.step, one.seconds) })))),
        part(t.request, [response.request_id, ...prompts].join(", ")),
      ),
    );
  }
}

function unmet(response) {
  const { unparsed, reading } = response.understanding;
  return { not_applied: [...new Set([...reading.not_applied, ...unparsed])] };
}

function skeleton() {
  return el("li", { class: "card skeleton" }, el("div", { class: "picture" }), el("div", { class: "body" }, el("i"), el("i"), el("i")));
}
