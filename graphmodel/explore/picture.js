/* The picture: nodes in columns by stage, flows as thin curves, on one canvas. Knows places and colours, no meaning. */
const INK = '#222222', PAPER = '#ffffff', QUIET = '#595959';
const HEAD = 17, BETWEEN = 14, MARGIN = 10, LEAST = 1.5;

/* Place nodes: stages in columns from left to right, in each the nodes in rows, country by country. */
function lay_out(columns, size, width, height, heading) {
  const places = new Map(), heads = [];
  const n_all = columns.reduce((sum, column) => sum + column.reduce((n, stage) => n + stage.ids.length, 0), 0);
  if (!n_all) return { places, heads, width, height };
  const gap = Math.min(Math.max(0.3 * width / columns.length, 16), 60);
  const room = height - 2 * MARGIN, wide = width - 2 * MARGIN;
  const radius = (id, scale, band) => Math.min(Math.max(scale * Math.sqrt(size[id]), LEAST), band / 2 - 1);

  /* Rows of circles as high as their first; returns the height taken. */
  function pack(ids, band, scale, x0, y0, put) {
    let x = 0, y = 0, tall = 0, row = [];
    const flush = () => {
      if (put) for (const [id, at, r] of row) put(id, x0 + at, y0 + y + tall / 2, r);
      y += tall;
      x = tall = 0;
      row = [];
    };
    for (const id of ids) {
      const r = radius(id, scale, band), whole = 2 * r + 1.2;
      if (x + whole > band + 0.01) flush();
      if (put) row.push([id, x + whole / 2, r]);
      x += whole;
      tall = Math.max(tall, whole);
    }
    flush();
    return y;
  }
  const tall = (column, band, scale) => column.reduce(
    (sum, stage) => sum + HEAD + BETWEEN + pack(stage.ids, band, scale, 0, 0, null), -BETWEEN);
  /* The narrowest band in which a column is no higher than there is room for. */
  function band_for(column, scale) {
    const largest = column.reduce((most, stage) => stage.ids.reduce((one, id) => Math.max(one, size[id]), most), 0);
    const words = Math.max(...column.map(stage => heading(stage.label)));
    let low = Math.max(0.45 * gap, words + 6 - gap, Math.min(2 * scale * Math.sqrt(largest) + 2, wide)), high = wide;
    if (tall(column, low, scale) <= room) return low;
    for (let turn = 0; turn < 12; turn++) {
      const band = (low + high) / 2;
      if (tall(column, band, scale) <= room) high = band; else low = band;
    }
    return high;
  }
  const bands_for = scale => columns.map(column => band_for(column, scale));
  const taken = bands => bands.reduce((sum, band) => sum + band + gap, 0);
  let low = 0, high = 2 * Math.max(width, height);
  for (let turn = 0; turn < 18; turn++) {
    const scale = (low + high) / 2, bands = bands_for(scale);
    const fits = taken(bands) <= wide && columns.every((column, at) => tall(column, bands[at], scale) <= room);
    if (fits) low = scale; else high = scale;
  }
  const bands = bands_for(low), spare = Math.max(0, wide - taken(bands)) / columns.length;
  let left = MARGIN, lowest = height;
  columns.forEach((column, at) => {
    const slot = bands[at] + gap + spare, whole = tall(column, bands[at], low);
    let y = MARGIN + Math.max(0, (room - whole) / 2);
    for (const stage of column) {
      heads.push({ label: stage.label, x: left, y, width: slot });
      y += HEAD;
      y += pack(stage.ids, bands[at], low, left + (slot - bands[at]) / 2, y,
        (id, px, py, r) => places.set(id, { x: px, y: py, r, column: at }));
      y += BETWEEN;
    }
    lowest = Math.max(lowest, y - BETWEEN + MARGIN);
    left += slot;
  });
  return { places, heads, width, height: lowest };
}

