// The operator's console: one request brings all it shows; nothing here is of a person.

import { languages, t } from "./console_words.js";
import { askForKey, knownKey } from "./key_form.js";
import { el } from "./widget/parts.js";
import { Problem, call } from "./widget/stream.js";

const WHY = ["Who are you?", "The console asks for an API key with a role, such as viewer or admin.", "API key", "Open the console"];
const at = (id) => document.getElementById(id);
let key = knownKey();
let typed = { rules: "", text: "", user: "" };

const headers = () => (key ? { Authorization: `Bearer ${key}` } : {});
const tenant = () => at("tenant").value.trim();
const clock = (text) => new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = (text) => (text ? new Date(text).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "–");
const plain = (value) => (Array.isArray(value) ? value.join(", ") : value !== null && typeof value === "object" ? Object.entries(value).map(([name, one]) => `${name} ${plain(one)}`).join(", ") : String(value));
const ms = (value) => (value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`);

async function load() {
  const query = tenant() ? `?${new URLSearchParams({ tenant: tenant() })}` : "";
  try {
    show(await (await call(`console/data${query}`, { headers: headers() })).json());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.kind === "not_allowed") {
      key = await askForKey(WHY.map((text) => t(text)));
      return load();
    }
    at("main").replaceChildren(el("p", { class: "note warning", role: "alert", text: error.detail || t("The service does not answer; try again.") }));
  }
}

function show(data) {
  const whole = data.latency.find((one) => one.step === "whole request");
  const first = data.latency.find((one) => one.step === "first items");
  at("tenant").placeholder = data.tenant;
  at("main").replaceChildren(
    el("h1", { text: t("Console") }),
    data.keys_asked ? "" : el("p", { class: "note warning", text: t("No keys are asked for: whoever reaches this machine may see this page and ask as any user. The command “tastemaker keys create” makes the first key.") }),
    el(
      "dl",
      { class: "tiles" },
      tile("State", t(data.ready.status), data.ready.status === "ready" ? "state" : "state bad"),
      tile("Answered", data.answered.toLocaleString()),
      tile("Failed", data.failed.toLocaleString()),
      tile("First items, p50", first ? ms(first.p50_ms) : "–"),
      tile("Whole answer, p95", whole ? ms(whole.p95_ms) : "–"),
      tile("Items", data.items.toLocaleString()),
    ),
    el("p", { class: "note", text: t("Tastemaker {0}, this process since {1}. Latency and requests are of the last ones that this process remembers; with several workers each counts for itself.", data.version, day(data.since)) }),
    el("div", { class: "panels" }, parts(data), latency(data), recent(data), reviews(data), catalogue(data), rules(data), versions(data), keys(data)),
  );
}

function tile(name, value, state = "") {
  return el("div", {}, el("dt", { text: t(name) }), el("dd", { class: state || null, text: value }));
}

function panel(title, about, wide, ...content) {
  return el("section", { class: wide ? "panel wide" : "panel", "aria-label": t(title) }, el("h2", { text: t(title) }), about ? el("p", { text: t(about) }) : null, content);
}

/** Return a table; a head of `#name` holds numbers, a cell may be a node. */
function table(label, heads, rows) {
  const kind = (at) => (heads[at].startsWith("#") ? "number" : null);
  const cell = (value, at) => (value instanceof Node && value.nodeName === "TD" ? value : el("td", { class: kind(at) }, value instanceof Node ? value : String(value)));
  return el(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": t(label) },
    el("table", {}, el("thead", {}, el("tr", {}, heads.map((head, at) => el("th", { scope: "col", class: kind(at), text: t(head.replace("#", "")) })))), el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell))))),
  );
}

function parts({ ready, degraded }) {
  const missed = Object.entries(degraded).map(([what, count]) => [what, count]);
  return panel(
    "Parts",
    "A part that is degraded or down is left out of answers, which say so.",
    false,
    table("Parts", ["Part", "State", "What serves it, or what is wrong"], Object.entries(ready.slots).map(([name, slot]) => [name, el("td", { class: slot.state === "ok" ? "state narrow" : "state bad narrow", text: t(slot.state) }), slot.detail])),
    missed.length ? table("Missing in answers", ["Missing in answers", "#Requests"], missed) : null,
  );
}

function latency({ latency: steps }) {
  const most = Math.max(1, ...steps.map((one) => one.p95_ms));
  const meter = (one) => el("td", { class: "bar" }, el("meter", { min: 0, max: most, value: one.p95_ms, "aria-label": t("p95 of {0}", one.step) }));
  return panel("Latency", "By step, in the requests that are remembered.", false, steps.length ? table("Latency", ["Step", "#p50", "#p95", "#Most", "#Times", ""], steps.map((one) => [one.step.replaceAll("_", " "), ms(one.p50_ms), ms(one.p95_ms), ms(one.max_ms), one.count, meter(one)])) : el("p", { text: t("No requests yet.") }));
}

