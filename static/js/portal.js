// RevOps Portal: keyboard, palette, countdowns, toasts, retry. Every action here also works as a plain form or link.
(() => {
  "use strict";
  const body = document.body;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const meta = (name) => one(`meta[name="${name}"]`)?.content;
  const make = (tag, props = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), props);
    element.append(...children);
    return element;
  };
  const seen = (element) => !!element && !element.disabled && element.checkVisibility(); // what lies in closed details has boxes, too
  const ICONS = body.dataset.icons || "";
  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${ICONS}#${name}`);
    svg.append(use);
    return svg;
  };

  // --- Saying things: one polite region, toasts that never take the focus -----------------------------------------
  const TOAST_MS = 10000;
  const announce = (words) => {
    const region = one("#announce");
    if (!region || !words) return;
    region.textContent = "";
    setTimeout(() => { region.textContent = words; }, 30);
  };
  const startToast = (item) => {
    if (item.dataset.started) return;
    item.dataset.started = "1";
    let timer = setTimeout(() => item.remove(), Number(item.dataset.toastMs) || TOAST_MS);
    for (const kind of ["mouseenter", "focusin"]) item.addEventListener(kind, () => clearTimeout(timer));
    for (const kind of ["mouseleave", "focusout"]) {
      item.addEventListener(kind, () => { timer = setTimeout(() => item.remove(), 4000); });
    }
  };
  const toast = (words, name = "circle-check", keep = false) => {
    const item = make("div", { className: "toast-item" }, icon(name), make("span", { textContent: words }));
    item.dataset.toast = "";
    if (keep) item.dataset.toastMs = 3600000;
    one("#toasts")?.append(item);
    return item;
  };
  const toasts = one("#toasts");
  if (toasts) {
    new MutationObserver(() => all("[data-toast]", toasts).forEach(startToast)).observe(toasts, { childList: true });
    all("[data-toast]", toasts).forEach(startToast);
  }
  body.addEventListener("toast", (event) => toast(event.detail.text || event.detail.value, event.detail.icon));
  body.addEventListener("announce", (event) => announce(event.detail.text || event.detail.value));

  // --- Countdowns: one tick a second against the clock of the server ----------------------------------------------
  const offset = meta("server-now") ? Date.parse(meta("server-now")) - Date.now() : 0;
  const SHAPES = { on_track: "clock", soon: "hourglass", urgent: "alarm", late: "alert-triangle" };
  const span = (seconds) => {
    const days = Math.floor(seconds / 86400), hours = Math.floor(seconds / 3600) % 24, minutes = Math.floor(seconds / 60) % 60;
    if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
    if (hours) return minutes ? `${hours} h ${minutes} m` : `${hours} h`;
    return minutes ? `${minutes} m` : `${seconds} s`;
  };
  const stateOf = (left, whole) => {
    if (left < 0) return "late";
    if (left < 900 || (whole && left < whole / 10)) return "urgent";
    return whole && left < whole / 2 ? "soon" : "on_track";
  };
  const tick = () => {
    const now = Date.now() + offset;
    for (const time of all("time[data-countdown]")) {
      const due = Date.parse(time.dateTime);
      const left = Math.floor((due - now) / 1000);
      const whole = time.dataset.started ? (due - Date.parse(time.dataset.started)) / 1000 : 0;
      const words = left < 0 ? `late by ${span(-left)}` : `${span(left)} left`;
      if (time.textContent !== words) time.textContent = words;
      const box = time.closest("[data-countdown-box]");
      const state = stateOf(left, whole);
      if (box && !box.classList.contains(`countdown-${state}`)) {
        box.className = `countdown countdown-${state}`;
        one("use", box)?.setAttribute("href", `${ICONS}#${SHAPES[state]}`);
      }
    }
  };
  setInterval(tick, 1000);

  // --- Posts: never twice, never lost ------------------------------------------------------------------------------
  const waiting = new Set();
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const persistent = (url, options) => {
    const request = { ...options };
    delete request.signal;
    const key = Symbol(url);
    waiting.add(key);
    const attempt = async (round, notice) => {
      let response = null;
      try { response = await fetch(url, request); } catch { /* no network: try again below */ }
      if (response && ![502, 503, 504].includes(response.status)) {
        waiting.delete(key);
        notice?.remove();
        if (notice) toast("Saved after a retry");
        return response;
      }
      notice ??= toast("Not saved yet — retrying", "wifi-off", true);
      await pause(Math.min(15000, 1000 * 2 ** round));
      return attempt(round + 1, notice);
    };
    return attempt(0, null);
  };
  addEventListener("beforeunload", (event) => { if (waiting.size) event.preventDefault(); });

  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    const source = ctx.sourceElement;
    if (ctx.request.method !== "GET" && meta("csrf-token")) ctx.request.headers["X-CSRFToken"] = meta("csrf-token");
    const form = source.closest("form");
    const key = form && one('input[name="idempotency_key"]', form)?.value;
    if (key) ctx.request.headers["Idempotency-Key"] = key;
    if (source.closest("[data-retry]")) {
      ctx.fetch = persistent;
      ctx.request.timeout = 0;
    }
  });
  document.addEventListener("htmx:error", (event) => {
    const source = event.detail.ctx?.sourceElement;
    if (source && !source.closest("[data-retry]") && !source.hasAttribute("data-quiet")) {
      toast("No connection. Nothing was changed; try again.", "wifi-off");
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => all("button:not([type=button])", form).forEach((button) => button.setAttribute("aria-disabled", "true")));
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("[aria-disabled]", form).forEach((button) => button.removeAttribute("aria-disabled"));
  }));
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    const folds = form && seen(one(".filter-fold", form)); // where filters are folded, several are set at once and its button sends them
    if (form && !folds && event.target.matches("select,input[type=checkbox],input[type=radio],input[type=date]")) form.requestSubmit();
  });
  const reach = () => { // what scrolls sideways can be scrolled by keys
    for (const box of all(".table-scroll:not([role])")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", reach);
  reach();
  const settle = (root) => {
    const spot = one("[data-autofocus]", root) || (root.matches?.("[data-autofocus]") ? root : null);
    spot?.focus({ preventScroll: false });
    all("[data-announce]", root).concat(root.matches?.("[data-announce]") ? [root] : []).forEach((element) => announce(element.dataset.announce));
    tick();
    reach();
  };
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx?.target;
    settle(target?.isConnected ? target : body);
  });

  // --- Keys --------------------------------------------------------------------------------------------------------
  const typing = (element) => element?.matches?.("input:not([type=checkbox],[type=radio],[type=button],[type=submit]),textarea,select,[contenteditable=true]");
  const named = (event) => (event.key === " " ? "space" : event.key.length === 1 ? event.key.toLowerCase() : event.key);
  const scopes = () => all("[data-key-scope]").filter(seen);
  const findKey = (key) => {
    const open = scopes().pop();
    const has = (element) => element.dataset.key.split(" ").includes(key) && seen(element.matches("form") ? element.parentElement : element);
    const found = open && all("[data-key]", open).find(has);
    if (found || open?.dataset.keyScope === "only") return found;
    return all("[data-key]").filter((element) => !element.closest("[data-key-scope]")).findLast(has);
  };
  const press = (element) => {
    if (element.matches("form")) element.requestSubmit();
    else if (element.matches("input:not([type=radio],[type=checkbox]),select,textarea")) element.focus();
    else if (element.matches("details")) element.open = !element.open;
    else element.click();
  };
  const move = (by) => {
    const list = all("[data-list]").find(seen);
    const items = list ? all("[data-list-item]", list).filter(seen) : [];
    if (!items.length) return false;
    const at = items.findIndex((item) => item === document.activeElement || item.hasAttribute("aria-current"));
    const next = items[Math.max(0, Math.min(items.length - 1, at + by))];
    next.focus();
    if (list.hasAttribute("data-list-follow") && next !== items[at]) next.click();
    return true;
  };
  const close = () => {
    const menu = all("details.menu[open]").pop();
    if (menu) { menu.open = false; one("summary", menu).focus(); return true; }
    const sheet = scopes().pop();
    const button = sheet && one("[data-close]", sheet);
    if (button) { button.click(); return true; }
    return false;
  };
  const palette = one("#palette"), help = one("#shortcut-help");
  let leader = 0;
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const mode = body.dataset.shortcuts || "on";
    const key = named(event);
    if ((event.ctrlKey || event.metaKey) && key === "k" && palette) { event.preventDefault(); openPalette(); return; }
    if (key === "Escape") {
      if (typing(document.activeElement)) document.activeElement.blur();
      if (!one("dialog[open]")) close();
      return;
    }
    if (mode === "off" || typing(event.target) || one("dialog[open]")) return;
    if (event.ctrlKey && key === "z" && !event.shiftKey) { const undo = findKey("z"); if (undo) { event.preventDefault(); press(undo); } return; }
    if (event.ctrlKey || event.metaKey || (mode === "alt") !== event.altKey) return;
    const typed = mode === "alt" && /^(Key|Digit)/.test(event.code) ? event.code.slice(-1).toLowerCase() : key;
    if (Date.now() - leader < 1500) {
      leader = 0;
      const link = one(`a[data-go="g ${typed}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); return; }
    }
    const element = findKey(typed);
    if (element) { if (!event.repeat || element.hasAttribute("data-key-repeat")) { event.preventDefault(); press(element); } return; }
    if (typed === "g") { leader = Date.now(); return; }
    if (typed === "/") { event.preventDefault(); one("[data-search]")?.focus(); return; }
    if (typed === "?" && help) { event.preventDefault(); openHelp(); return; }
    if ((typed === "j" || typed === "ArrowDown") && move(1)) event.preventDefault();
    if ((typed === "k" || typed === "ArrowUp") && move(-1)) event.preventDefault();
  });

  // --- Help and palette: built from what the page offers ----------------------------------------------------------
  const actions = () => all("[data-key],[data-palette]").filter((element) => seen(element) && !element.closest("dialog")).map((element) => ({
    element,
    keys: element.dataset.key || "",
    label: element.dataset.palette || element.dataset.keyLabel || element.getAttribute("aria-label") || element.textContent.replace(element.querySelector("kbd")?.textContent || "\0", "").trim(),
  })).filter((action) => action.label);
  const keysOf = (text) => text.split(" ").filter(Boolean).map((key) => make("kbd", { textContent: key.length === 1 ? key.toUpperCase() : key }));
  const openHelp = () => {
    const box = one("[data-page-keys]", help), list = one("dl", box);
    list.replaceChildren(...actions().filter((action) => action.keys).map((action) =>
      make("div", {}, make("dt", { textContent: action.label }), make("dd", {}, ...keysOf(action.keys)))));
    box.hidden = !list.children.length;
    help.showModal();
  };
  const input = palette && one("input", palette), list = palette && one("[data-palette-list]", palette), found = palette && one("[data-palette-found]", palette);
  const openPalette = () => {
    if (palette.open) { palette.close(); return; }
    all("[data-action-row]", list).forEach((row) => row.remove());
    list.prepend(...actions().map((action) => {
      const button = make("button", { type: "button" }, icon("bolt"), make("span", { textContent: action.label }), ...keysOf(action.keys.split(" ")[0] || ""));
      button.addEventListener("click", () => { palette.close(); press(action.element); });
      const row = make("li", {}, button);
      row.dataset.paletteRow = row.dataset.actionRow = "";
      return row;
    }));
    input.value = "";
    narrow();
    palette.showModal();
    input.focus();
  };
  let search = 0, running = null;
  const narrow = () => {
    const words = input.value.trim().toLowerCase();
    for (const row of all("[data-palette-row]", list)) row.hidden = !row.textContent.toLowerCase().includes(words);
    clearTimeout(search);
    running?.abort();
    if (words.length < 2) { found.hidden = true; found.replaceChildren(); return; }
    search = setTimeout(async () => {
      running = new AbortController();
      try {
        const answer = await fetch(`${input.dataset.searchUrl}?q=${encodeURIComponent(words)}`, { headers: { "HX-Request": "true" }, signal: running.signal });
        if (!answer.ok) return;
        const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
        found.replaceChildren(...all("li", parsed));
        found.hidden = !found.children.length;
      } catch { /* a newer search took over, or no network: the pages and actions are still there */ }
    }, 150);
  };
  if (palette) {
    input.addEventListener("input", narrow);
    palette.addEventListener("keydown", (event) => {
      const rows = all("a,button", palette).filter(seen);
      const at = rows.indexOf(document.activeElement);
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        (rows[at + (event.key === "ArrowDown" ? 1 : -1)] || input).focus();
      } else if (event.key === "Enter" && document.activeElement === input) {
        event.preventDefault();
        rows[0]?.click();
      }
    });
  }
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) { document.getElementById(opener.dataset.openDialog)?.showModal(); return; }
    if (event.target.matches("dialog")) {
      const box = event.target.getBoundingClientRect();
      if (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom) event.target.close();
    }
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    const copier = event.target.closest("[data-copy],[data-copy-text]");
    if (copier) {
      const words = copier.dataset.copyText ?? one(copier.dataset.copy)?.innerText ?? "";
      navigator.clipboard?.writeText(words).then(() => toast("Copied", "copy"), () => toast("Select the text and copy it by hand", "copy"));
    }
  });

  // --- Look and shortcuts of this person: at once here, kept by the server -----------------------------------------
  one("form[data-display-settings]")?.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.name) return;
    event.preventDefault();
    const form = event.target, data = new FormData(form, button);
    if (button.name === "theme") {
      if (button.value === "auto") delete document.documentElement.dataset.bsTheme;
      else document.documentElement.dataset.bsTheme = button.value;
    } else body.dataset.shortcuts = button.value;
    for (const other of all(`button[name="${button.name}"]`, form)) other.setAttribute("aria-pressed", other === button);
    fetch(form.action, { method: "POST", body: data, redirect: "manual" }).catch(() => toast("Not kept: no connection", "wifi-off"));
  }, true);

  // --- Chart tooltips: the same words stand in the table -----------------------------------------------------------
  let tip = null;
  document.addEventListener("pointerover", (event) => {
    const mark = event.target.closest?.("[data-tip]");
    if (!mark) { tip?.remove(); tip = null; return; }
    tip ??= make("div", { className: "chart-tip" });
    tip.textContent = mark.dataset.tip;
    body.append(tip);
    const box = mark.getBoundingClientRect(), own = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(innerWidth - own.width - 8, box.left + box.width / 2 - own.width / 2))}px`;
    tip.style.top = `${box.top - own.height - 6 > 0 ? box.top - own.height - 6 : box.bottom + 6}px`;
  });

  // On a phone a row of tabs scrolls: begin at the chosen one.
  for (const tab of all(".tabs [aria-current]")) tab.parentNode.scrollLeft = tab.offsetLeft - tab.parentNode.offsetLeft - 48;

  // Whoever was quicker than the scripts: what they changed meanwhile is sent now, once htmx has begun.
  const changed = (field) => field.options
    ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
    : field.value !== field.defaultValue;
  setTimeout(() => all('[hx-trigger="change"]').filter(changed).forEach((field) => htmx.trigger(field, "change")));

  settle(body);
})();
