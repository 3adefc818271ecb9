// Notes the tasks that held the main thread for 50 ms and more, and counts frames.
window.benchTasks = [];
window.benchFrames = 0;
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) window.benchTasks.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });
(() => {
  const frame = () => {
    window.benchFrames += 1;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})();

// Walks through the list from its top and returns [id, words] of each row, in order.
window.benchWalk = async () => {
  const found = new Map();
  const list = document.querySelector(".ant-table-tbody-virtual-holder");
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const take = () => {
    const rows = [...list.querySelectorAll("[data-row-key]")].map((row) => [row.getBoundingClientRect().y, row]);
    for (const [, row] of rows.sort(([one], [other]) => one - other)) found.set(row.dataset.rowKey, row.innerText);
    return rows.length;
  };
  take();
  for (let still = 0; still < 3; ) {
    const before = found.size;
    list.dispatchEvent(new WheelEvent("wheel", { deltaY: list.clientHeight * 0.8, bubbles: true, cancelable: true }));
    await drawn();
    await drawn();
    take();
    still = found.size === before ? still + 1 : 0;
  }
  return [...found];
};