function recent({ recent: seen }) {
  const rows = seen.map((one) => {
    const said = [one.words ? t("{0} words", one.words) : "", ...Object.entries(one.media).map(([kind, count]) => `${count} ${t(kind)}`), one.act].filter(Boolean).join(", ");
    const read = [...one.conditions.map((c) => [c, ...(c.either ?? [])].map(({ field, op, value }) => `${field} ${op} ${plain(value)}`).join(t(" or "))), one.not_applied ? t("{0} not applied", one.not_applied) : ""].filter(Boolean);
    const trace = [...one.timings.map((t) => `${t.step.replaceAll("_", " ")} ${ms(1000 * t.seconds)}`), ...one.degraded.map((d) => t("without {0}: {1}", d.what, d.why))];
    const who = el("span", {}, one.user ? t("user {0}", one.user) : t("stranger"), el("small", { text: one.thread ? t("thread {0}", one.thread) : "" }));
    const details = el("details", {}, el("summary", { text: one.error ? one.error : `${ms(1000 * one.seconds)}, ${one.items.length ? t("{0} items", one.items.length) : t("no items")}` }), [one.route ? `${one.route.name}: ${one.route.why}` : "", ...trace, one.items.length ? t("items {0}", one.items.join(", ")) : "", one.request_id ? t("request {0}", one.request_id) : ""].filter(Boolean).map((text) => el("small", { text })));
    return [el("td", { class: "narrow", text: clock(one.at) }), who, said, el("div", { class: "values" }, read.map((text) => el("span", { text }))), details];
  });
  return panel("Recent requests", "Words are counted and not kept; ids are hashed with a secret of this process; a value that is not the catalogue’s own is hidden.", true, rows.length ? table("Recent requests", ["When", "Who", "Said", "Read as", "Trace"], rows) : el("p", { text: t("No requests yet.") }));
}

function catalogue({ fields }) {
  const range = (one) => (one.minimum === null ? [] : [t("{0} to {1} {2}", one.minimum.toLocaleString(), one.maximum.toLocaleString(), one.unit)]);
  const values = (one) => el("div", { class: "values" }, [...range(one), ...one.values].map((text) => el("span", { text })), one.more_values ? el("span", { class: "plain", text: t("and {0} more", one.more_values) }) : null);
  return panel("Catalogue and its language", "What can be asked for, and what each field may be called. Words are kept in their base form.", true, table("Fields", ["Field", "Kind", "Also called", "Values"], fields.map((one) => [one.name, el("span", {}, one.role === "price" ? t("price") : t(one.type), el("small", { text: one.concept && one.concept !== one.role ? t("taken for {0}", one.concept) : "" })), one.called.join(", "), values(one)])));
}

function reviews({ reviews: waiting, may_decide: may }) {
  const note = el("p", { class: "note", role: "status" });
  const query = tenant() ? `&${new URLSearchParams({ tenant: tenant() })}` : "";
  const photo = (one) => el("img", { src: `pictures/${encodeURIComponent(one.item_id)}?width=160${query}`, alt: "", width: 72, loading: "lazy", on: { error: (event) => event.target.remove() } });
  const button = (one, decision, text) => el("button", { type: "button", text: t(text), "aria-label": `${t(text)} ${one.title || one.item_id}`, on: { click: () => decide(one.item_id, decision, note) } });
  const found = (one) => el("div", {}, one.findings.map((f) => el("p", {}, el("small", { text: f.check.replaceAll("_", " ") }), f.reason)));
  const rows = waiting.map((one) => [el("td", { class: "narrow" }, photo(one)), el("span", {}, one.title || one.item_id, el("small", { text: one.item_id })), found(one), day(one.at), may ? el("span", { class: "decide" }, button(one, "accept", "Accept"), button(one, "reject", "Reject")) : ""]);
  return panel("Held for review", "Items that a check found something about are in no answer until somebody accepts them.", true, waiting.length ? table("Held for review", ["", "Item", "Found", "Since", ""], rows) : el("p", { text: t("Nothing waits for a decision.") }), note);
}

async function decide(id, decision, note) {
  try {
    await call("reviews", { body: { item_ids: [id], decision, ...(tenant() && { tenant: tenant() }) }, headers: headers() });
    load();
  } catch (error) {
    note.textContent = error.detail || t("This could not be decided; try again.");
  }
}

/** Return a rule to begin with, about a value that this catalogue has. */
function example(fields) {
  const one = fields.find((field) => field.type === "list" && field.values.length > 1) ?? fields.find((field) => field.values.length > 1);
  if (!one) return "rules: []\n";
  return `rules:\n- id: an-example\n  kind: boost\n  top: 1\n  where: [{field: ${JSON.stringify(one.name)}, op: "${one.type === "list" ? "contains" : "="}", value: ${JSON.stringify(one.values[1])}}]\n`;
}

