// Makes the transcript follow the player, and the player seek to where a time is clicked. Without it the times
// are plain links down the page.
"use strict";
(() => {
  const audio = document.querySelector(".player audio");
  const lines = [...document.querySelectorAll(".turns span[data-t]")];
  const times = lines.map((line) => Number(line.dataset.t));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const follow = document.querySelector(".player input");
  const PATIENCE_MS = 5000; // after somebody has scrolled by hand
  const MARGIN_PX = 90; // the player's height, and as much below
  const SCROLLS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "]);
  let current = null;
  let scrolledAt = -PATIENCE_MS;

  const target = () => document.getElementById(decodeURIComponent(location.hash.slice(1)));

  // The last line that has begun, of those with the same time the first.
  function lineAt(seconds) {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= seconds + 0.1) low = middle + 1;
      else high = middle;
    }
    while (low > 1 && times[low - 1] === times[low - 2]) low -= 1;
    return lines[low - 1] ?? null;
  }

  function show(line) {
    if (line === current) return;
    current?.classList.remove("now");
    current = line;
    line?.classList.add("now");
  }

  // Only what has left the window is fetched back: a page that moves at every sentence can't be read.
  function keepInSight() {
    const left = performance.now() - scrolledAt < PATIENCE_MS;
    if (!current || left || !follow.checked || current.closest("details:not([open])")) return;
    const { top, bottom } = current.getBoundingClientRect();
    if (top >= MARGIN_PX && bottom <= innerHeight - MARGIN_PX) return;
    current.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
  }

  function seek(seconds) {
    audio.currentTime = seconds;
    show(lineAt(seconds));
  }

  // A fold hides what its link leads to.
  function unfold() {
    const element = target();
    const fold = element?.closest("details:not([open])");
    if (fold) {
      fold.open = true;
      element.scrollIntoView();
    }
    return element;
  }

  function fromAddress() {
    const element = unfold();
    const named = /^#t=(\d+)/.exec(location.hash);
    const seconds = Number(element?.dataset.t ?? named?.[1] ?? NaN);
    // A click on a time has been there already, to the tenth of a second.
    if (audio && Number.isFinite(seconds) && Math.abs(audio.currentTime - seconds) >= 1) seek(seconds);
  }

  if (audio && lines.length) {
    follow.closest("label").hidden = false;
    follow.addEventListener("change", () => { scrolledAt = -PATIENCE_MS; });
    audio.addEventListener("timeupdate", () => {
      show(lineAt(audio.currentTime));
      if (!audio.paused) keepInSight();
    });
    const byHand = () => { scrolledAt = performance.now(); };
    for (const kind of ["wheel", "touchmove"]) addEventListener(kind, byHand, { passive: true });
    addEventListener("keydown", (event) => { if (SCROLLS.has(event.key)) byHand(); });
    // The clip of a quote and the episode would talk at once.
    document.addEventListener("play", (event) => {
      for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
    }, true);
    document.addEventListener("click", (event) => {
      const time = event.target.closest("a.time[data-t]");
      if (!time || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      seek(Number(time.dataset.t));
      audio.play().catch(() => {}); // the player itself shows that the publisher doesn't answer
    });
  }
  addEventListener("hashchange", fromAddress);
  fromAddress();
})();
