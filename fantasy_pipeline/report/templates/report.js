(() => {
  const numbers = JSON.parse(document.getElementById("numbers").textContent);
  const table = document.getElementById("ranked-players");
  const body = table.tBodies[0];
  const controls = document.getElementById("controls");
  const more = document.getElementById("more");
  const SHOWN_AT_FIRST = 40;
  const VALUE = "4";
  const FLEX = ["RB", "WR", "TE"];
  let sort = { key: VALUE, up: false };
  let all = false;
  let printing = false;
  let showComparison = () => {};

  const wordsOf = (element) =>
    ["summary, .summary", "td.status"]
      .map((place) => element.querySelector(place).textContent.toLowerCase()).join(" ");
  const rows = [...body.rows].map((element) => ({
    element,
    index: Number(element.dataset.i),
    position: element.dataset.position,
    name: element.querySelector(".name").textContent,
    text: wordsOf(element),
    opponent: element.querySelector(".against").textContent.replace(/^[@v] /, ""),
    status: element.querySelector(".status").textContent.trim(),
    out: element.classList.contains("out"),
    id: element.dataset.id,
  }));
  const mine = new Set(JSON.parse(stored("mine") || "[]"));
  const cell = (row, name) => row.element.querySelector("td." + name);

  function showScoring(scoring) {
    const { scale, rows: data } = numbers[scoring];
    document.documentElement.dataset.scoring = scoring;
    const share = (points) => Math.min(Math.max((100 * points) / scale, 0), 100);
    document.getElementById("axis-middle").textContent = scale / 2;
    document.getElementById("axis-end").textContent = scale;
    for (const row of rows) {
      const [points, low, median, high, value, tier, actual, rank] = (row.numbers =
        data[row.index]);
      row.element.querySelector(".meta b").textContent = row.position + (rank || "");
      cell(row, "points").textContent = points.toFixed(1);
      cell(row, "low").textContent = low.toFixed(1);
      cell(row, "high").textContent = high.toFixed(1);
      cell(row, "value").textContent = signed(value);
      cell(row, "tier").textContent = tier || "\u2013";
      const bar = row.element.querySelector(".bar");
      bar.style.setProperty("--a", share(low));
      bar.style.setProperty("--b", share(high));
      bar.style.setProperty("--m", share(median));
      bar.setAttribute(
        "aria-label",
        `${low.toFixed(1)} to ${high.toFixed(1)}, median ${median.toFixed(1)}`,
      );
      if (actual !== null) {
        bar.style.setProperty("--x", share(actual));
        const shown = cell(row, "actual");
        if (shown) shown.textContent = actual.toFixed(1);
      }
    }
  }

  function compare(one, other) {
    if (one.out !== other.out) return one.out ? 1 : -1;
    const column = Number(sort.key);
    if (Number.isNaN(column)) {
      // Rows without text go last in both directions.
      if (!one[sort.key] !== !other[sort.key]) return one[sort.key] ? -1 : 1;
      return (sort.up ? 1 : -1) * one[sort.key].localeCompare(other[sort.key]);
    }
    const [a, b] = [one.numbers[column], other.numbers[column]];
    if ((a === null) !== (b === null)) return a === null ? 1 : -1;
    return (sort.up ? a - b : b - a) || other.numbers[0] - one.numbers[0];
  }

  function matches(row, position, words) {
    const wanted =
      position === "All" || row.position === position ||
      (position === "Flex" && FLEX.includes(row.position));
    if (controls.elements.mine.checked && !mine.has(row.id)) return false;
    return wanted && words.every((word) => row.text.includes(word));
  }

  const positions = [...controls.elements.position].map((input) => input.value);
  const positionOrder = (row) => positions.indexOf(row.position);

  function show() {
    const position = controls.elements.position.value;
    const words = controls.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = rows.filter((row) => matches(row, position, words)).sort(compare);
    // A printed page has no position filter: print the positions one after another.
    if (printing) chosen.sort((one, other) => positionOrder(one) - positionOrder(other));
    const filtered = words.length || controls.elements.mine.checked;
    const shown = all || printing || filtered ? chosen : chosen.slice(0, SHOWN_AT_FIRST);
    const one = printing || !["All", "Flex"].includes(position);
    const tiered = one && ["0", VALUE].includes(sort.key) && !sort.up;
    for (const row of rows) row.element.hidden = true;
    let tier = null;
    let before = null;
    let first = 0;
    shown.forEach((row, index) => {
      if (printing && before !== row.position) [tier, first] = [null, index];
      before = row.position;
      const rank = index - first;
      row.element.hidden = false;
      row.element.cells[0].firstElementChild.textContent = row.out ? "" : rank + 1;
      row.element.classList.toggle("new-tier", tiered && tier !== null && row.numbers[5] !== tier);
      tier = row.numbers[5];
    });
    body.append(...shown.map((row) => row.element));
    more.hidden = shown.length === chosen.length;
    more.textContent = `Show all ${chosen.length}`;
    document.getElementById("count").textContent =
      chosen.length ? `${chosen.length} players` : "No players match.";
    for (const head of table.querySelectorAll("th[data-sort]")) {
      if (head.dataset.sort === sort.key) {
        head.setAttribute("aria-sort", sort.up ? "ascending" : "descending");
      } else head.removeAttribute("aria-sort");
    }
  }

  for (const head of table.querySelectorAll("th[data-sort]")) {
    head.querySelector("button").addEventListener("click", () => {
      const key = head.dataset.sort;
      const words = Number.isNaN(Number(key));
      const first = words || key === "5";
      sort = { key, up: sort.key === key ? !sort.up : first };
      show();
    });
  }
  function showStar(row) {
    row.element.querySelector(".star").setAttribute("aria-pressed", mine.has(row.id));
  }
  for (const row of rows) {
    row.element.querySelector(".star").addEventListener("click", () => {
      if (!mine.delete(row.id)) mine.add(row.id);
      store("mine", JSON.stringify([...mine]));
      showStar(row);
      if (controls.elements.mine.checked) show();
    });
    showStar(row);
  }
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", (event) => {
    if (event.target.name === "scoring") {
      showScoring(event.target.value);
      store("scoring", event.target.value);
      showComparison();
    }
    if (event.target.name === "position") all = false;
    show();
  });
  more.addEventListener("click", () => {
    all = true;
    show();
  });

  const theme = document.getElementById("theme");
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme || (prefers.matches ? "dark" : "light")) === "dark";
  function label() {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
  }
  if (stored("theme")) root.dataset.theme = stored("theme");
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    store("theme", root.dataset.theme);
    label();
  });
  prefers.addEventListener("change", label);
  for (const [event, now] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      printing = now;
      show();
    });
  }

  label();
  if (stored("scoring") in numbers) controls.elements.scoring.value = stored("scoring");
  showScoring(controls.elements.scoring.value);
  show();
  background().then((found) => {
    showComparison = comparison(numbers, rows, found);
  });
})();