function rules({ rules: inUse, rule_problems: problems, fields }) {
  const result = el("div", { role: "status" });
  const text = el("textarea", { id: "rules", spellcheck: "false" });
  const request = el("input", { id: "request", maxlength: 4000, placeholder: t("something with the sea") });
  const user = el("input", { id: "user", maxlength: 128, placeholder: t("a stranger") });
  text.value = typed.rules || example(fields);
  request.value = typed.text;
  user.value = typed.user;
  const form = el("form", { class: "try", on: { submit: (event) => (event.preventDefault(), tryOut(text.value, request.value, user.value, result)) } }, el("label", { for: "rules" }, t("Rules to try, as they would stand in the file"), text), el("label", { for: "request" }, t("Request"), request), el("label", { for: "user" }, t("User"), user), el("button", { type: "submit", class: "primary", text: t("Try them") }), result);
  return panel(
    "Rules",
    "Rules of the business in use, in order, and a place to try others: nothing is stored.",
    true,
    problems.length ? el("ul", { class: "problems" }, problems.map((one) => el("li", { text: one }))) : null,
    inUse.length ? table("Rules in use", ["Rule", "Kind", "What", "When"], inUse.map((one) => [one.rule_id, one.kind, plain(one.about), one.enabled ? plain(one.when) || t("always") : t("switched off")])) : el("p", { text: t("No rules are in use.") }),
    form,
  );
}

async function tryOut(yaml, text, user, result) {
  typed = { rules: yaml, text, user };
  result.textContent = t("Trying …");
  try {
    const body = { rules: yaml, text, ...(user && { user_id: user }), ...(tenant() && { tenant: tenant() }) };
    const tried = await (await call("console/rules/try", { body, headers: headers() })).json();
    const moved = (one) => (one.before === null ? t("new") : one.before === one.rank ? t("as before") : t("from {0}", one.before));
    result.replaceChildren(
      tried.problems.length ? el("ul", { class: "problems" }, tried.problems.map((one) => el("li", { text: one }))) : "",
      tried.items.length ? table("The list with these rules", ["#Place", "Item", "Without rules", "Placed by"], tried.items.map((one) => [one.rank, one.title, moved(one), one.rules.join(", ")])) : "",
      tried.gone.length ? el("p", { class: "note", text: t("No longer listed: {0}", tried.gone.join(", ")) }) : "",
    );
  } catch (error) {
    result.textContent = error.detail || t("This could not be tried; try again.");
  }
}

function versions({ versions: all }) {
  const quality = (one) => Object.entries(one.ndcg_10).map(([name, value]) => `${name} ${value.toFixed(4)}`).join(", ");
  return panel("Training versions", "NDCG@10 on events held out by time. The command “tastemaker train --rollback VERSION” puts another to use.", true, all.length ? table("Training versions", ["Version", "State", "Learnt from", "NDCG@10", "Decision"], all.map((one) => [el("td", { class: "narrow", text: one.version }), one.in_use ? el("td", { class: "state narrow", text: t("in use") }) : t("kept"), one.counts, quality(one), one.decision])) : el("p", { text: t("Nothing was trained yet.") }));
}

function keys({ keys: all, keys_asked: asked }) {
  return panel("Shops and keys", asked ? "Secrets are hashed and cannot be shown." : "No keys are asked for.", true, all.length ? table("Keys", ["Key", "Name", "Shop", "May", "State", "Ends", "Last used"], all.map((one) => [one.key_id, one.name, one.tenant, [...one.roles, ...one.scopes].join(", "), t(one.state), day(one.expires_at), day(one.used_at)])) : el("p", { text: asked ? t("Keys are listed for the role admin.") : t("There are no keys.") }));
}

/** Put the words of the header, which the page brings, in the chosen language. */
function head() {
  document.documentElement.lang = languages.chosen;
  document.title = t("Tastemaker console");
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = t(one.dataset.say);
  at("language").textContent = languages.other;
  at("language").lang = languages.chosen === "zh" ? "en" : "zh";
  paint(document.documentElement.dataset.theme ?? new URL(location.href).searchParams.get("theme") ?? "auto");
}

const dark = matchMedia("(prefers-color-scheme: dark)");
function paint(theme) {
  document.documentElement.dataset.theme = theme;
  const on = theme === "dark" || (theme === "auto" && dark.matches);
  at("theme").textContent = t(on ? "Light" : "Dark");
  at("theme").setAttribute("aria-pressed", String(on));
  at("theme").onclick = () => paint(on ? "light" : "dark");
}
at("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  load();
});
at("language").addEventListener("click", () => {
  languages.turn();
  head();
  load();
});
head();
load();
