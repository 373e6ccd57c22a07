// The rep's desk: small comforts on top of plain links, forms and details elements.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  let fresh = null; // the field that was just entered: what is typed first replaces what stood there

  // Sheets: a close button closes its details and gives the focus back; an opened sheet offers its first field.
  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-close]");
    const holder = closer?.closest("details");
    if (holder) { holder.open = false; one("summary", holder)?.focus(); return; }
    const item = event.target.closest("#queue-list [data-list-item]");
    if (item && !event.ctrlKey && !event.metaKey) {
      all("#queue-list [aria-current]").forEach((other) => other.removeAttribute("aria-current"));
      item.setAttribute("aria-current", "true");
    }
  });
  const offer = (sheet) => {
    if (!sheet.matches?.("details") || !sheet.open || one(":is(input,select,textarea):focus", sheet)) return; // a key was faster
    one("[data-focus]", sheet)?.focus();
  };
  document.addEventListener("toggle", (event) => offer(event.target), true);
  document.addEventListener("click", (event) => { // a key opened it: the next key must find the focus where it belongs
    const summary = event.target.closest("summary");
    if (summary) queueMicrotask(() => offer(summary.parentElement));
  });
  document.addEventListener("focusin", (event) => {
    if (!event.target.matches?.(".code input[type=text],.code input[type=number]")) return;
    event.target.select();
    fresh = event.target;
  });

  // An open family: who simply writes answers its usual reason, the first; digits choose the others.
  document.addEventListener("keydown", (event) => {
    const field = one("details.family[open] input[data-usual]");
    if (!field || (document.body.dataset.shortcuts || "on") !== "on" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!/^\p{L}$/u.test(event.key) || document.activeElement.matches("input,textarea,select")) return;
    field.focus();
    event.stopPropagation();
    if (event.isTrusted) return; // the letter goes to the field by itself
    event.preventDefault();
    type(field, event.key);
  }, true);

  // The next two cards are fetched while the present one is read; the nearer is shown at once when it is decided.
  const ahead = new Map();
  const comingUp = () => {
    const next = one("#queue-list [aria-current]")?.closest("li")?.nextElementSibling;
    return [next, next?.nextElementSibling].map((row) => row && one("a", row)?.getAttribute("hx-get")).filter(Boolean);
  };
  const fetchAhead = async () => {
    const wanted = comingUp();
    [...ahead.keys()].filter((url) => !wanted.includes(url)).forEach((url) => ahead.delete(url));
    for (const url of wanted.filter((one) => !ahead.has(one))) {
      ahead.set(url, "");
      try {
        const answer = await fetch(url, { headers: { "HX-Request": "true" } });
        if (ahead.has(url)) ahead.set(url, answer.ok ? await answer.text() : "");
      } catch { ahead.delete(url); /* the answer to the decision brings the card */ }
    }
  };
  // Who comes back from a call is asked how it went.
  let called = false;
  document.addEventListener("click", (event) => { if (event.target.closest("a[href^='tel:']")) called = true; });
  const cameBack = () => {
    if (!called || document.visibilityState !== "visible") return;
    called = false;
    const log = one(".lead-actions [data-attempts]:not([open]) > summary");
    log?.click();
    one("[data-attempts] button[name=try]")?.focus();
  };
  document.addEventListener("visibilitychange", cameBack);
  addEventListener("focus", cameBack);

  let timer = 0;
  const plan = () => { clearTimeout(timer); timer = setTimeout(fetchAhead, 350); };
  document.addEventListener("submit", (event) => {
    const detail = one("#detail");
    const html = ahead.get(comingUp()[0]);
    if (!detail || !event.target.hasAttribute("hx-post") || !one("[data-decision]", event.target) || !html) return;
    const coming = new DOMParser().parseFromString(html, "text/html").body;
    all(".lead-actions,script", coming).forEach((part) => part.remove());
    all("[id]", coming).forEach((part) => part.removeAttribute("id"));
    all("[data-key],[hx-get]", coming).forEach((part) => { part.removeAttribute("data-key"); part.removeAttribute("hx-get"); });
    const preview = document.createElement("div");
    preview.className = "card-ahead";
    preview.setAttribute("aria-hidden", "true");
    preview.append(...coming.childNodes);
    all(":scope > *", detail).forEach((part) => { part.hidden = true; });
    detail.append(preview);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.hasAttribute("hx-post")) event.target.closest("[data-toast]")?.classList.add("is-used");
  });
  // Keys pressed while the card ahead is shown, or before htmx has taken over the new forms, wait; then they meet the
  // real card, in their order.
  let early = [];
  const waits = () => one(".card-ahead") || (window.htmx && one("#detail form[hx-post]:not([data-htmx-powered])"));
  addEventListener("keydown", (event) => {
    // What waits keeps its turn: no later key may overtake it. Only what a person pressed waits, not what is played again.
    if (!event.isTrusted || !(early.length || waits()) || event.isComposing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!event.repeat && early.length < 500) early.push({ at: Date.now(), key: event.key, code: event.code, altKey: event.altKey });
    if (!one(".card-ahead")) setTimeout(replay, 20);
  }, true);
  const type = (field, key) => {
    if (key === "Enter") field.form?.requestSubmit();
    else if (field.selectionStart === null) field.value = fresh === field ? key : field.value + key;
    else field.setRangeText(key, field.selectionStart, field.selectionEnd, "end");
    fresh = null;
  };
  const replay = () => {
    if (!early.length || waits()) {
      if (early.length && !one(".card-ahead")) setTimeout(replay, 20);
      return;
    }
    const { at, ...key } = early.shift();
    const focused = document.activeElement;
    if (Date.now() - at <= 5000) {
      const writes = focused.matches("input:not([type=radio],[type=checkbox]),textarea") && (key.key === "Enter" || key.key.length === 1);
      if (writes) type(focused, key.key);
      else if (key.key === "Enter" && focused.matches("button,a,summary")) focused.click();
      else focused.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
    }
    if (early.length) setTimeout(replay); // one at a time: what a key opens takes the focus before the next one comes
  };
  // While the old sheet is open, a new one of the same name would not open: the browser lets only one of them.
  document.addEventListener("htmx:before:swap", () => all("#workspace details[open]").forEach((sheet) => sheet.removeAttribute("name")));
  document.addEventListener("htmx:after:swap", () => {
    all("#toasts .is-used").forEach((toast) => toast.remove());
    one("#detail .card-ahead")?.remove();
    all("#detail > [hidden]").forEach((part) => { part.hidden = false; });
    plan();
    setTimeout(replay);
  });
  plan();
})();
