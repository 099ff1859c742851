// The page at /: the widget full size, with a header to choose a shopper, a language and a theme.

import { askForKey, knownKey } from "./key_form.js";
import "./widget/element.js";
import { languageOf } from "./widget/strings.js";

const WORDS = {
  en: { as: "Shopping as", stranger: "a stranger", fresh: "New conversation", other: "中文", dark: "Dark", light: "Light", key: ["Who are you?", "This service asks for an API key.", "API key", "Go on"] },
  zh: { as: "以此身份浏览", stranger: "陌生人", fresh: "新对话", other: "English", dark: "深色", light: "浅色", key: ["请证明身份", "此服务需要 API 密钥。", "API 密钥", "继续"] },
};
const at = (id) => document.getElementById(id);
const widget = document.querySelector("taste-maker");
const address = new URL(location.href);
const dark = matchMedia("(prefers-color-scheme: dark)");

let lang = languageOf(address.searchParams.get("lang") ?? kept("lang"));
let theme = address.searchParams.get("theme") ?? kept("theme") ?? "auto";

function kept(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(`tastemaker-page:${name}`);
    localStorage.setItem(`tastemaker-page:${name}`, value);
  } catch {
    // a browser without storage: chosen anew at every visit
  }
  return null;
}

function isDark() {
  return theme === "dark" || (theme === "auto" && dark.matches);
}

function show() {
  const words = WORDS[lang];
  document.documentElement.lang = lang;
  document.documentElement.dataset.theme = theme;
  at("shopper-label").querySelector("span").textContent = words.as;
  at("new").textContent = words.fresh;
  at("language").textContent = words.other;
  at("language").lang = lang === "en" ? "zh" : "en";
  at("theme").textContent = isDark() ? words.light : words.dark;
  at("theme").setAttribute("aria-pressed", String(isDark()));
  if (at("shopper").options.length) at("shopper").options[0].textContent = words.stranger;
  widget.setAttribute("lang", lang);
  widget.setAttribute("theme", theme);
}

widget.addEventListener("taste-maker-start", ({ detail: { title, shoppers } }) => {
  if (title) at("brand").textContent = document.title = title;
  if (!shoppers.length || at("shopper").options.length) return;
  at("shopper").append(new Option(WORDS[lang].stranger, ""), ...shoppers.map((name) => new Option(name.replace(/^sim-/, ""), name)));
  at("shopper").value = widget.getAttribute("user") ?? "";
  at("shopper-label").hidden = false;
});
widget.addEventListener("taste-maker-locked", async () => widget.setAttribute("key", await askForKey(WORDS[lang].key)));
at("shopper").addEventListener("change", () => {
  kept("user", at("shopper").value);
  if (at("shopper").value) widget.setAttribute("user", at("shopper").value);
  else widget.removeAttribute("user");
});
at("new").addEventListener("click", () => widget.clear());
at("language").addEventListener("click", () => {
  lang = lang === "en" ? "zh" : "en";
  kept("lang", lang);
  show();
});
at("theme").addEventListener("click", () => {
  theme = isDark() ? "light" : "dark";
  kept("theme", theme);
  show();
});
dark.addEventListener("change", show);
const user = address.searchParams.get("user") ?? kept("user");
if (user) widget.setAttribute("user", user);
if (knownKey()) widget.setAttribute("key", knownKey());
show();
