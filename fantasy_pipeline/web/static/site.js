"use strict";
(() => {
  // The same choice as in the report.
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (prefers.matches ? "dark" : "light")) === "dark";
  function stored(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }
  function label() {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
  }
  if (stored("theme")) root.dataset.theme = stored("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // The choice lasts until the page is closed.
    }
    label();
  });
  prefers.addEventListener("change", label);
  label();

  const main = document.getElementById("main");

  // A page of the present is fetched again; its ETag makes that cheap.
  async function refresh() {
    const inUse = main.contains(document.activeElement) || String(getSelection());
    if (document.hidden || inUse) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["#main", ".masthead h1 ~ *"]) {
      const [before, after] = [document, fresh].map((from) => from.querySelectorAll(part));
      before.forEach((element, at) => {
        if (after[at]) element.innerHTML = after[at].innerHTML;
      });
    }
  }
  // Progress as it happens; without it, the page still polls.
  function listen(heard) {
    if (!main.dataset.live) return;
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + main.dataset.live);
    let hasOpened = false;
    socket.addEventListener("open", () => (hasOpened = true));
    socket.addEventListener("message", (event) => heard(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      // A connection that breaks is opened again; one that is over, or never opened, is not.
      if (hasOpened && event.code !== 1000) setTimeout(() => listen(heard), 5000);
    });
  }

  if (main.dataset.refresh) {
    let waiting = [];
    listen(() => {
      waiting.forEach(clearTimeout);
      // The first request may get the page as it was, and makes the server renew it.
      waiting = [3000, 9000].map((later) => setTimeout(() => refresh().catch(() => {}), later));
    });
    setInterval(() => refresh().catch(() => {}), 1000 * Number(main.dataset.refresh));
  }

  const run = main.dataset.run;
  if (run && main.dataset.over === "false") follow(`/api/jobs/history/${run}`);

  function follow(address) {
    const lines = document.getElementById("lines");
    let cursor = main.dataset.cursor;

    function add(line) {
      const row = document.createElement("tr");
      row.className = line.level;
      for (const text of [line.at.slice(11, 19), line.level, line.step || "", line.message]) {
        row.insertCell().textContent = text;
      }
      row.cells[0].className = "meta";
      lines.append(row);
    }

    async function poll() {
      const answer = await fetch(`${address}/log?limit=500&cursor=${encodeURIComponent(cursor)}`);
      if (answer.ok) {
        const log = await answer.json();
        log.lines.forEach(add);
        cursor = log.cursor;
        if (log.is_over) return location.reload();
      }
      setTimeout(retry, 2000);
    }
    listen((message) => {
      const left = message.eta_seconds;
      document.getElementById("progress").textContent = [
        `${message.weeks_done} of ${message.weeks} weeks done`,
        message.asset && `making ${message.asset}`,
        left !== null && `about ${left < 90 ? `${Math.ceil(left)} s` : `${Math.round(left / 60)} min`} left`,
        message.warnings && `${message.warnings} warnings`,
      ].filter(Boolean).join(", ");
    });
    const retry = () => poll().catch(() => setTimeout(retry, 5000));
    retry();
  }
})();
