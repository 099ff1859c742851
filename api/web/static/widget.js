// One script tag: <script src="https://your-tastemaker/widget.js" async></script>, then <taste-maker></taste-maker>.
// Loads the element's modules from where this file came from; that is also where requests go, unless `endpoint` says otherwise.
(() => {
  const script = document.currentScript ?? document.querySelector('script[src*="widget.js"]');
  import(new URL("web/widget/element.js", script.src).href);
})();
