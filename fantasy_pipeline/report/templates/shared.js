"use strict";
// What the scripts of both pages need.

// Some browsers have no storage for local files.
function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
function store(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The choice lasts until the page is closed.
  }
}
function signed(value, digits = 1) {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : (value > 0 ? "+" : "\u2212") + text;
}
// Kick-offs in the reader's time zone.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleString("en", {
    weekday: "short", hour: "numeric", minute: "2-digit",
  });
  time.title = at.toLocaleString("en", { dateStyle: "full", timeStyle: "long" });
}
