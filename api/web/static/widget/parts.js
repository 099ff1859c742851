// Build nodes. Text is always text: nothing here parses markup, so what a catalogue, a model or a person wrote cannot become any.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  attach: "M21 11.5l-8.6 8.6a5.5 5.5 0 0 1-7.8-7.8L13.3 3.6a3.7 3.7 0 0 1 5.2 5.2l-8.7 8.7a1.8 1.8 0 0 1-2.6-2.6l8-8",
  mic: "M12 15a3.5 3.5 0 0 0 3.5-3.5v-5a3.5 3.5 0 1 0-7 0v5A3.5 3.5 0 0 0 12 15zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  video: "M3.5 7.5a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2zM15.5 10.5l5-3v9l-5-3",
  send: "M12 20V4.5M5.5 11L12 4.5l6.5 6.5",
  stop: "M7 7h10v10H7z",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  like: "M7 10.5l4-7a2.2 2.2 0 0 1 2.2 2.4L12.8 9.5h5.4a2 2 0 0 1 2 2.4l-1.3 6.5a2 2 0 0 1-2 1.6H7zM7 10.5H3.8v9.5H7",
  dislike: "M17 13.5l-4 7a2.2 2.2 0 0 1-2.2-2.4l.4-3.6H5.8a2 2 0 0 1-2-2.4l1.3-6.5a2 2 0 0 1 2-1.6H17zM17 13.5h3.2V4H17",
  hide: "M4 4l16 16M9.9 5.3A9.8 9.8 0 0 1 12 5c5 0 8.5 4.5 9.5 7-.4 1-1.2 2.3-2.3 3.5M6.2 7.3C4.3 8.7 3 10.6 2.5 12c1 2.5 4.5 7 9.5 7 1.7 0 3.2-.5 4.5-1.2",
  compare: "M8 4v16M16 4v16M3.5 8h4.5M16 16h4.5M3.5 16h4.5M16 8h4.5",
  eye: "M2.5 12c1-2.5 4.5-7 9.5-7s8.5 4.5 9.5 7c-1 2.5-4.5 7-9.5 7s-8.5-4.5-9.5-7zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  ear: "M4 12h2.5l2-5 3.5 11 3-8 1.5 2H20",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  info: "M12 11v6M12 7.5v.2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
};

/** Return an element: `props` are attributes, `on` listeners, `text` its text, a true or false attribute is there or not. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Return a drawing that screen readers leave out. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Return a button with a drawing and a name for screen readers, which is also its tooltip. */
export function iconButton(name, label, run, props = {}) {
  return el("button", { type: "button", class: "icon", "aria-label": label, title: label, on: { click: run }, ...props }, icon(name));
}

/** Return an address people may be sent to, or null: `javascript:` and its like are none. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Return a random id; `crypto.randomUUID` exists on secure pages only. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
