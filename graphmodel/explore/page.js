/* The page: what is looked for, what is chosen, what is shut, and what each of them changes. */
const FONT = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const MOST_DRAWN = 3000, MOST_FLOWS = 500, MOST_CHOSEN_FLOWS = 300, MOST_LISTED = 80, VISIBLE = 5e-4;
const FILTERS = ['mineral', 'stage', 'country', 'control'];

function open_page(net) {
  const by_id = name => document.getElementById(name);
  const nodes = net.nodes, all = nodes.id.map((_, id) => id);
  const state = {
    words: '', mineral: '', stage: '', country: '', control: '', colour: 'country',
    chosen: null, shut: new Set(), step: null, table: 'product', product: '', consumer: '',
  };
  const cascade = net.frozen ? new Cascade(net.frozen) : null;
  const already = net.frozen ? net.frozen.cut.some(cut => cut > 0) || net.frozen.shortfall.some(lost => lost > 0) : false;
  const rows = demand_rows();
  let sizes = [], shown = [], matching = new Set(), left_out = 0, spread = null, lost = null, timer = 0, failed = '';

  const picture = new Picture(by_id('canvas'), by_id('tip'), {
    font: FONT,
    name: net.name,
    code: id => nodes.country[id],
    chosen: id => choose(id < 0 ? null : { nodes: [id] }),
    lines: id => {
      const lines = [net.name(id), `${net.country(nodes.country[id])} · ${net.stage_of(id).label}`];
      const made = net.processes_of(id).filter(process => net.processes.output[process] > 0);
      for (const process of made.slice(0, 3))
        lines.push(`${net.product(process)}: ${net.amount(net.processes.output[process], net.unit(process))}`);
      if (made.length > 3) lines.push(`and ${made.length - 3} more`);
      if (lost) lines.push(state.shut.has(id) ? 'shut' : `${percent(node_loss(id))} lost`);
      return lines.map(words => make('div', { dir: 'auto', text: words }));
    },
  });

  /* Put new parts in place of old; who stood on one stays on the one of its name, or of its number. */
  function renew(place, parts) {
    const stops = () => [...place.querySelectorAll('button, select, input, a, [tabindex]')];
    const focused = place.contains(document.activeElement) ? document.activeElement : null;
    const number_of = stops().indexOf(focused);
    place.replaceChildren(...parts);
    if (focused) (stops().find(stop => stop.id && stop.id === focused.id) ?? stops()[number_of])?.focus({ preventScroll: true });
  }

  /* ---- what is looked for ---- */
  const tests = {
    mineral: value => net.holders(value),
    stage: value => id => nodes.stage[id] === value,
    country: value => id => nodes.country[id] === value,
    control: value => id => nodes.control[id] === value,
  };
  function passing(except) {
    const wanted = FILTERS.filter(name => name !== except && state[name]).map(name => tests[name](state[name]));
    if (state.words.trim()) wanted.push(net.found(state.words));
    return all.filter(id => wanted.every(test => test(id)));
  }
  const filtered = () => Boolean(state.words.trim()) || FILTERS.some(name => state[name]);

  function fill(name, among) {
    const count = new Map();
    if (name === 'mineral') {
      for (const mineral of Object.keys(net.holds)) count.set(mineral, among.filter(net.holders(mineral)).length);
    } else for (const id of among) {
      const value = nodes[name][id];
      if (value) count.set(value, (count.get(value) ?? 0) + 1);
    }
    if (state[name] && !count.has(state[name])) count.set(state[name], 0);
    const label = value => name === 'mineral' ? spelled(value)
      : name === 'stage' ? net.stages.find(stage => stage.stage === value).label : net.country(value);
    const values = [...count.keys()].filter(value => count.get(value) || value === state[name]);
    const order = name === 'stage' ? net.stages.map(stage => stage.stage) : null;
    values.sort((one, two) => order ? order.indexOf(one) - order.indexOf(two) : label(one).localeCompare(label(two), 'en'));
    const every = make('option', { value: '', text: 'all' });
    by_id(name).replaceChildren(every, ...values.map(value =>
      make('option', { value, text: `${label(value)} (${count.get(value)})` })));
    by_id(name).value = state[name];
    by_id(name).disabled = !values.length;
  }

  function look() {
    // a list that is being typed into does not depend on its own choice, and must not be taken away
    for (const name of FILTERS) if (by_id(name) !== document.activeElement) fill(name, passing(name));
    for (const name of FILTERS) by_id(name).classList.toggle('set', Boolean(state[name]));
    by_id('words').classList.toggle('set', Boolean(state.words.trim()));
    matching = new Set(passing());
    sizes = net.sizes(state.mineral);
    const chain = state.mineral ? all.filter(net.holders(state.mineral)) : all;
    const by_size = [...chain].sort((one, two) => sizes[two] - sizes[one] || one - two);
    shown = by_size.slice(0, MOST_DRAWN);
    left_out = chain.length - shown.length;
    list_rows();
    list_facts();
    draw();
  }

  /* ---- what is chosen ---- */
  function choose(chosen) {
    state.chosen = chosen;
    by_id('facts').scrollTop = 0;
    list_rows();
    list_facts();
    draw();
  }
  const closable = ids => ids.filter(id => nodes.removable[id]);
  function shut_buttons(ids, what) {
    const can = closable(ids), is_shut = can.length > 0 && can.every(id => state.shut.has(id));
    if (!can.length) return make('p', { className: 'quiet', text: 'What is lost is counted at users and stocks; they cannot be shut.' });
    const words = is_shut ? 'Open again' : can.length === 1 ? 'Shut it' : `Shut all ${number(can.length, 9)}`;
    return make('button', {
      type: 'button', className: is_shut ? '' : 'first', id: what, text: words, disabled: !cascade,
      onclick: () => {
        for (const id of can) if (is_shut) state.shut.delete(id); else state.shut.add(id);
        work_out();
      },
    });
  }
  function list_facts() {
    const chosen = state.chosen, parts = [];
    if (!chosen) {
      parts.push(make('h2', { text: 'Nothing chosen' }), make('p', {
        className: 'quiet', text: 'Click a node, or a row of a list, to see its facts and to shut it. Find and the filters narrow what is shown; all that they show can be shut together.' }));
    } else if (chosen.nodes.length === 1) {
      const [id] = chosen.nodes, name = net.name(id);
      const under = chosen.label && chosen.label !== name ? `${name} · ${nodes.id[id]}` : nodes.id[id];
      parts.push(make('h2', { dir: 'auto', text: chosen.label ?? name }), make('p', { className: 'quiet', dir: 'auto', text: under }));
      parts.push(make('div', { className: 'buttons' }, shut_buttons(chosen.nodes, 'shut')));
      if (lost && !state.shut.has(id)) parts.push(make('p', { text: `Loses ${percent(node_loss(id))} of its output.` }));
      parts.push(...node_facts(net, id, other => choose({ nodes: [other] })));
    } else {
      const ids = [...chosen.nodes].sort((one, two) => sizes[two] - sizes[one]);
      parts.push(make('h2', { dir: 'auto', text: chosen.label }), make('p', { className: 'quiet', text: plural(ids.length, 'node') }));
      parts.push(make('div', { className: 'buttons' }, shut_buttons(ids, 'shut')));
      parts.push(make('h3', { text: 'Its nodes, largest first' }), node_list(ids, null));
    }
    renew(by_id('facts'), parts);
  }
  function node_list(ids, chosen) {
    const list = make('ul', { className: 'rows' }, ...ids.slice(0, MOST_LISTED).map(id => make('li', {}, make('button', {
      type: 'button', onclick: () => choose({ nodes: [id] }), 'aria-current': String(id === chosen),
    },
    make('span', { className: 'name', dir: 'auto', text: net.name(id) }),
    make('span', { className: 'code', text: nodes.country[id] }),
    lost ? make('span', { className: 'share', text: state.shut.has(id) ? 'shut' : percent(node_loss(id)) }) : null))));
    if (ids.length > MOST_LISTED) list.append(make('li', { className: 'quiet', text: `and ${plural(ids.length - MOST_LISTED, 'smaller one')}` }));
    return list;
  }
  function list_rows() {
    const parts = [];
    // the ranking gives way to the nodes found once something is looked for
    if (net.ranking && !(state.words.trim() || state.stage || state.country || state.control)) parts.push(...ranking_rows());
    const ids = [...matching].sort((one, two) => sizes[two] - sizes[one] || one - two);
    parts.push(make('h3', { id: 'n_found', text: filtered() ? `${plural(ids.length, 'node')} shown` : `All ${plural(ids.length, 'node')}` }));
    if (filtered() && closable(ids).length > 1) parts.push(make('div', { className: 'buttons' }, shut_buttons(ids, 'shut_shown')));
    parts.push(ids.length ? node_list(ids, state.chosen?.label ? null : state.chosen?.nodes[0])
      : make('p', { className: 'quiet', text: 'No node has all of this. Reset shows everything again.' }));
    renew(by_id('rows'), parts);
  }
  function ranking_rows() {
    const { title, label, share, nodes: of_row, n_rows } = net.ranking;
    const counts = ['mineral', 'product', 'consumer'].filter(name => net.ranking[name]).map(name => spelled(net.ranking[name]));
    return [
      make('h3', { text: title, dir: 'auto' }),
      ...(counts.length ? [make('p', { className: 'quiet', text: `Counting ${counts.join(', ')}` })] : []),
      make('ul', { className: 'rows', id: 'ranking' }, ...label.map((words, row) => make('li', {}, make('button', {
        type: 'button', 'aria-current': String(state.chosen?.row === row),
        onclick: () => choose({ label: words, nodes: of_row[row], row }),
      },
      make('span', { className: 'rank', text: row + 1 }), make('span', { className: 'name', dir: 'auto', text: words }),
      make('span', { className: 'share', text: percent(share[row]) }))))),
      ...(n_rows > label.length ? [make('p', { className: 'quiet', text: `and ${plural(n_rows - label.length, 'row')} below` })] : []),
    ];
  }

  /* ---- what is lost ---- */
  function demand_rows() {
    const of = net.demand.process;
    return {
      process: of, quantity: net.demand.quantity,
      product: of.map(process => net.processes.product[process]),
      country: of.map(process => nodes.country[net.processes.node[process]]),
    };
  }
  function node_loss(id) {
    return net.processes_of(id).reduce((most, process) => Math.max(most, lost[process]), 0);
  }
  const stopped = () => [...state.shut].flatMap(id => net.processes_of(id));
  function work_out() {
    pause();
    state.step = null;
    spread = null;
    failed = '';
    if (cascade && (state.shut.size || already)) {
      try {
        spread = cascade.spread(stopped());
        spread.n_steps = spread.changes.findLastIndex(change => change > VISIBLE) + 1;
      } catch (error) {
        failed = sentence(error.message);
      }
    }
    step_to(null);
  }
  /* Show the losses after so many rounds, or in the end. */
  function step_to(step) {
    state.step = step;
    lost = !spread ? null : step === null ? spread.loss : cascade.after(stopped(), spread.rounds, step);
    list_loss();
    list_facts();
    list_rows();
    draw();
  }
  function weigh() {
    const counts = rows.process.map((_, row) =>
      (!state.product || rows.product[row] === Number(state.product)) && (!state.consumer || rows.country[row] === state.consumer));
    const holds = state.mineral ? net.holds[state.mineral] : null;
    let weight = demand_weights({ ...rows, counts }, holds);
    let total = weight.reduce((sum, value) => sum + value, 0);
    const held = total > 0;
    if (holds && !held) {
      weight = demand_weights({ ...rows, counts }, null);
      total = weight.reduce((sum, value) => sum + value, 0);
    }
    return { weight, total, mineral: holds && held, none: holds && !held };
  }
  function list_loss() {
    const { weight, total, mineral, none } = weigh(), active = Boolean(lost && total);
    document.querySelector('main').classList.toggle('idle', !active);
    delete by_id('loss').dataset.share;
    if (!active) {
      by_id('idle').textContent = state.shut.size ? `${plural(state.shut.size, 'node')} shut` : 'Nothing is shut';
      by_id('why').textContent = failed || (!cascade ? 'This network is too large for losses to be worked out in a page; use graphmodel removal.'
        : !total ? 'This network has no final demand that counts, so none can be lost.'
          : 'Shut a node, or all that the filters show, to see what final users lose if nobody finds another supplier.');
      by_id('status').textContent = by_id('idle').textContent;
      return;
    }
    const share = rows.process.reduce((sum, process, row) => sum + weight[row] * lost[process], 0) / total;
    const whom = state.consumer ? ` of ${net.country(state.consumer)}` : '';
    const what = mineral ? `of the ${spelled(state.mineral)} in final products${whom} is lost`
      : state.product ? `of final demand${whom} is lost` : `of final demand${whom} is lost, every product counting the same`;
    by_id('loss').dataset.share = String(share);
    by_id('total').textContent = percent(share);
    by_id('what').textContent = what + (none ? ` (none of it holds ${spelled(state.mineral)})` : '');
    by_id('how').textContent = `${state.shut.size ? `${plural(state.shut.size, 'node')} shut` : 'What the scenario takes away'}; nobody finds another supplier.`;
    const last = spread.n_steps + 1, at = state.step ?? last;
    const says = at === 0 ? 'what stops by itself' : at === last ? `the end, ${plural(spread.rounds.length, 'step')} in all` : `step ${at} of the spread`;
    by_id('says').textContent = sentence(says);
    by_id('step').max = last;
    by_id('step').value = at;
    by_id('step').setAttribute('aria-valuetext', says);
    by_id('play').textContent = timer ? 'Pause' : 'Play';
    by_id('open_all').hidden = !state.shut.size;
    by_id('status').textContent = `${by_id('total').textContent} ${by_id('what').textContent}`;
    by_id('lost').replaceChildren(loss_table(weight, total, mineral ? 'of all tonnes' : 'of the total'));
  }
  function pause() {
    clearInterval(timer);
    timer = 0;
  }
  function play() {
    if (timer) {
      pause();
      list_loss();
      return;
    }
    const last = spread.n_steps + 1;
    let step = state.step ?? 0;
    timer = setInterval(() => {
      if (++step >= last) pause();
      step_to(step >= last ? null : step);
    }, 700);
    step_to(step);
  }
  function loss_table(weight, total, of_what) {
    const grouped = new Map();
    rows.process.forEach((process, row) => {
      if (!weight[row]) return;
      const key = state.table === 'product' ? rows.product[row] : rows.country[row];
      const sum = grouped.get(key) ?? { weight: 0, loss: 0 };
      sum.weight += weight[row];
      sum.loss += weight[row] * lost[process];
      grouped.set(key, sum);
    });
    const ranked = [...grouped].filter(([, sum]) => sum.loss > 1e-9 * total).sort((one, two) => two[1].loss - one[1].loss);
    if (!ranked.length) return make('p', { className: 'notice', text: 'Nothing that counts here is lost.' });
    const label = key => state.table === 'product' ? net.materials.label[key] : net.country(key);
    const head = [['', sentence(state.table)], ['n', 'lost'], ['bars', ''], ['n', of_what]];
    return make('table', {},
      make('thead', {}, make('tr', {}, ...head.map(([className, words]) => make('th', { className, text: words })))),
      make('tbody', {}, ...ranked.map(([key, sum]) => {
        const bar = make('div', { className: 'bar' });
        bar.style.width = `${100 * sum.loss / sum.weight}%`;
        return make('tr', {}, make('td', { dir: 'auto', text: label(key) }), make('td', { className: 'n', text: percent(sum.loss / sum.weight) }),
          make('td', { className: 'bars' }, bar), make('td', { className: 'n', text: percent(sum.loss / total) }));
      })));
  }
  /* What may be counted: every final product, every country that uses one. */
  function fill_counted() {
    for (const [name, every, label] of [['product', 'all products', key => net.materials.label[key]], ['consumer', 'all countries', net.country]]) {
      const values = [...new Set(name === 'product' ? rows.product : rows.country)];
      values.sort((one, two) => label(one).localeCompare(label(two), 'en'));
      by_id(name).replaceChildren(make('option', { value: '', text: every }), ...values.map(value => make('option', { value, text: label(value) })));
    }
  }

  /* ---- the picture ---- */
  function heat(share) {
    const stops = net.heat, at = Math.min(Math.max(share, 0), 1) * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2);
    const mixed = [1, 3, 5].map(place => {
      const [one, two] = [stops[low], stops[low + 1]].map(stop => parseInt(stop.slice(place, place + 2), 16));
      return Math.round(one + (two - one) * (at - low));
    });
    return `#${mixed.map(value => value.toString(16).padStart(2, '0')).join('')}`;
  }
  /* Dark or white ink, by lightness. */
  function ink_on(colour) {
    const linear = [1, 3, 5].map(place => {
      const value = parseInt(colour.slice(place, place + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.23 ? INK : PAPER;
  }
  function colour(id) {
    if (lost) {
      if (state.shut.has(id)) return [INK, PAPER, null];
      const share = node_loss(id);
      if (share < VISIBLE) return ['#ececec', QUIET, '#b5b5b5'];
      return [heat(share), ink_on(heat(share)), '#8a6a55'];
    }
    const fill = state.colour === 'stage' ? net.stage_of(id).colour : net.countries[nodes[state.colour][id]]?.[1] ?? '#dcdcdc';
    return [fill, ink_on(fill), null];
  }
  function flows() {
    const edges = net.edges, holds = state.mineral ? net.holds[state.mineral] : null, total = flow_totals(holds);
    const drawn = new Set(shown), chosen = new Set(state.chosen?.nodes ?? []);
    const share = row => holds ? (edges.quantity[row] ?? 0) * (holds[edges.material[row]] ?? 0) / total.most
      : (edges.quantity[row] ?? 0) / (total.get(edges.material[row]) || 1);
    const among = edges.source.map((_, row) => row).filter(row => drawn.has(edges.source[row]) && drawn.has(edges.target[row])
      && share(row) > 0 && (!filtered() || matching.has(edges.source[row]) || matching.has(edges.target[row])));
    const touching = [...chosen].flatMap(id => [...net.into(id), ...net.out_of(id)]);
    const theirs = [...new Set(touching)].filter(row => drawn.has(edges.source[row]) && drawn.has(edges.target[row]));
    const largest = (rows, n) => rows.map(row => [share(row), row]).sort((one, two) => two[0] - one[0] || one[1] - two[1]).slice(0, n);
    const behind = largest(among, chosen.size ? MOST_FLOWS / 2 : MOST_FLOWS);
    const before = largest(theirs, MOST_CHOSEN_FLOWS);
    const wide = value => 0.4 + 3 * Math.sqrt(value);
    return {
      rows: [
        ...behind.map(([value, row]) => ({ source: edges.source[row], target: edges.target[row], width: wide(value), colour: '#666666', alpha: chosen.size ? 0.08 : 0.15 })),
        ...before.reverse().map(([value, row]) => {
          const sold = chosen.has(edges.source[row]);
          return { source: edges.source[row], target: edges.target[row], width: wide(value) + 0.4, colour: sold ? '#d55e00' : '#0072b2', alpha: 0.75, dashed: sold };
        }),
      ],
      behind: behind.length, among: among.length, before: before.length, theirs: theirs.length,
    };
  }
  let totals = [null, null];
  function flow_totals(holds) {
    if (totals[0] === (holds ?? 'all')) return totals[1];
    const sum = new Map(), edges = net.edges;
    sum.most = 1e-300;
    edges.quantity.forEach((quantity, row) => {
      sum.set(edges.material[row], (sum.get(edges.material[row]) ?? 0) + (quantity ?? 0));
      if (holds) sum.most = Math.max(sum.most, (quantity ?? 0) * (holds[edges.material[row]] ?? 0));
    });
    totals = [holds ?? 'all', sum];
    return sum;
  }
  function draw() {
    const columns = new Map();
    for (const id of shown) {
      const stage = net.stage_of(id), column = stage.role === 'recycle' ? Infinity : stage.order;
      if (!columns.has(column)) columns.set(column, new Map());
      if (!columns.get(column).has(stage)) columns.get(column).set(stage, []);
      columns.get(column).get(stage).push(id);
    }
    const in_order = [...columns].sort((one, two) => one[0] - two[0]).map(([, stages]) =>
      [...stages].sort((one, two) => net.stages.indexOf(one[0]) - net.stages.indexOf(two[0]))
        .map(([stage, ids]) => ({ label: stage.label, ids: by_country(ids) })));
    const drawn = flows();
    picture.show({
      key: `${state.mineral}`, columns: in_order, size: sizes, flows: drawn.rows, colour,
      faint: id => !matching.has(id) && !state.shut.has(id) && !(lost && node_loss(id) >= VISIBLE) && !state.chosen?.nodes.includes(id),
      dim: lost ? 1 : 0.13,
      selected: new Set(state.chosen?.nodes ?? []), shut: state.shut,
    });
    legend();
    const parts = [`${plural(shown.length, 'node')} drawn${left_out ? `, ${number(left_out, 9)} smaller ones left out` : ''}; area: ${state.mineral ? `t of ${spelled(state.mineral)} made or used` : 'share of all that is made of its main product'}.`];
    parts.push(`Grey lines: ${drawn.behind === drawn.among ? plural(drawn.among, 'flow') : `the ${number(drawn.behind, 9)} largest of ${plural(drawn.among, 'flow')}, ${number(drawn.among - drawn.behind, 9)} left out`}.`);
    if (drawn.before < drawn.theirs) parts.push(`Of those chosen ${drawn.before} of ${number(drawn.theirs, 9)} flows are drawn.`);
    by_id('caption').textContent = parts.join(' ');
  }
  function by_country(ids) {
    const total = new Map();
    for (const id of ids) total.set(nodes.country[id], (total.get(nodes.country[id]) ?? 0) + sizes[id]);
    return [...ids].sort((one, two) => total.get(nodes.country[two]) - total.get(nodes.country[one])
      || (nodes.country[one] < nodes.country[two] ? -1 : nodes.country[one] > nodes.country[two] ? 1 : 0)
      || sizes[two] - sizes[one] || one - two);
  }
  function legend() {
    const entry = (fill, words) => {
      const dot = make('i', { className: 'dot' });
      dot.style.background = fill;
      return make('span', {}, dot, words);
    };
    const stroke = (fill, words, dashed) => {
      const line = make('i', { className: dashed ? 'stroke dashed' : 'stroke' });
      line.style.borderColor = fill;
      return make('span', {}, line, words);
    };
    const parts = [];
    if (lost) {
      const ramp = make('i', { className: 'ramp' });
      ramp.style.background = `linear-gradient(90deg, ${net.heat.join(', ')})`;
      parts.push(make('span', {}, make('i', { className: 'dot shut', text: '×' }), 'shut'), make('span', {}, make('i', { className: 'dot none' }), 'loses nothing'),
        make('span', {}, '0 %', ramp, '100 % of its output lost'));
    } else if (state.colour === 'stage') {
      parts.push(...net.stages.map(stage => entry(stage.colour, stage.label)));
    } else {
      const standing = new Set(shown.map(id => nodes[state.colour][id]));
      const own = [...standing].filter(code => code && net.countries[code][1] !== net.grey);
      own.sort((one, two) => net.country(one).localeCompare(net.country(two), 'en'));
      parts.push(...own.map(code => entry(net.countries[code][1], net.country(code))));
      if (own.length < standing.size - Number(standing.has(''))) parts.push(entry(net.grey, 'others'));
      if (standing.has('')) parts.push(entry('#dcdcdc', 'not known'));
    }
    if (state.chosen) parts.push(stroke('#0072b2', 'takes in'), stroke('#d55e00', 'sells', true));
    by_id('legend').replaceChildren(...parts);
  }

  /* ---- hands ---- */
  let typing = 0;
  by_id('words').addEventListener('input', event => {
    clearTimeout(typing);
    typing = setTimeout(() => { state.words = event.target.value; look(); }, 120);
  });
  for (const name of FILTERS) by_id(name).addEventListener('change', event => {
    state[name] = event.target.value;
    look();
    if (name === 'mineral') list_loss();
  });
  by_id('colour').addEventListener('change', event => { state.colour = event.target.value; draw(); });
  by_id('reset').addEventListener('click', () => {
    Object.assign(state, { words: '', mineral: '', stage: '', country: '', control: '', chosen: null, product: '', consumer: '' });
    for (const name of ['words', 'product', 'consumer']) by_id(name).value = '';
    state.shut.clear();
    work_out();
    look();
    picture.fit();
  });
  for (const name of ['table', 'product', 'consumer']) by_id(name).addEventListener('change', event => {
    state[name] = event.target.value;
    list_loss();
  });
  by_id('play').addEventListener('click', play);
  by_id('open_all').addEventListener('click', () => {
    state.shut.clear();
    work_out();
  });
  by_id('step').addEventListener('input', event => {
    pause();
    const step = Number(event.target.value);
    step_to(step > spread.n_steps ? null : step);
  });
  by_id('closer').addEventListener('click', () => picture.zoom(1.4));
  by_id('farther').addEventListener('click', () => picture.zoom(1 / 1.4));
  by_id('fit').addEventListener('click', () => picture.fit());
  by_id('canvas').addEventListener('keydown', event => {
    const one = state.chosen?.nodes.length === 1 ? state.chosen.nodes[0] : -1;
    const direction = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right' }[event.key];
    if (direction) {
      const next = picture.beside(one, direction);
      if (next >= 0) choose({ nodes: [next] });
    } else if (event.key === 'Enter') by_id('shut')?.click();
    else if (event.key === '+') picture.zoom(1.4);
    else if (event.key === '-') picture.zoom(1 / 1.4);
    else if (event.key === '0') picture.fit();
    else if (event.key === 'Escape') choose(null);
    else return;
    event.preventDefault();
  });
  new ResizeObserver(() => draw()).observe(by_id('canvas'));

  by_id('counts').textContent = [plural(net.n_nodes, 'node'), plural(net.edges.source.length, 'flow'), net.year && `base year ${net.year}`,
    `data ${net.fingerprint}`, `graphmodel ${net.version}`].filter(Boolean).join(' · ');
  state.mineral = net.ranking?.mineral ?? net.mineral ?? '';
  state.consumer = rows.country.includes(net.ranking?.consumer) ? net.ranking.consumer : '';
  const product = net.materials.id.indexOf(net.ranking?.product);
  state.product = product >= 0 ? String(product) : '';
  fill_counted();
  by_id('consumer').value = state.consumer;
  by_id('product').value = state.product;
  if (net.ranking?.label.length) state.chosen = { label: net.ranking.label[0], nodes: net.ranking.nodes[0], row: 0 };
  look();
  work_out();
  return { net, state, picture };
}

(async () => {
  try {
    const packed = Uint8Array.from(atob(document.getElementById('data').textContent.trim()), letter => letter.charCodeAt(0));
    const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    window.page = open_page(new Net(JSON.parse(await new Response(plain).text())));
    document.body.dataset.ready = 'yes';
  } catch (error) {
    document.getElementById('counts').textContent = `The page could not be opened: ${error.message}`;
    throw error;
  }
})();
