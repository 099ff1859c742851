// The studio's pages work without a script; this checks the text as it is typed, and gives the editor its two short cuts.

const editor = document.getElementById("editor");
const WAIT_MS = 350;

if (editor) {
  const body = document.getElementById("body");
  let timer = 0;
  let asked = 0;
  body.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, WAIT_MS);
  });
  editor.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    const button = event.key === "s" ? "save" : event.key === "Enter" ? "commit" : "";
    if (!button) return;
    event.preventDefault();
    document.getElementById(button).click();
  });
  let saved = body.value;
  editor.addEventListener("submit", () => (saved = body.value));
  addEventListener("beforeunload", (event) => {
    if (body.value !== saved) event.preventDefault();
  });

  async function check() {
    const mine = ++asked;
    const response = await fetch(editor.dataset.check, { method: "POST", body: new URLSearchParams({ body: body.value }) }).catch(() => null);
    if (!response?.ok || mine !== asked) return;
    const { problems, in_order, counted, preview } = await response.json();
    const shown = document.createElement(problems.length ? "ul" : "p");
    shown.className = problems.length ? "problems" : "good";
    if (problems.length) shown.append(...problems.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    else shown.textContent = `✓ ${in_order}`;
    document.getElementById("checked").replaceChildren(shown);
    document.getElementById("counted").textContent = counted;
    const pre = document.getElementById("preview");
    if (pre && preview !== null) pre.textContent = preview;
  }
}
