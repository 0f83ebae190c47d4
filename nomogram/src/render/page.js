"use strict";
(function () {
  const model = JSON.parse(document.getElementById("model").textContent);
  const form = document.getElementById("inputs");
  const result = document.getElementById("result");
  const drawing = document.getElementById("drawing");
  const state = [];

  function element(name, attributes, text) {
    const e = document.createElement(name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    if (text !== undefined) e.textContent = text;
    return e;
  }

  function basis(term, value) {
    if (term.levels) return term.levels.slice(1).map((_, k) => (value === k + 1 ? 1 : 0));
    if (!term.knots) return [value];
    const t = term.knots, k = t.length;
    const cube = (a) => Math.pow(Math.max(value - a, 0), 3);
    const out = [value];
    for (let j = 0; j < k - 2; j++) {
      const v = cube(t[j]) + ((t[k - 2] - t[j]) * cube(t[k - 1]) - (t[k - 1] - t[j]) * cube(t[k - 2])) / (t[k - 1] - t[k - 2]);
      out.push(v / Math.pow(t[k - 1] - t[0], 2));
    }
    return out;
  }

  const expit = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

  function compute() {
    const row = [1], points = [];
    let column = 1;
    model.terms.forEach((term, i) => {
      const x = basis(term, state[i]);
      let effect = 0;
      x.forEach((v) => { effect += v * model.beta[column++]; row.push(v); });
      points.push((effect - term.min_effect) * model.points_per_lp);
    });
    let lp = 0, variance = 0;
    row.forEach((v, i) => {
      lp += v * model.beta[i];
      row.forEach((w, j) => { variance += v * model.covariance[i][j] * w; });
    });
    const se = Math.sqrt(Math.max(variance, 0));
    const total = points.reduce((a, b) => a + b, 0);
    return { points, total, risk: expit(lp), low: expit(lp - model.z * se), high: expit(lp + model.z * se) };
  }

  function buildField(term, i) {
    const field = element("div", { class: "field" });
    const id = "p" + i;
    field.append(element("label", { for: id }, term.label));
    const note = element("div", { class: "note", id: id + "n" });
    if (term.levels) {
      const select = element("select", { id, "data-name": term.name });
      term.levels.forEach((level, k) => select.append(element("option", { value: k }, level)));
      state[i] = 0;
      select.addEventListener("change", () => { state[i] = Number(select.value); update(); });
      field.append(select, note);
    } else {
      const pair = element("div", { class: "pair" });
      const number = element("input", { id, type: "number", step: "any", "data-name": term.name, "aria-describedby": id + "n" });
      const range = element("input", { type: "range", min: term.low, max: term.high, step: "any", "aria-label": term.label + " (slider)", "data-slider": term.name });
      state[i] = term.start;
      number.value = term.start;
      range.value = term.start;
      const hint = "seen in training: " + term.seen[0] + " to " + term.seen[1];
      note.textContent = hint;
      const set = (value) => {
        const legal = value !== "" && Number.isFinite(Number(value));
        number.setAttribute("aria-invalid", legal ? "false" : "true");
        if (!legal) { note.textContent = "enter a number"; note.className = "note warn"; return; }
        state[i] = Number(value);
        const outside = state[i] < term.seen[0] || state[i] > term.seen[1];
        note.textContent = (outside ? "outside the range " : "") + hint;
        note.className = outside ? "note warn" : "note";
        update();
      };
      number.addEventListener("input", () => { range.value = number.value; set(number.value); });
      range.addEventListener("input", () => { number.value = Number(Number(range.value).toPrecision(6)); set(number.value); });
      pair.append(range, number);
      field.append(pair, note);
    }
    form.append(field);
  }

  const SVG = "http://www.w3.org/2000/svg";
  function draw(name, attributes, text) {
    const e = document.createElementNS(SVG, name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    if (text !== undefined) e.textContent = text;
    drawing.append(e);
    return e;
  }

  const LEFT = 190, RIGHT = 770, ROW = 46;
  const red = [];
  function axis(y, label, ticks, place) {
    draw("text", { x: 8, y: y + 4, "font-size": 13 }, label.length > 25 ? label.slice(0, 24) + "\u2026" : label);
    const xs = ticks.map((t) => place(t.points));
    draw("line", { x1: Math.min(...xs), x2: Math.max(...xs), y1: y, y2: y, stroke: "#1a1a1a" });
    const ends = [-1e9, -1e9];
    ticks.map((t, k) => [xs[k], t.label]).sort((a, b) => a[0] - b[0]).forEach(([x, text]) => {
      const half = text.length * 3.3;
      const side = x - half > ends[0] + 4 ? 0 : x - half > ends[1] + 4 ? 1 : -1;
      draw("line", { x1: x, x2: x, y1: y, y2: side === 1 ? y - 5 : y + 5, stroke: "#1a1a1a" });
      if (side < 0) return;
      ends[side] = x + half;
      draw("text", { x, y: side === 1 ? y - 8 : y + 17, "font-size": 11, "text-anchor": "middle" }, text);
    });
  }

  function buildDrawing() {
    const points = (p) => LEFT + ((RIGHT - LEFT) * p) / 100;
    const most = model.total[model.total.length - 1].points;
    const total = (p) => LEFT + ((RIGHT - LEFT) * Math.min(Math.max(p, 0), most)) / most;
    let y = 26;
    const top = y;
    axis(y, "Points", Array.from({ length: 11 }, (_, k) => ({ label: String(10 * k), points: 10 * k })), points);
    model.terms.forEach((term) => { y += ROW; axis(y, term.label, term.ticks, points); red.push({ y, to: top, place: (p) => points(Math.min(Math.max(p, 0), 100)) }); });
    y += ROW;
    axis(y, "Total points", model.total, total);
    const totalY = y;
    y += ROW;
    axis(y, model.risk_label, model.risk.filter((t) => t.points >= 0 && t.points <= most), total);
    red.push({ y: totalY, to: y, place: total });
    drawing.setAttribute("viewBox", "0 0 800 " + (y + 34));
    red.forEach((r) => {
      r.line = draw("line", { y1: r.y, y2: r.to, stroke: "#c1121f", "stroke-dasharray": "4 3" });
      r.dot = draw("circle", { cy: r.y, r: 5, fill: "#c1121f" });
    });
  }

  function update() {
    const c = compute();
    const values = c.points.concat([c.total]);
    red.forEach((r, k) => {
      const x = r.place(values[k]);
      r.line.setAttribute("x1", x); r.line.setAttribute("x2", x); r.dot.setAttribute("cx", x);
    });
    result.dataset.risk = c.risk; result.dataset.low = c.low; result.dataset.high = c.high; result.dataset.total = c.total;
    const percent = (p) => (100 * p).toFixed(1) + " %";
    result.textContent = "";
    result.append(element("strong", {}, model.risk_label + ": " + percent(c.risk)));
    let text = " (95 % CI " + percent(c.low) + " to " + percent(c.high) + "), " + c.total.toFixed(1) + " points";
    if (model.cutoff !== null) text += c.risk >= model.cutoff ? "; high risk" : "; low risk";
    result.append(element("span", {}, text + "."));
    result.append(element("div", { class: "note" }, model.terms.map((t, k) => t.label + " " + c.points[k].toFixed(1)).join(", ") + " points. Model of " + model.n + " patients, " + model.n_events + " events."));
  }

  model.terms.forEach(buildField);
  form.addEventListener("submit", (e) => e.preventDefault());
  buildDrawing();
  update();
})();
