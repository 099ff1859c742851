// Ask two versions the same thing and show both answers as they come.

import { el } from "./widget/parts.js";
import { Problem, events } from "./widget/stream.js";

const form = document.getElementById("try");
const said = document.getElementById("words").dataset;
let running = new AbortController();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  running.abort();
  running = new AbortController();
  const fields = new FormData(form);
  const request = { text: fields.get("text") || null, user_id: fields.get("user") || null, n: 5 };
  for (const [field, name] of [["photo", "images"], ["voice", "audio"]]) {
    const file = fields.get(field);
    if (file?.size) request[name] = [{ data: await base64(file) }];
  }
  const sides = ["a", "b"].map((side) => new Side(document.getElementById(`side-${side}`), fields.get(side)));
  await Promise.all(sides.map((side) => side.ask(request)));
  const [one, other] = sides.map((side) => side.order);
  for (const side of sides) side.mark(side === sides[0] ? other : one);
});

class Side {
  constructor(place, version) {
    Object.assign(this, { place, version, order: [], cards: new Map(), began: performance.now() });
    this.message = el("p", { class: "message", text: `${said.waiting} …` });
    this.list = el("div");
    this.noticed = el("ul", { class: "plain noticed" });
    this.cost = el("p", { class: "cost" });
    place.replaceChildren(el("h2", { text: version === "r0" ? form.elements.a.querySelector('[value="r0"]').textContent : version }), this.message, this.noticed, this.list, this.cost);
  }

  async ask(request) {
    try {
      for await (const { event, data } of events(`/studio/${form.dataset.name}/stream/${this.version}`, request, { signal: running.signal, credentials: "same-origin" })) this[event]?.(data);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.message.textContent = `${said.failed}: ${error.detail || error.kind}`;
    }
    this.place.dataset.done = "1";
  }

  evidence({ kind, content }) {
    const label = { caption: said.seen, transcript: said.heard }[kind];
    if (label && content) this.noticed.append(el("li", { text: `${label}: ${content}` }));
  }

  items({ items }) {
    this.first = performance.now() - this.began;
    this.order = items.map((item) => item.item_id);
    this.cards = new Map(items.map((item) => [item.item_id, el("div", { class: "card" }, el("h3", { text: `${item.rank}. ${item.title}` }), el("p"))]));
    this.list.replaceChildren(...(items.length ? this.cards.values() : [el("p", { text: said.none })]));
  }

  words({ item_id, text, by }) {
    if (item_id === null) this.message.textContent = text;
    else if (this.cards.has(item_id)) this.cards.get(item_id).querySelector("p").textContent = by === "model" ? `${text} (${said.model})` : text;
  }

  done(data) {
    if (data.message) this.message.textContent = data.message;
    const tokens = (data.usage?.prompt_tokens ?? 0) + (data.usage?.completion_tokens ?? 0);
    const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
    this.cost.textContent = [`${said.items} ${seconds(this.first ?? 0)}`, `${said.whole} ${seconds(performance.now() - this.began)}`, `${tokens} ${said.tokens}`, ...(data.usage?.cost ? [`${said.cost} ${data.usage.cost.toPrecision(2)}`] : []), ...(data.prompts ?? [])].join(" · ");
  }

  mark(other) {
    this.order.forEach((id, place) => this.cards.get(id)?.classList.toggle("moved", other[place] !== id));
  }
}

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
