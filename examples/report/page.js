"use strict";
(function () {
  // ---- Tables as CSV: comma, header, line feeds, quotes where they are needed.

  function cellText(cell) {
    const text = cell.textContent;
    // An en dash alone stands for nothing; the typographic minus sign is no number to a program.
    return text.trim() === "\u2013" ? "" : text.replace(/\u2212/g, "-");
  }

  const quoted = (text) => (/[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text);

  function tableCsv(table) {
    const line = (row) => {
      const cells = Array.from(row.cells, (cell) => quoted(cellText(cell)));
      // A line with nothing on it would be no row at all.
      return cells.length === 1 && cells[0] === "" ? '""' : cells.join(",");
    };
    return Array.from(table.rows, (row) => line(row) + "\n").join("");
  }
  window.tableCsv = tableCsv;

  // ---- Its controls: without a script there are none.

  function copyThroughField(text) {
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    const before = document.activeElement;
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (before) before.focus();
    return done;
  }

  /// The clipboard is closed to pages from insecure addresses; the old way still works there.
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyThroughField(text);
    }
  }

  function download(text, name) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  function button(text, about, act) {
    const e = document.createElement("button");
    e.type = "button";
    e.textContent = text;
    e.setAttribute("aria-label", text + ": " + about);
    e.addEventListener("click", act);
    return e;
  }

  document.querySelectorAll("div.table").forEach((block) => {
    const table = block.querySelector("table");
    const about = block.querySelector(".caption b").textContent.replace(/\.$/, "");
    const controls = document.createElement("div");
    controls.className = "controls";
    const status = document.createElement("span");
    status.setAttribute("role", "status");
    controls.append(
      button("Copy as CSV", about, async () => {
        status.textContent = (await copy(tableCsv(table))) ? "Copied" : "This browser does not allow copying";
        setTimeout(() => { status.textContent = ""; }, 4000);
      }),
      button("Download CSV", about, () => download(tableCsv(table), block.id + ".csv")),
      status,
    );
    block.querySelector(".head").append(controls);
  });

  // ---- Paper has nothing to unfold.

  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = Array.from(document.querySelectorAll("details:not([open])"));
    unfolded.forEach((e) => { e.open = true; });
  });
  addEventListener("afterprint", () => {
    unfolded.forEach((e) => { e.open = false; });
    unfolded = [];
  });

  // ---- Pages inside the page say how high they are, and learn which part of them is in sight.

  const frames = Array.from(document.querySelectorAll("iframe"));
  addEventListener("message", (e) => {
    const frame = frames.find((f) => f.contentWindow === e.source);
    if (!frame || !e.data || !Number.isFinite(e.data.height)) return;
    frame.style.height = Math.min(Math.max(e.data.height, 100), 20000) + 2 + "px";
    show(frame);
  });

  // A frame may have spoken before anybody listened.
  frames.forEach((frame) => {
    const ask = () => frame.contentWindow.postMessage({ ask: true }, "*");
    frame.addEventListener("load", ask);
    ask();
  });

  function show(frame) {
    const { top, bottom } = frame.getBoundingClientRect();
    if (bottom > 0 && top < innerHeight) frame.contentWindow.postMessage({ top: Math.max(0, -top) }, "*");
  }
  let waiting = false;
  function showAll() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; frames.forEach(show); });
  }
  addEventListener("scroll", showAll, { passive: true });
  addEventListener("resize", showAll);
})();
