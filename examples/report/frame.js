"use strict";
(function () {
  const body = document.body, result = document.getElementById("result");
  const tell = () => parent.postMessage({ height: Math.ceil(body.getBoundingClientRect().height) }, "*");
  new ResizeObserver(tell).observe(body);
  // The frame is as high as its page, so that nothing in it scrolls: on narrow screens the result is moved along by hand.
  const narrow = matchMedia("(max-width: 46rem)");
  addEventListener("message", (e) => {
    if (e.source !== parent || !e.data) return;
    if (e.data.ask) tell();
    if (!result || !Number.isFinite(e.data.top)) return;
    const room = result.parentElement.clientHeight - result.offsetHeight;
    const down = Math.min(Math.max(e.data.top - result.offsetTop, 0), Math.max(room, 0));
    result.style.transform = narrow.matches && down > 0 ? "translateY(" + down + "px)" : "";
  });
})();