function Picture(canvas, tip, says) {
  const pen = canvas.getContext('2d');
  let scene = null, laid = null, key = null, view = { k: 1, x: 0, y: 0 }, hovered = -1, asked = 0;
  const box = () => ({ width: Math.max(canvas.clientWidth, 50), height: Math.max(canvas.clientHeight, 50) });

  this.show = next => {
    scene = next;
    const { width, height } = box();
    const now = `${scene.key}|${width}|${height}`;
    if (now !== key) {
      key = now;
      laid = lay_out(scene.columns, scene.size, width, height, heading);
      this.fit();
    }
    paint_soon();
  };
  this.fit = () => {
    const { width, height } = box();
    const k = laid ? Math.min(1, height / laid.height) : 1;
    view = { k, x: (width - width * k) / 2, y: 0 };
    paint_soon();
  };
  this.zoom = (factor, x = box().width / 2, y = box().height / 2) => {
    const k = Math.min(Math.max(view.k * factor, 0.2), 40);
    view = { k, x: x - (x - view.x) * k / view.k, y: y - (y - view.y) * k / view.k };
    paint_soon();
  };
  this.place = id => {
    const at = laid?.places.get(id);
    return at && { x: at.x * view.k + view.x, y: at.y * view.k + view.y, r: at.r * view.k };
  };
  /* The next node in a direction, among those that are not faint. */
  this.beside = (id, direction) => {
    const here = laid.places.get(id);
    const open = [...laid.places].filter(([other]) => !scene.faint(other));
    if (!here) return open.length ? open[0][0] : -1;
    if (direction === 'up' || direction === 'down') {
      const column = open.filter(([, at]) => at.column === here.column).map(([other]) => other);
      return column[column.indexOf(id) + (direction === 'down' ? 1 : -1)] ?? id;
    }
    const beyond = open.filter(([, at]) => direction === 'right' ? at.column > here.column : at.column < here.column);
    const columns = beyond.map(([, at]) => at.column);
    const next = direction === 'right' ? Math.min(...columns) : Math.max(...columns);
    const near = beyond.filter(([, at]) => at.column === next);
    near.sort(([, one], [, two]) => Math.abs(one.y - here.y) - Math.abs(two.y - here.y));
    return near.length ? near[0][0] : id;
  };

  function paint_soon() {
    if (!asked) asked = requestAnimationFrame(() => { asked = 0; paint(); });
  }
  function paint() {
    if (!scene || !laid) return;
    const { width, height } = box(), dots = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * dots) || canvas.height !== Math.round(height * dots)) {
      canvas.width = Math.round(width * dots);
      canvas.height = Math.round(height * dots);
    }
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.fillStyle = PAPER;
    pen.fillRect(0, 0, width, height);
    for (const flow of scene.flows) curve(flow);
    for (const [id] of laid.places) if (scene.faint(id)) node(id);
    for (const [id] of laid.places) if (!scene.faint(id)) node(id);
    for (const [id] of laid.places) if (scene.selected.has(id)) ring(id, 2.5);
    if (hovered >= 0) ring(hovered, 1.5);
    heads();
  }
  const X = x => x * view.k + view.x, Y = y => y * view.k + view.y;
  function curve({ source, target, width, colour, alpha, dashed }) {
    const a = laid.places.get(source), b = laid.places.get(target);
    if (!a || !b) return;
    const forward = b.column > a.column;
    const x1 = X(a.x + (forward ? a.r : 0)), x2 = X(b.x - (forward ? b.r : 0));
    const bend = forward ? Math.max(Math.abs(x2 - x1) * 0.45, 14) : 36 * view.k;
    pen.beginPath();
    pen.moveTo(x1, Y(a.y));
    pen.bezierCurveTo(x1 + bend, Y(a.y), x2 - bend, Y(b.y), x2, Y(b.y));
    pen.strokeStyle = colour;
    pen.globalAlpha = alpha;
    pen.lineWidth = width;
    pen.setLineDash(dashed ? [5, 3] : []);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }
  function node(id) {
    const at = laid.places.get(id), x = X(at.x), y = Y(at.y), r = Math.max(at.r * view.k, 1.2);
    const faint = scene.faint(id), [fill, ink, edge] = scene.colour(id);
    pen.globalAlpha = faint ? scene.dim : 1;
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    pen.fillStyle = fill;
    pen.fill();
    if (edge && r > 1.6) {
      pen.strokeStyle = edge;
      pen.lineWidth = 0.8;
      pen.stroke();
    }
    if (scene.shut.has(id)) {
      const arm = Math.max(r * 0.5, 2);
      pen.strokeStyle = r > 4 ? PAPER : INK;
      pen.lineWidth = Math.max(1.4, r / 7);
      pen.beginPath();
      pen.moveTo(x - arm, y - arm);
      pen.lineTo(x + arm, y + arm);
      pen.moveTo(x - arm, y + arm);
      pen.lineTo(x + arm, y - arm);
      pen.stroke();
    } else if (r >= 10 && !faint) {
      const size = Math.min(r * 0.72, 13);
      pen.fillStyle = ink;
      pen.textAlign = 'center';
      pen.textBaseline = 'middle';
      pen.font = `600 ${size}px ${says.font}`;
      const name = r >= 38 ? clipped(says.name(id), 1.75 * r) : '';
      pen.fillText(says.code(id), x, name ? y - size * 0.6 : y + 0.5);
      if (name) {
        pen.font = `10px ${says.font}`;
        pen.fillText(clipped(says.name(id), 1.75 * r), x, y + size * 0.6);
      }
    }
    pen.globalAlpha = 1;
  }
  function ring(id, thick) {
    const at = laid.places.get(id);
    if (!at) return;
    pen.beginPath();
    pen.arc(X(at.x), Y(at.y), Math.max(at.r * view.k, 2) + thick, 0, 2 * Math.PI);
    pen.strokeStyle = PAPER;
    pen.lineWidth = thick + 2;
    pen.stroke();
    pen.strokeStyle = INK;
    pen.lineWidth = thick;
    pen.stroke();
  }
  function clipped(words, room) {
    if (pen.measureText(words).width <= room) return words;
    let kept = [...words];
    while (kept.length > 1 && pen.measureText(kept.join('') + '…').width > room) kept = kept.slice(0, -1);
    return kept.length > 1 ? kept.join('').trimEnd() + '…' : '';
  }
  function heading(words) {
    pen.font = `600 9px ${says.font}`;
    return Math.min(pen.measureText(words).width, 120);
  }
  function heads() {
    pen.textAlign = 'center';
    pen.textBaseline = 'alphabetic';
    for (const head of laid.heads) {
      const room = Math.max(head.width * view.k - 2, 30);
      let size = 11;
      const set = () => { pen.font = `600 ${size}px ${says.font}`; };
      set();
      while (size > 8.5 && pen.measureText(head.label).width > room) {
        size -= 0.5;
        set();
      }
      const words = clipped(head.label, room);
      const x = X(head.x + head.width / 2), y = Y(head.y + 10);
      pen.lineWidth = 3;
      pen.strokeStyle = PAPER;
      pen.strokeText(words, x, y);
      pen.fillStyle = INK;
      pen.fillText(words, x, y);
    }
  }

  function at(event) {
    const frame = canvas.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }
  function under(x, y) {
    let found = -1, nearest = Infinity;
    for (const [id, place] of laid?.places ?? []) {
      const away = Math.hypot(X(place.x) - x, Y(place.y) - y) - Math.max(place.r * view.k, 3.5);
      if (away > 0 || (found >= 0 && scene.faint(id) && !scene.faint(found))) continue;
      if (away < nearest || (scene.faint(found) && !scene.faint(id))) [found, nearest] = [id, away];
    }
    return found;
  }
  let drag = null;
  canvas.addEventListener('pointerdown', event => {
    drag = { at: at(event), view: { ...view }, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', event => {
    const [x, y] = at(event);
    if (drag) {
      const dx = x - drag.at[0], dy = y - drag.at[1];
      drag.moved ||= Math.hypot(dx, dy) > 4;
      if (drag.moved) {
        view = { k: view.k, x: drag.view.x + dx, y: drag.view.y + dy };
        hover(-1);
        paint_soon();
      }
      return;
    }
    hover(under(x, y), x, y);
  });
  canvas.addEventListener('pointerup', event => {
    if (drag && !drag.moved) says.chosen(under(...at(event)));
    drag = null;
  });
  canvas.addEventListener('pointercancel', () => { drag = null; });
  canvas.addEventListener('pointerleave', () => hover(-1));
  // inside a notebook the wheel scrolls the notebook until the picture has been clicked
  const framed = window.self !== window.top;
  canvas.addEventListener('wheel', event => {
    if (framed && !event.ctrlKey && document.activeElement !== canvas) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...at(event));
  }, { passive: false });

  function hover(id, x = 0, y = 0) {
    if (id !== hovered) {
      hovered = id;
      canvas.style.cursor = id >= 0 ? 'pointer' : 'grab';
      tip.replaceChildren(...(id >= 0 ? says.lines(id) : []));
      paint_soon();
    }
    tip.hidden = id < 0;
    if (id < 0) return;
    const { width, height } = box();
    tip.style.left = `${Math.max(4, Math.min(x + 14, width - tip.offsetWidth - 6))}px`;
    tip.style.top = `${y + tip.offsetHeight + 22 > height ? y - tip.offsetHeight - 10 : y + 14}px`;
  }
}
