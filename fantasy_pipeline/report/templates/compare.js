// What is compared: it is in the file, or a server sends it after the page is shown.
async function background() {
  const element = document.getElementById("background");
  const { later } = element.dataset;
  return later ? (await fetch(later)).json() : JSON.parse(element.textContent);
}
// Compares players of the page; the chances are those of the command `compare`.
function comparison(numbers, rows, { season, late, scores, most, stats, players }) {
  const SCORINGS = Object.keys(numbers);
  const ORDINALS = ["Last", "2nd last", "3rd last", "4th last", "5th last"];
  const DASH = "\u2013";
  const form = document.getElementById("compare-form");
  const input = form.elements.player;
  const said = document.getElementById("compare-said");
  const table = document.getElementById("compared");
  const tray = document.getElementById("tray");
  const section = document.getElementById("compare");
  const all = rows.map((row) => ({ ...row, ...players[row.index] }));
  for (const player of all) {
    const { position, team } = player.element.dataset;
    player.about = team ? `${position} ${team}` : position;
    player.label = `${player.name}, ${player.about}`;
    player.pick = player.element.querySelector(".pick");
  }
  const byId = new Map(all.map((player) => [player.id, player]));
  let chosen = (stored("compared") || "").split(" ").filter((id) => byId.has(id)).slice(0, most);

  const scoring = () => document.documentElement.dataset.scoring;
  const pointsOf = (player) => numbers[scoring()].rows[player.index];
  const percent = (chance) => `${Math.round(100 * chance)}%`;

  // Equally likely points: two half-normals that meet at the median.
  function outcomes(player) {
    const [, low, median, high] = pointsOf(player);
    return scores.map((z) => median + z * (z > 0 ? high - median : median - low));
  }
  function chanceToOutscore(own, other) {
    let won = 0;
    for (const one of own) for (const two of other) won += one > two ? 1 : one === two ? 0.5 : 0;
    return won / (own.length * other.length);
  }
  // Players who tie for the most share the chance.
  function chanceOfMost(own, others) {
    let won = 0;
    for (const one of own) {
      let tied = [1];
      for (const other of others) {
        const below = other.filter((two) => two < one).length / other.length;
        const equal = other.filter((two) => two === one).length / other.length;
        tied = [...tied, 0].map((chance, count) =>
          chance * below + (count ? tied[count - 1] * equal : 0));
      }
      won += tied.reduce((sum, chance, count) => sum + chance / (count + 1), 0);
    }
    return won / own.length;
  }

  function bar(player) {
    const { scale } = numbers[scoring()];
    const [, low, median, high] = pointsOf(player);
    const share = (points) => Math.min(Math.max((100 * points) / scale, 0), 100);
    const drawn = document.createElement("div");
    drawn.className = "bar";
    drawn.setAttribute("aria-hidden", "true");
    drawn.style.cssText = `--a:${share(low)};--b:${share(high)};--m:${share(median)}`;
    drawn.append(document.createElement("i"), document.createElement("b"));
    return drawn;
  }
  function range(player) {
    const [, low, median, high] = pointsOf(player);
    const text = document.createElement("span");
    text.textContent = [low, median, high].map((points) => points.toFixed(1)).join(" / ");
    return [bar(player), text];
  }
  function restOf(player) {
    if (!player.rest) return [DASH];
    const [games, ...byScoring] = player.rest;
    const [total, low, high] = byScoring[SCORINGS.indexOf(scoring())].map(Math.round);
    return [`${total} (${low}${DASH}${high}) in ${games} game${games === 1 ? "" : "s"}`];
  }
  function earlier(player, number) {
    const game = player.games?.[number];
    if (!game) return [""];
    const [played, week, opponent, ...points] = game;
    const year = played === season ? "" : `${played} `;
    const where = `${year}week ${week}${opponent ? " " + opponent : ""}`;
    return [`${points[SCORINGS.indexOf(scoring())].toFixed(1)} `, small(where)];
  }
  function says(player, source) {
    const own = (player.says || []).find(([name]) => name === source);
    return own ? [`${own[1].toFixed(1)} `, small(own[2])] : [DASH];
  }
  function small(text) {
    const found = document.createElement("span");
    found.className = "meta";
    found.textContent = text;
    return found;
  }

  // Rows of the table: label, and the content of a player's cell.
  function lines(shown) {
    const drawn = shown.map(outcomes);
    const others = (index) => drawn.filter((_, number) => number !== index);
    const text = (value) => [value === undefined || value === "" ? DASH : String(value)];
    const time = (player) => player.element.querySelector(".opponent time")?.textContent ?? "";
    const found = [
      ["Game", (p) => text([p.element.querySelector(".against").textContent, time(p)].join(" "))],
      ["Points", (p) => text(pointsOf(p)[0].toFixed(1))],
      ["Floor / median / ceiling", range],
    ];
    if (shown.some((p) => pointsOf(p)[6] !== null)) {
      found.push(["Actual points", (p) => text(pointsOf(p)[6]?.toFixed(1))]);
    }
    if (shown.length > 1) {
      found.push(["Most points", (_, index) => text(percent(chanceOfMost(drawn[index], others(index))))]);
    }
    if (shown.length > 2) {
      shown.forEach((other, number) => found.push([
        `Over ${other.name}`,
        (_, index) =>
          text(index === number ? "" : percent(chanceToOutscore(drawn[index], drawn[number]))),
      ]));
    }
    found.push(
      ["Value", (p) => text(signed(pointsOf(p)[4]))],
      ["Implied total", (p) => text(p.total?.toFixed(1))],
      ["Spread", (p) => text(p.spread === undefined ? "" : signed(-p.spread))],
      ["Opponent allows", (p) => text(p.allows === undefined ? "" : `${signed(p.allows, 0)}%`)],
      ["Status", (p) => text(statusOf(p))],
    );
    stats.forEach((name, stat) => {
      if (shown.some((p) => p.line?.some(([one]) => one === stat))) {
        found.push([name, (p) => text(p.line?.find(([one]) => one === stat)?.[1].toFixed(1))]);
      }
    });
    for (const source of new Set(shown.flatMap((p) => (p.says || []).map(([name]) => name)))) {
      found.push([`${source} says`, (p) => says(p, source)]);
    }
    if (shown.some((p) => p.rest)) {
      const then = (p) => p.rest?.[1 + SCORINGS.indexOf(scoring())][3].toFixed(0);
      found.push(["Rest of season", restOf], [late, (p) => text(then(p))]);
    }
    const games = Math.max(...shown.map((p) => p.games?.length ?? 0));
    for (let number = 0; number < games; number += 1) {
      found.push([`${ORDINALS[number]} game`, (p) => earlier(p, number)]);
    }
    return found;
  }
  function statusOf(player) {
    const chance = player.element.querySelector(".chance")?.textContent;
    return [player.element.dataset.status, player.injury, chance].filter(Boolean).join(", ");
  }

  function cell(kind, role, content) {
    const made = document.createElement(kind);
    made.setAttribute("role", role);
    made.append(...content);
    return made;
  }
  function head(player) {
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "drop";
    drop.setAttribute("aria-label", `Remove ${player.name}`);
    drop.addEventListener("click", () => {
      toggle(player.id);
      input.focus();
    });
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = player.name;
    const made = cell("th", "columnheader", [name, drop, document.createElement("br"), small(player.about)]);
    made.scope = "col";
    return made;
  }
  function show() {
    const shown = chosen.map((id) => byId.get(id));
    table.hidden = !shown.length;
    table.style.setProperty("--players", shown.length);
    const top = cell("tr", "row", [cell("td", "cell", []), ...shown.map(head)]);
    table.tHead.replaceChildren(top);
    table.tBodies[0].replaceChildren(...(shown.length ? lines(shown) : []).map(([name, content]) => {
      const label = cell("th", "rowheader", [name]);
      label.scope = "row";
      const cells = shown.map((p, index) => cell("td", "cell", content(p, index)));
      const line = cell("tr", "row", [label, ...cells]);
      line.classList.toggle("points", name === "Points");
      return line;
    }));
    section.classList.toggle("none-chosen", !shown.length);
    document.getElementById("compare-clear").hidden = !shown.length;
    tray.hidden = !shown.length;
    tray.querySelector("span").textContent = shown.map((player) => player.name).join(", ");
    for (const player of all) {
      player.pick?.setAttribute("aria-pressed", chosen.includes(player.id));
    }
  }
  function choose(ids) {
    chosen = ids;
    store("compared", chosen.join(" "));
    show();
  }
  function toggle(id) {
    const { name } = byId.get(id);
    if (chosen.includes(id)) {
      choose(chosen.filter((one) => one !== id));
      said.textContent = `${name} removed.`;
    } else if (chosen.length === most) {
      said.textContent = `Up to ${most} players: remove one to add ${name}.`;
      return false;
    } else {
      choose([...chosen, id]);
      said.textContent = `${name} added: ${chosen.length} of ${most} players.`;
    }
    return true;
  }
  function find(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return [];
    const exact = all.filter((p) => [p.label, p.name].some((one) => one.toLowerCase() === wanted));
    return exact.length ? exact : all.filter((p) => p.label.toLowerCase().includes(wanted));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const found = find(input.value);
    if (found.length === 1) {
      if (chosen.includes(found[0].id)) said.textContent = `${found[0].name} is compared already.`;
      else if (!toggle(found[0].id)) return;
      input.value = "";
    } else if (found.length) {
      const names = found.slice(0, 5).map((player) => player.label).join("; ");
      said.textContent = `${found.length} players: ${names}${found.length > 5 ? " \u2026" : ""}`;
    } else said.textContent = input.value.trim() ? "No listed player has this name." : "Type a name.";
  });
  document.getElementById("compare-clear").addEventListener("click", () => {
    choose([]);
    said.textContent = "No players.";
    input.focus();
  });
  for (const { id, pick } of all) {
    if (!pick) continue;
    pick.addEventListener("click", () => toggle(id));
    pick.hidden = false;
  }
  for (const button of document.querySelectorAll("[data-compare]")) {
    button.addEventListener("click", () => {
      choose(button.dataset.compare.split(" ").filter((id) => byId.has(id)));
      section.scrollIntoView();
      document.getElementById("h-compare").focus({ preventScroll: true });
    });
    button.hidden = false;
  }
  document.getElementById("listed-players").append(...all.map((player) => {
    const option = document.createElement("option");
    option.value = player.label;
    return option;
  }));
  // The tray points to the comparison while that is out of sight.
  new IntersectionObserver(([seen]) => tray.classList.toggle("near", seen.isIntersecting))
    .observe(section);
  section.classList.add("ready");
  show();
  return show;
}
