// Notes when each alert's row was first on the screen, by the browser's clock (ms since the epoch).
// A change of the page is on the screen with the next frame: the frame after that is noted.
window.benchSeen = {};
// How far that clock is behind the machine's, which tells whole milliseconds: the most of what is seen in 20 ms.
window.benchClock = () => {
  const end = performance.now() + 20;
  let most = -Infinity;
  while (performance.now() < end) most = Math.max(most, Date.now() - performance.timeOrigin - performance.now());
  return most;
};
(() => {
  const waiting = new Set();
  let asked = false;
  const shown = () => {
    asked = false;
    const now = performance.timeOrigin + performance.now();
    for (const row of waiting) {
      const box = row.getBoundingClientRect();
      const inside = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      if (row.contains(inside)) window.benchSeen[row.dataset.rowKey] ??= now;
      if (row.dataset.rowKey in window.benchSeen || !row.isConnected) waiting.delete(row);
    }
  };
  const look = (changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        for (const row of [node, ...node.querySelectorAll("[data-row-key]")]) {
          if (row.dataset.rowKey && !(row.dataset.rowKey in window.benchSeen)) waiting.add(row);
        }
      }
    }
    if (asked || waiting.size === 0) return;
    asked = true;
    requestAnimationFrame(shown);
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
})();
