// Words of pictures and legends that leave their boxes, are cut, or lie over something else.
() => {
  const NEAR = 1;
  const shown = (text) => (text.length > 24 ? `${text.slice(0, 24)}…` : text);
  const within = (inner, outer) => inner.left >= outer.left - NEAR && inner.right <= outer.right + NEAR
    && inner.top >= outer.top - NEAR && inner.bottom <= outer.bottom + NEAR;
  const apart = (one, other) => one.right <= other.left + NEAR || other.right <= one.left + NEAR
    || one.bottom <= other.top + NEAR || other.bottom <= one.top + NEAR;
  const words = (root) => {
    const found = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (!node.data.trim()) { continue; }
      const range = document.createRange();
      range.selectNodeContents(node);
      const lines = [...range.getClientRects()].filter((line) => line.width);
      found.push({ name: shown(node.data), parent: node.parentElement, lines });
    }
    return found;
  };
  const wrong = [];
  const room = document.documentElement.clientWidth;
  for (const root of document.querySelectorAll("figure, .legend")) {
    const frame = root.getBoundingClientRect();
    if (frame.left < -NEAR || frame.right > room + NEAR) { wrong.push("a picture leaves the page"); }
    const found = words(root);
    for (const { name, parent, lines } of found) {
      if (!lines.length) { wrong.push(`${name}: not shown`); }
      for (let box = parent; box !== root.parentElement; box = box.parentElement) {
        const inline = getComputedStyle(box).display === "inline";
        const outer = box.getBoundingClientRect();
        if (!inline && !lines.every((line) => within(line, outer))) {
          wrong.push(`${name}: leaves ${box.tagName}.${box.className}`);
        }
      }
    }
    for (const box of root.querySelectorAll("*")) {
      if (!box.closest("svg") && box.clientWidth && box.scrollWidth > box.clientWidth) {
        wrong.push(`${shown(box.textContent.trim())}: cut in ${box.tagName}.${box.className}`);
      }
    }
    const marks = [...root.querySelectorAll("svg.sign, svg.line, svg.bar")]
      .map((mark) => ({ name: `mark ${mark.classList}`, lines: [mark.getBoundingClientRect()] }));
    const placed = [...found, ...marks];
    placed.forEach(({ name, lines }, number) => {
      for (const other of placed.slice(number + 1)) {
        if (lines.some((line) => other.lines.some((each) => !apart(line, each)))) {
          wrong.push(`${name}: lies over ${other.name}`);
        }
      }
    });
    const boxes = [...root.querySelectorAll("li, .box, .edge, .country, .region, .over, .key")];
    for (const box of boxes) {
      const next = box.nextElementSibling;
      if (next && !apart(box.getBoundingClientRect(), next.getBoundingClientRect())) {
        wrong.push(`${box.tagName}.${box.className}: lies over its neighbour`);
      }
    }
  }
  return wrong;
}
