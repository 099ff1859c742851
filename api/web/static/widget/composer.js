// Where one writes: text, files that are picked, pasted or dropped, clips recorded here, and the button that sends or stops.

import { kindOf, prepared, recorder } from "./media.js";
import { el, icon, iconButton } from "./parts.js";

const MEGA = 1_000_000;

/** Return what a medium is called. */
export function called(t, kind) {
  return t[{ image: "photo", audio: "voice", video: "clip" }[kind]];
}

export class Composer {
  #attached = [];
  #recording = null;
  #dom = {};

  /** `host` is the widget: its words, what a request may carry, whether it is busy, how to ask and how to stop. */
  constructor(host) {
    this.host = host;
  }

  get t() {
    return this.host.t;
  }

  /** Make the form anew, in the language of now; what is attached stays. */
  build(placeholder) {
    const { t } = this;
    const text = el("textarea", { rows: 1, placeholder, "aria-label": t.placeholder, maxlength: 4000, enterkeyhint: "send", on: { input: grow, keydown: (event) => this.#key(event), paste: (event) => this.#pasted(event) } });
    const file = el("input", { type: "file", accept: "image/*,audio/*,video/*,.heic,.heif,.avif", multiple: true, hidden: true, "aria-hidden": "true", tabindex: "-1", on: { change: () => (this.add(file.files), (file.value = "")) } });
    const attached = el("ul", { class: "attached", "aria-label": t.attach });
    const complaint = el("p", { class: "complaint", role: "alert" });
    const go = el("button", { type: "submit", class: "icon go" });
    const form = el(
      "form",
      { class: "composer", on: { submit: (event) => (event.preventDefault(), this.#submit()) } },
      attached,
      text,
      el(
        "div",
        { class: "row" },
        iconButton("attach", t.attach, () => file.click()),
        iconButton("mic", t.microphone, () => this.#record("audio")),
        iconButton("video", t.camera, () => this.#record("video")),
        go,
      ),
      file,
    );
    this.#dom = { text, attached, complaint, go };
    this.#showAttached();
    return el("div", { class: "bar" }, el("div", { class: "inner" }, form, complaint));
  }

  set placeholder(words) {
    this.#dom.text.placeholder = words;
  }

  focus() {
    this.#dom.text.focus();
  }

  /** Say what is wrong; nothing takes it back. */
  complain(text) {
    this.#dom.complaint.textContent = text;
  }

  /** Offer to stop while an answer is made, else to send. */
  showBusy(busy) {
    const { go } = this.#dom;
    const label = busy ? this.t.stop : this.t.send;
    go.replaceChildren(icon(busy ? "stop" : "send"));
    go.setAttribute("aria-label", label);
    go.title = label;
  }

  stopRecording() {
    this.#recording?.stop();
  }

  /** Attach files, as far as they can be used and are not too many or too large. */
  async add(files) {
    const { errors } = this.t;
    const limits = this.host.limits;
    this.complain("");
    for (const file of files) {
      const kind = kindOf(file);
      if (!kind) {
        this.complain(errors.unreadable);
        continue;
      }
      const most = limits?.[{ image: "images", audio: "audio", video: "video" }[kind]] ?? 1;
      if (this.#attached.filter((one) => one.kind === kind).length >= most) {
        this.complain(errors.many(called(this.t, kind), most));
        continue;
      }
      try {
        this.#attached.push(await prepared(file, limits));
      } catch ({ size = file.size, limit = 0 }) {
        this.complain(errors.large(called(this.t, kind), (size / MEGA).toFixed(1), Math.floor(limit / MEGA)));
      }
    }
    this.#showAttached();
    this.focus();
  }

  #submit() {
    if (this.host.running) return this.host.stop();
    const text = this.#dom.text.value.trim();
    if (!text && !this.#attached.length) return this.focus();
    const media = this.#attached;
    this.#dom.text.value = "";
    this.#attached = [];
    this.#showAttached();
    this.complain("");
    this.host.ask({ text, media });
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (!this.host.running) this.#submit();
    } else if (event.key === "Escape" && this.host.running) this.host.stop();
  }

  #pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.add(files);
  }

  async #record(kind) {
    if (this.#recording) return this.#recording.stop();
    this.complain("");
    try {
      this.#recording = await recorder(kind, this.host.limits?.audio_s ?? 60);
    } catch {
      return this.complain(this.t.errors.microphone);
    }
    const began = Date.now();
    const timer = setInterval(() => this.#showAttached(Math.round((Date.now() - began) / 1000)), 500);
    this.#recording.kind = kind;
    this.#showAttached(0);
    const file = await this.#recording.done;
    clearInterval(timer);
    this.#recording = null;
    await this.add(file ? [file] : []);
  }

  #showAttached(seconds = 0) {
    const { t } = this;
    const remove = (one) => {
      this.#attached = this.#attached.filter((other) => other !== one);
      this.#showAttached();
      this.focus();
    };
    const list = this.#attached.map((one) => el("li", {}, one.thumb ? el("img", { src: one.thumb, alt: "" }) : null, el("span", { text: called(t, one.kind) }), iconButton("close", t.remove(called(t, one.kind)), () => remove(one))));
    if (this.#recording) list.push(this.#live(seconds));
    this.#dom.attached.replaceChildren(...list);
  }

  #live(seconds) {
    const { stream, kind } = this.#recording;
    const said = el("span", { class: "row live", text: this.t.recording(seconds) });
    const finish = iconButton("stop", this.t.finish, () => this.#recording?.stop());
    if (kind !== "video") return el("li", {}, said, finish);
    this.#recording.preview ??= Object.assign(el("video", { autoplay: true, playsinline: true }), { muted: true, srcObject: stream });
    return el("li", {}, this.#recording.preview, said, finish);
  }
}

/** Let a text area grow with its text where the browser does not do so by itself. */
function grow({ target }) {
  if (CSS.supports("field-sizing", "content")) return;
  target.style.height = "auto";
  target.style.height = `${target.scrollHeight}px`;
}
