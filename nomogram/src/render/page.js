"use strict";
(function () {
  const model = JSON.parse(document.getElementById("model").textContent);
  const byId = (id) => document.getElementById(id);
  const result = byId("result");
  const table = byId("table");
  // A value per predictor: a number, the position of a level, or null where there is no number.
  const values = [];

  function element(name, text, className) {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (className) e.className = className;
    return e;
  }

  // ---- The same sums, in the same order, as the library.

  function basis(predictor, value) {
    if (predictor.levels) return predictor.levels.slice(1).map((_, k) => (value === k + 1 ? 1 : 0));
    if (!predictor.knots) {
      const powers = [value];
      for (let d = 1; d < predictor.degree; d++) powers.push(powers[d - 1] * value);
      return powers;
    }
    const t = predictor.knots, k = t.length;
    const cube = (a) => { const d = Math.max(value - a, 0); return d * d * d; };
    const norm = (t[k - 1] - t[0]) * (t[k - 1] - t[0]), gap = t[k - 1] - t[k - 2];
    const out = [value];
    for (let j = 0; j < k - 2; j++) {
      const v = cube(t[j]) + ((t[k - 2] - t[j]) * cube(t[k - 1]) - (t[k - 1] - t[j]) * cube(t[k - 2])) / gap;
      out.push(v / norm);
    }
    return out;
  }

  const expit = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

  /// The axis of a group whose given values are the patient's, or come nearest to them.
  function nearestAxis(group) {
    let best = -1, least = Infinity;
    model.axes.forEach((axis, index) => {
      if (axis.group !== group) return;
      let sum = 0;
      model.groups[group].given.forEach((k, i) => {
        const at = axis.given[i];
        if (at.level !== undefined) sum += at.level === values[k] ? 0 : Infinity;
        else sum += Math.abs(values[k] - at.number) / (model.predictors[k].seen[1] - model.predictors[k].seen[0]);
      });
      if (best < 0 || sum < least) { best = index; least = sum; }
    });
    return best;
  }

  function beyond(value, range) {
    if (range && value < range[0]) return range[0];
    if (range && value > range[1]) return range[1];
    return null;
  }

  /// Where a value lies: within training, beyond it, or (along the axis) outside the axis.
  function position(k, axis) {
    const outside = axis ? beyond(values[k], axis.range) : null;
    if (outside !== null) return { kind: "outside", limit: outside };
    const limit = beyond(values[k], model.predictors[k].seen);
    return limit === null ? { kind: "within", limit: null } : { kind: "beyond", limit };
  }

  function compute() {
    const columns = model.predictors.map((p, k) => basis(p, values[k]));
    const row = model.factors.map((f) => f.reduce((product, [k, j]) => product * columns[k][j], 1));
    let lp = 0;
    row.forEach((x, i) => { lp += x * model.coefficients[i]; });
    let variance = 0;
    for (let j = 0; j < row.length; j++) for (let i = 0; i < row.length; i++) variance += row[i] * model.covariance[i][j] * row[j];
    const margin = model.z * Math.sqrt(Math.max(variance, 0));
    const terms = model.groups.map((group, g) => {
      let effect = 0;
      group.columns.forEach((c) => { effect += row[c] * model.coefficients[c]; });
      const axis = nearestAxis(g);
      return { axis, main: group.main, given: group.given, points: (effect - group.min_effect) * model.points_per_lp };
    });
    const positions = model.predictors.map(() => null);
    terms.forEach((t) => {
      positions[t.main] = position(t.main, model.axes[t.axis]);
      t.given.forEach((k) => { positions[k] = position(k, null); });
    });
    const total = terms.reduce((sum, t) => sum + t.points, 0);
    return { terms, positions, total, lp, lpLow: lp - margin, lpHigh: lp + margin, risk: expit(lp), low: expit(lp - margin), high: expit(lp + margin) };
  }

  // ---- The red marks on the drawings of the library.

  const SVG = "http://www.w3.org/2000/svg";
  const RED = "#c1121f", DOT = 8.5, ARROW = 26;
  function mark(parent, name, attributes) {
    const e = document.createElementNS(SVG, name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    parent.append(e);
    return e;
  }
  function set(e, attributes) { for (const key in attributes) e.setAttribute(key, attributes[key]); }

  function layer(svg, at) {
    const group = mark(svg, "g", { "class": "patient" });
    const path = { stroke: RED, "stroke-width": 2.5, "stroke-dasharray": "18 11" };
    const solid = { stroke: RED, "stroke-width": 3 };
    const dot = { r: DOT, stroke: "#ffffff", "stroke-width": 2, fill: RED };
    const terms = model.groups.map(() => ({
      reach: mark(group, "line", solid), up: mark(group, "line", path), head: mark(group, "path", { fill: RED }),
    }));
    const interval = mark(group, "path", { fill: RED, "fill-opacity": 0.35, stroke: RED, "stroke-width": 2 });
    const down = mark(group, "line", path);
    terms.forEach((t) => { t.dot = mark(group, "circle", dot); });
    return { at, group, terms, interval, down, total: mark(group, "circle", dot), risk: mark(group, "circle", dot) };
  }
  const layers = Array.from(document.querySelectorAll("#drawing svg")).map((svg, i) => layer(svg, model.drawings[i]));

  const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

  function ring(dot, isRing) {
    set(dot, isRing ? { fill: "#ffffff", stroke: RED, "stroke-width": 3 } : { fill: RED, stroke: "#ffffff", "stroke-width": 2 });
  }

  function moveTerm(at, e, term, outside) {
    const place = (p) => at.left + ((at.right - at.left) * p) / 100;
    const y = at.axes_y[term.axis], [low, high] = model.axes[term.axis].points;
    let x = place(clamp(term.points, 0, 100)), start = x;
    if (outside) {
      const end = Math.abs(low - term.points) < Math.abs(high - term.points) ? low : high;
      const outward = term.points < end ? -1 : 1;
      start = place(end);
      if (Math.abs(x - start) < ARROW) x = start + outward * ARROW;
    }
    set(e.reach, { x1: start, y1: y, x2: x, y2: y });
    set(e.up, { x1: x, y1: y, x2: x, y2: at.points_y + 12 });
    set(e.head, { d: "M" + x + " " + (at.points_y + 2) + "l-4.5 10h9z" });
    set(e.dot, { cx: start, cy: y });
    ring(e.dot, outside);
  }

  function move(c) {
    layers.forEach((l) => {
      l.group.style.display = c ? "" : "none";
      if (!c) return;
      const at = l.at;
      const place = (t) => at.left + ((at.right - at.left) * clamp(t, 0, at.total_max)) / at.total_max;
      const placeLp = (lp) => place((lp - model.intercept) * model.points_per_lp);
      c.terms.forEach((t, g) => moveTerm(at, l.terms[g], t, c.positions[t.main].kind === "outside"));
      const x = place(c.total), a = placeLp(c.lpLow), b = placeLp(c.lpHigh);
      set(l.down, { x1: x, y1: at.total_y, x2: x, y2: at.risk_y });
      set(l.total, { cx: x, cy: at.total_y });
      ring(l.total, c.total < 0 || c.total > at.total_max);
      set(l.risk, { cx: x, cy: at.risk_y });
      l.interval.style.display = model.interval ? "" : "none";
      set(l.interval, { d: "M" + a + " " + (at.risk_y - 7) + "V" + (at.risk_y + 7) + "H" + b + "V" + (at.risk_y - 7) + "z" });
    });
  }

  // ---- Words.

  const percent = (p) => (p < 0.0005 ? "<0.1" : p > 0.9995 ? ">99.9" : (100 * p).toFixed(1)) + "%";
  const short = (v) => (String(v).length <= 10 ? String(v) : String(Number(v.toPrecision(6))));
  const valueText = (k) => (model.predictors[k].levels ? model.predictors[k].levels[values[k]] : short(values[k]));

  function warning(k, p) {
    if (p.kind === "within") return "";
    const side = values[k] < p.limit ? "below" : "above";
    if (p.kind === "beyond") return "Warning: " + side + " all training values (limit " + short(p.limit) + ").";
    return "Warning: " + side + " the axis (" + short(p.limit) + "); points are extrapolated.";
  }

  /// Whether an interacting number lies between those of the axes.
  const isBetween = (t) => t.given.some((k, i) => {
    const at = model.axes[t.axis].given[i];
    return at.number !== undefined && at.number !== values[k];
  });

  function groupOf(risk) {
    let g = 0;
    while (g < model.boundaries.length && risk >= model.boundaries[g]) g++;
    return g;
  }

  function say(c) {
    result.textContent = "";
    result.append(element("p", model.risk_label + ": " + percent(c.risk), "risk"));
    const level = short(100 * model.level) + "% confidence interval ";
    result.append(element("p", level + percent(c.low) + " to " + percent(c.high)));
    result.append(element("p", "Total points: " + c.total.toFixed(1)));
    if (model.boundaries.length) result.append(element("p", "Risk group: " + model.group_names[groupOf(c.risk)]));
    if (model.cutoff !== null) result.append(element("p", (c.risk >= model.cutoff ? "At or above" : "Below") + " the cut-off of " + model.cutoff.toFixed(3)));
    const list = element("ul", undefined, "warnings");
    c.positions.forEach((p, k) => {
      const text = warning(k, p);
      byId("w" + k).textContent = text;
      if (text) list.append(element("li", model.predictors[k].label + ", " + valueText(k) + ". " + text));
    });
    c.terms.filter(isBetween).forEach((t) => {
      list.append(element("li", model.predictors[t.main].label + ": the points are exact, the drawing shows the nearest axis, " + model.axes[t.axis].label + "."));
    });
    if (list.childNodes.length) result.append(list);
  }

  function fillTable(c) {
    while (table.rows.length) table.deleteRow(0);
    const line = (cells, heads) => {
      const row = table.insertRow();
      cells.forEach((text, i) => {
        const scope = heads ? "col" : i === 0 ? "row" : null;
        const cell = element(scope ? "th" : "td", text);
        if (scope) cell.scope = scope;
        row.append(cell);
      });
    };
    line(["Predictor", "Value", "Points"], true);
    c.terms.forEach((t) => {
      const members = [t.main].concat(t.given);
      line([members.map((k) => model.predictors[k].label).join(" and "), members.map(valueText).join(", "), t.points.toFixed(1)]);
    });
    line(["Total points", "", c.total.toFixed(1)]);
  }

  function publish(c) {
    for (const key of Object.keys(result.dataset)) delete result.dataset[key];
    if (!c) return;
    const { risk, low, high, total } = c;
    Object.assign(result.dataset, {
      risk, low, high, total, points: JSON.stringify(c.terms.map((t) => t.points)), axes: JSON.stringify(c.terms.map((t) => t.axis)),
      positions: JSON.stringify(c.positions), group: groupOf(risk),
    });
  }

  function update() {
    const missing = values.map((v, k) => k).filter((k) => values[k] === null);
    const c = missing.length ? null : compute();
    if (c) {
      say(c);
      fillTable(c);
    } else {
      result.textContent = "";
      while (table.rows.length) table.deleteRow(0);
      result.append(element("p", "Enter a number for " + missing.map((k) => model.predictors[k].label).join(", ") + ".", "warnings"));
    }
    move(c);
    publish(c);
  }

  // ---- Controls.

  /// A number with as many decimals as tell thousandths of a range apart.
  function rounded(value, range) {
    const digits = 3 - Math.floor(Math.log10(range));
    return digits > 100 ? value : Number(value.toFixed(Math.max(digits, 0)));
  }

  function read(k, field) {
    const number = field.value === "" ? NaN : Number(field.value);
    const legal = Number.isFinite(number);
    values[k] = legal ? number : null;
    field.setAttribute("aria-invalid", legal ? "false" : "true");
    if (legal) byId("s" + k).setAttribute("aria-valuetext", field.value + (model.predictors[k].unit ? " " + model.predictors[k].unit : ""));
    else byId("w" + k).textContent = "Enter a number.";
    return legal;
  }

  model.predictors.forEach((predictor, k) => {
    const field = byId("p" + k), slider = byId("s" + k);
    if (predictor.levels) {
      values[k] = Number(field.value);
      field.addEventListener("change", () => { values[k] = Number(field.value); update(); });
      return;
    }
    read(k, field);
    field.addEventListener("input", () => {
      if (read(k, field)) slider.value = field.value;
      update();
    });
    slider.addEventListener("input", () => {
      // The number shown is the number used.
      field.value = rounded(Number(slider.value), slider.max - slider.min);
      read(k, field);
      update();
    });
  });
  byId("inputs").addEventListener("submit", (e) => e.preventDefault());
  update();
})();
