// The widget's looks. A page changes them by CSS variables on <taste-maker>: --tm-accent, --tm-background, --tm-surface, --tm-text,
// --tm-muted, --tm-line, --tm-warning, --tm-radius, --tm-font, --tm-height.

const CSS = `
:host {
  color-scheme: light dark;
  --accent: var(--tm-accent, light-dark(#2f5d50, #8ecab3));
  --on-accent: var(--tm-on-accent, light-dark(#ffffff, #10201b));
  --tint: color-mix(in srgb, var(--accent) 9%, var(--surface));
  --background: var(--tm-background, light-dark(#f7f6f3, #141513));
  --surface: var(--tm-surface, light-dark(#ffffff, #1e1f1d));
  --text: var(--tm-text, light-dark(#1d1f1c, #ecece8));
  --muted: var(--tm-muted, light-dark(#62645e, #a6a8a1));
  --line: var(--tm-line, light-dark(#e4e2dc, #333531));
  --warning: var(--tm-warning, light-dark(#8a4b08, #f0b76b));
  --radius: var(--tm-radius, 14px);
  display: flex;
  flex-direction: column;
  height: var(--tm-height, 680px);
  container-type: inline-size;
  background: var(--background);
  color: var(--text);
  font: 400 15px/1.5 var(--tm-font, "Inter", "Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Noto Sans SC", "Microsoft YaHei", "WenQuanYi Micro Hei", sans-serif);
  border-radius: var(--radius);
  overflow: hidden;
  overflow: clip;
  position: relative;
}
:host([hidden]), [hidden] { display: none !important; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
* { box-sizing: border-box; }
h2, h3, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
button, input, textarea { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; padding: 0; }
button:disabled { cursor: default; opacity: .45; }
a { color: inherit; text-decoration: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
svg { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; display: block; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.scroll { flex: 1; overflow-y: auto; scroll-padding: 20px; overscroll-behavior: contain; }
.column { max-width: 1120px; margin: 0 auto; padding: 24px clamp(16px, 3cqi, 40px) 28px; }
.turns { display: flex; flex-direction: column; gap: 36px; }

/* nothing asked yet */
.start { min-height: 100%; display: flex; flex-direction: column; justify-content: center; gap: 10px; padding: 7cqi 0 2cqi; }
.start h2 { font-size: clamp(26px, 4.4cqi, 44px); line-height: 1.15; font-weight: 600; letter-spacing: -.022em; text-wrap: balance; }
.start > p { color: var(--muted); font-size: clamp(15px, 1.7cqi, 18px); max-width: 52ch; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(220px, 100%), 1fr)); gap: 14px; margin-top: 22px; }
.sample { width: 100%; text-align: start; border-radius: var(--radius); background: var(--surface); border: 1px solid var(--line); overflow: hidden; display: flex; flex-direction: column; transition: border-color .15s, transform .15s; height: 100%; }
.sample:hover { border-color: var(--accent); transform: translateY(-1px); }
.sample .picture { aspect-ratio: 16 / 10; }
.sample span { padding: 12px 14px 14px; font-weight: 500; text-wrap: pretty; }

/* one turn */
.said { align-self: flex-end; max-width: min(78%, 640px); display: flex; flex-direction: column; align-items: flex-end; gap: 8px; }
.said p { background: var(--accent); color: var(--on-accent); padding: 10px 16px; border-radius: 20px 20px 5px 20px; white-space: pre-wrap; overflow-wrap: anywhere; }
.said.quiet p { background: none; color: var(--muted); border: 1px dashed var(--line); padding: 6px 14px; border-radius: 20px; font-size: 14px; }
.said .shown { display: flex; gap: 8px; flex-wrap: wrap; justify-content: flex-end; }
.shown img { width: 112px; height: 112px; object-fit: cover; border-radius: 12px; display: block; }
.shown span { display: inline-flex; gap: 8px; align-items: center; padding: 8px 14px; border-radius: 20px; background: var(--tint); font-size: 14px; }
.answer { display: flex; flex-direction: column; gap: 16px; }
.stage { display: flex; gap: 10px; align-items: center; color: var(--muted); min-height: 22px; }
.stage::before { content: ""; width: 14px; height: 14px; border-radius: 50%; border: 2px solid var(--line); border-top-color: var(--accent); animation: turn .8s linear infinite; }
.message { font-size: 17px; line-height: 1.55; max-width: 72ch; text-wrap: pretty; overflow-wrap: anywhere; }
.problem { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; border: 1px solid var(--line); border-inline-start: 3px solid var(--warning); background: var(--surface); border-radius: 10px; padding: 12px 16px; }

/* what was understood */
.chips { display: flex; flex-wrap: wrap; gap: 8px; }
.chip { display: inline-flex; align-items: stretch; max-width: 100%; border-radius: 999px; background: var(--surface); border: 1px solid var(--line); font-size: 14px; min-height: 34px; }
.chip > :first-child { padding: 5px 13px; display: inline-flex; gap: 7px; align-items: center; border-radius: 999px; text-align: start; min-width: 0; overflow-wrap: anywhere; }
.chip > button:first-child:hover { background: var(--tint); }
.chip svg { width: 16px; height: 16px; flex: none; color: var(--muted); }
.chip .strike { padding: 0 10px 0 4px; display: inline-flex; align-items: center; border-radius: 999px; }
.chip .strike svg { width: 13px; height: 13px; stroke-width: 2.2; }
.chip .strike:hover svg { color: var(--warning); }
.chip.refused > :first-child { color: var(--warning); }
.chip.unmet { border-style: dashed; color: var(--warning); background: none; }
.chip form { padding: 3px 5px 3px 12px; display: flex; gap: 6px; align-items: center; }
.chip input { border: 0; background: none; width: 24ch; max-width: 52cqi; padding: 2px; }
.chip .strike:disabled, .chip > button:first-child:disabled { opacity: 1; }
.chip .strike:disabled { display: none; }

/* the list */
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(228px, 100%), 1fr)); gap: 18px; }
.cards:has(.because:not([hidden])) { align-items: start; }
.card { display: flex; flex-direction: column; background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; position: relative; animation: rise .28s ease-out backwards; }
.picture { aspect-ratio: 4 / 3; background: var(--tint); display: grid; place-items: center; overflow: hidden; color: var(--muted); font-size: 40px; font-weight: 500; }
.picture img { width: 100%; height: 100%; object-fit: cover; display: block; transition: transform .4s; }
.card:hover .picture img { transform: scale(1.02); }
.card .body { padding: 14px 16px 8px; display: flex; flex-direction: column; gap: 5px; flex: 1; }
.card h3 { font-size: 16px; line-height: 1.35; font-weight: 600; letter-spacing: -.005em; overflow-wrap: anywhere; }
.card h3 a:hover { text-decoration: underline; text-underline-offset: 3px; }
.facts { color: var(--muted); font-size: 13px; }
.price { font-weight: 600; font-variant-numeric: tabular-nums; color: var(--text); font-size: 15px; }
.near { color: var(--muted); font-weight: 500; margin-top: 6px; }
.breaks { font-size: 13.5px; color: var(--warning); overflow-wrap: anywhere; }
.reason { font-size: 14px; line-height: 1.5; text-wrap: pretty; overflow-wrap: anywhere; min-height: 42px; }
.reason.waiting { color: transparent; }
.close { position: absolute; top: 10px; inset-inline-start: 10px; background: var(--surface); color: var(--muted); font-size: 12px; padding: 2px 10px; border-radius: 20px; }
.tools { display: flex; align-items: center; gap: 2px; padding: 0 8px 8px; color: var(--muted); }
.tools .why { margin-inline-end: auto; white-space: nowrap; font-size: 13px; padding: 8px; border-radius: 8px; text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: 3px; }
.tools .why:hover, .tools .why[aria-expanded="true"] { color: var(--text); text-decoration-color: currentColor; }
.icon { width: 36px; height: 36px; border-radius: 10px; display: inline-grid; place-items: center; flex: none; }
.icon:hover:not(:disabled) { background: var(--tint); color: var(--text); }
.tools .icon svg { width: 18px; height: 18px; }
.icon[aria-pressed="true"] { color: var(--accent); background: var(--tint); }
.icon[aria-pressed="true"] svg { fill: color-mix(in srgb, var(--accent) 22%, transparent); }
.card.dimmed .picture, .card.dimmed .body { opacity: .45; }
.because { padding: 10px 16px 14px; border-top: 1px solid var(--line); font-size: 13px; color: var(--muted); display: flex; flex-direction: column; gap: 5px; overflow-wrap: anywhere; }
.skeleton { min-height: 300px; }
.skeleton .picture, .skeleton i { background: linear-gradient(100deg, var(--line) 35%, var(--tint) 50%, var(--line) 65%) 0 0 / 240% 100%; animation: shine 1.5s linear infinite; }
.skeleton i { height: 12px; border-radius: 6px; margin-top: 6px; }
.skeleton i:nth-child(2) { width: 62%; }
.skeleton i:nth-child(3) { width: 84%; margin-top: 18px; }

/* below the list */
.ask { background: var(--tint); border-radius: var(--radius); padding: 16px 18px; display: flex; flex-direction: column; gap: 12px; }
.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.pill { padding: 7px 15px; border-radius: 999px; border: 1px solid var(--line); background: var(--surface); font-size: 14px; min-height: 36px; }
.pill:hover:not(:disabled) { border-color: var(--accent); }
.pill.plain { border-color: transparent; background: none; color: var(--muted); }
.notes { font-size: 13px; color: var(--muted); display: flex; flex-direction: column; gap: 2px; }
details { font-size: 14px; }
summary { cursor: pointer; color: var(--muted); font-size: 13px; width: fit-content; padding: 4px 2px; }
summary:hover { color: var(--text); }
.how { display: grid; gap: 16px; padding: 14px 18px; margin-top: 6px; background: var(--surface); border: 1px solid var(--line); border-radius: 12px; }
.how dt { font-size: 12px; font-weight: 600; color: var(--muted); margin-bottom: 3px; }
.how dd { overflow-wrap: anywhere; }
.how dd + dd { margin-top: 6px; }
.how small { color: var(--muted); font-size: 12.5px; }
.how dd.times { display: flex; flex-wrap: wrap; gap: 2px 16px; font-variant-numeric: tabular-nums; font-size: 13px; }

/* where one writes */
.bar { border-top: 1px solid var(--line); background: var(--background); }
.bar .inner { max-width: 1120px; margin: 0 auto; padding: 12px clamp(12px, 3cqi, 40px) 16px; }
.composer { display: flex; flex-direction: column; background: var(--surface); border: 1px solid var(--line); border-radius: 20px; padding: 6px; transition: border-color .15s; }
.composer:focus-within { border-color: var(--accent); }
.composer textarea { border: 0; background: none; resize: none; outline: none; padding: 9px 12px 5px; width: 100%; max-height: 168px; min-height: 40px; line-height: 1.5; field-sizing: content; font-size: 16px; }
.composer textarea::placeholder { color: var(--muted); opacity: 1; }
.composer .row { gap: 2px; flex-wrap: nowrap; color: var(--muted); }
.composer .go { margin-inline-start: auto; background: var(--accent); color: var(--on-accent); border-radius: 50%; width: 38px; height: 38px; }
.composer .go:hover:not(:disabled) { background: color-mix(in srgb, var(--accent) 86%, var(--text)); color: var(--on-accent); }
.composer .go svg { stroke-width: 2.1; }
.attached { display: flex; flex-wrap: wrap; gap: 8px; padding: 6px 8px 2px; }
.attached:empty { display: none; }
.attached li { position: relative; display: inline-flex; align-items: center; gap: 8px; background: var(--tint); border-radius: 12px; padding: 4px 6px 4px 12px; font-size: 13px; }
.attached img, .attached video { width: 56px; height: 56px; object-fit: cover; border-radius: 8px; margin-inline-start: -8px; }
.attached .icon { width: 28px; height: 28px; }
.attached .icon svg { width: 14px; height: 14px; }
.attached .live { color: var(--warning); font-variant-numeric: tabular-nums; }
.attached .live::before { content: ""; width: 9px; height: 9px; border-radius: 50%; background: currentColor; animation: pulse 1.2s infinite; }
.complaint { color: var(--warning); font-size: 14px; padding: 8px 6px 0; }
.complaint:empty { display: none; }
:host(.dropping)::after { content: attr(data-drop); position: absolute; inset: 10px; border: 2px dashed var(--accent); border-radius: var(--radius); background: color-mix(in srgb, var(--background) 82%, transparent); display: grid; place-items: center; font-size: 20px; font-weight: 500; z-index: 3; }

/* two side by side */
dialog { border: 1px solid var(--line); border-radius: 18px; background: var(--surface); color: var(--text); padding: 0; width: min(760px, calc(100vw - 24px)); max-height: calc(100dvh - 40px); }
dialog::backdrop { background: rgb(0 0 0 / .45); }
dialog header { display: flex; align-items: center; justify-content: space-between; padding: 14px 14px 14px 22px; border-bottom: 1px solid var(--line); position: sticky; top: 0; background: var(--surface); }
dialog h2 { font-size: 18px; font-weight: 600; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 14px; }
th, td { text-align: start; vertical-align: top; padding: 10px 14px; border-top: 1px solid var(--line); overflow-wrap: anywhere; font-weight: 400; }
thead th { border: 0; font-weight: 600; font-size: 15px; }
thead .picture { border-radius: 10px; margin-bottom: 10px; }
tbody th { color: var(--muted); width: 24%; font-size: 13px; }
thead td { width: 24%; }
tr.differs td { background: var(--tint); }

@container (max-width: 560px) {
  .column { padding-block: 16px; }
  .turns { gap: 26px; }
  .cards { grid-template-columns: 1fr; gap: 12px; }
  .card { display: grid; grid-template-columns: 112px 1fr; grid-template-rows: 1fr auto auto; }
  .card .picture { aspect-ratio: auto; grid-row: 1 / 3; min-height: 132px; height: 100%; position: relative; }
  .card .picture img { position: absolute; inset: 0; }
  .card .body { padding: 12px 14px 4px; }
  .card .because { grid-column: 1 / -1; }
  .card .tools { padding: 0 4px 6px 6px; }
  .skeleton { min-height: 140px; }
  .said { max-width: 88%; }
  .samples { grid-template-columns: 1fr; gap: 10px; }
  .sample { flex-direction: row; align-items: center; }
  .sample .picture { width: 84px; aspect-ratio: 1; flex: none; }
  .message { font-size: 16px; }
  .bar .inner { padding-block: 8px 10px; }
  .icon { width: 40px; height: 40px; }
  .composer .go { width: 40px; height: 40px; }
}
@keyframes turn { to { rotate: 1turn; } }
@keyframes pulse { 50% { opacity: .25; } }
@keyframes shine { to { background-position: -240% 0; } }
@keyframes rise { from { opacity: 0; translate: 0 8px; } }
@media (prefers-reduced-motion: reduce) { *, *::before { animation: none !important; transition: none !important; } }
`;

const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);
export { sheet };
