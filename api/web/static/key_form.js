// Ask for an API key where the service wants one; it stays in this tab.

import { el } from "./widget/parts.js";

const PLACE = "tastemaker:key";

/** Return the key given before in this tab, if any. */
export function knownKey() {
  try {
    return sessionStorage.getItem(PLACE) ?? "";
  } catch {
    return ""; // a browser without storage asks at every visit
  }
}

let asked = null;

/** Ask for a key until one is given; `words` are the title, the explanation, the field's name and the button. */
export function askForKey(words) {
  asked ??= shown(words).finally(() => (asked = null));
  return asked;
}

function shown([title, why, label, open]) {
  return new Promise((resolve) => {
    const input = el("input", { id: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true });
    const form = el("form", { on: { submit: give } }, el("h2", { text: title }), el("p", { text: why }), el("label", { for: "key", text: label }), input, el("button", { type: "submit", class: "primary", text: open }));
    const dialog = el("dialog", { class: "key", "aria-label": title, on: { cancel: (event) => event.preventDefault() } }, form);
    document.body.append(dialog);
    dialog.showModal();
    function give(event) {
      event.preventDefault();
      try {
        sessionStorage.setItem(PLACE, input.value.trim());
      } catch {
        // kept for this page only
      }
      dialog.close();
      dialog.remove();
      resolve(input.value.trim());
    }
  });
}
