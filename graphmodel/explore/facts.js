/* Words, numbers and the parts of the page. Text from data is set as text, never as markup. */

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'text') element.textContent = value;
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null));
  return element;
}

function number(value, digits = 3) {
  if (value === null || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const places = digits - 1 - Math.floor(Math.log10(Math.abs(value)));
  const rounded = places >= 0 ? value.toFixed(Math.min(places, 12)) : Math.round(value * 10 ** places) / 10 ** places;
  const [whole, rest] = String(rounded).split('.');
  const part = rest ? rest.replace(/0+$/, '') : '';
  return whole.replace(/\B(?=(\d{3})+$)/g, '\u202f').replace('-', '−') + (part ? `.${part}` : '');
}

function percent(share) {
  if (share === null || !Number.isFinite(share)) return '–';
  const value = 100 * share;
  if (value > 0 && value < 0.1) return '<0.1\u202f%';
  return `${value >= 9.95 ? value.toFixed(value > 99.5 || value % 1 < 0.05 ? 0 : 1) : String(+value.toFixed(1))}\u202f%`;
}

const spelled = word => word.replaceAll('-', ' ');
const sentence = words => words.slice(0, 1).toUpperCase() + words.slice(1);
const plural = (n, one, many = `${one}s`) => `${number(n, 9)} ${n === 1 ? one : many}`;

const KINDS = {
  facility: 'single plant', remainder: 'rest of what the country makes at this stage', demand: 'final demand',
  stock: 'stock',
};
const GRADES = {
  measured: 'measured', reported: 'reported: seen in its source', derived: 'derived: worked out from sources',
  assumed: 'assumed: judgement', '': 'not stated',
};
const SHOWN = 12;

/* Facts of one node: what it is, what it makes, who supplies it, who buys, and where that is known from. */
function node_facts(net, id, choose) {
  const nodes = net.nodes, facts = [];
  const fact = (name, ...lines) => {
    const said = lines.filter(Boolean).map(words => make('div', { text: words, dir: 'auto' }));
    if (said.length) facts.push(make('dt', { text: name }), make('dd', {}, ...said));
  };
  const place = code => code ? `${net.country(code)} (${code})` : 'not known';
  fact('Country', place(nodes.country[id]));
  fact('Control', place(nodes.control[id]));
  fact('Owners', nodes.owners[id] || 'not known');
  fact('Operator', nodes.operator?.[id]);
  fact('Stage', net.stage_of(id).label);
  const kind = KINDS[nodes.kind[id]] ?? 'not stated';
  fact('Kind', nodes.cluster[id] && nodes.kind[id] === 'facility' ? 'several sites in one row' : kind);
  fact('Status', nodes.status[id]);
  fact('Since', nodes.start_year[id] === null ? '' : String(nodes.start_year[id]));
  const made = net.processes_of(id), units = new Set(made.map(process => net.unit(process)));
  const amounts = made.filter(process => net.processes.output[process] > 0)
    .map(process => `${net.product(process)}: ${net.amount(net.processes.output[process], net.unit(process))} a year`);
  fact(nodes.removable[id] ? 'Makes' : 'Wants', ...(amounts.length ? amounts : ['not known']));
  const unit = units.size === 1 ? [...units][0] : 'in units of its output';
  if (nodes.removable[id])
    fact('Capacity', nodes.capacity[id] === null ? 'not known' : `${net.amount(nodes.capacity[id], unit)} a year`);
  fact('Evidence', GRADES[nodes.evidence[id]] ?? nodes.evidence[id]);
  return [
    make('dl', {}, ...facts),
    ...trade(net, id, net.into(id), 'source', 'Suppliers', 'of what it takes in', choose),
    ...trade(net, id, net.out_of(id), 'target', 'Customers', 'of what it sells', choose),
    ...sources(net, id),
  ];
}

/* Partners of a node, material by material, by their share of what it takes in or sells. */
function trade(net, id, rows, end, title, of_what, choose) {
  if (!rows.length) return [make('h3', { text: `${title}: none` })];
  const edges = net.edges, total = new Map();
  for (const row of rows)
    total.set(edges.material[row], (total.get(edges.material[row]) ?? 0) + (edges.quantity[row] ?? 0));
  const share = row => (edges.quantity[row] ?? 0) / (total.get(edges.material[row]) || 1);
  const parts = [make('h3', { text: `${title} (share ${of_what}, by material)` })];
  const order = [...total.keys()].sort((one, two) => total.get(two) - total.get(one));
  for (const material of order) {
    const listed = rows.filter(row => edges.material[row] === material).sort((one, two) => share(two) - share(one));
    const amount = net.amount(total.get(material), net.materials.unit[material]);
    parts.push(make('p', { className: 'quiet', dir: 'auto', text: `${net.materials.label[material]}, ${amount} a year` }));
    parts.push(make('ul', { className: 'rows' }, ...listed.slice(0, SHOWN).map(row => {
      const other = edges[end][row];
      const grade = [edges.basis[row], edges.evidence[row], edges.reference[row]].filter(Boolean).join(', ');
      return make('li', {}, make('button', {
        type: 'button', onclick: () => choose(other),
        title: `${net.amount(edges.quantity[row], net.materials.unit[material])} a year${grade ? ` (${grade})` : ''}`,
      },
      make('span', { className: 'name', dir: 'auto', text: net.name(other) }),
      make('span', { className: 'code', text: net.nodes.country[other] }),
      make('span', { className: 'share', text: percent(share(row)) })));
    })));
    if (listed.length > SHOWN)
      parts.push(make('p', { className: 'quiet', text: `and ${plural(listed.length - SHOWN, 'smaller one')}` }));
  }
  return parts;
}

function sources(net, id) {
  const keys = net.nodes.references[id];
  if (!keys.length) return [make('h3', { text: 'References: none stated' })];
  return [make('h3', { text: 'References' }), make('ul', { className: 'sources' }, ...keys.map(key => {
    const [citation, url] = Object.hasOwn(net.references, key) ? net.references[key] : [key, ''];
    const item = make('li', {}, make('span', { dir: 'auto', text: citation || key }));
    if (/^https?:\/\//i.test(url))
      item.append(' ', make('a', { href: url, rel: 'noopener noreferrer', target: '_blank', text: url }));
    return item;
  }))];
}

/* A network as the page reads it: columns, and the lookups between them. */
function Net(content) {
  Object.assign(this, content);
  const nodes = content.nodes, edges = content.edges, processes = content.processes;
  this.n_nodes = nodes.id.length;
  const listed = (of, n) => {
    const lists = Array.from({ length: n }, () => []);
    of.forEach((node, row) => lists[node].push(row));
    return lists;
  };
  const into = listed(edges.target, this.n_nodes), out = listed(edges.source, this.n_nodes);
  const made = listed(processes.node, this.n_nodes);
  this.into = id => into[id];
  this.out_of = id => out[id];
  this.processes_of = id => made[id];
  const stages = new Map(content.stages.map(stage => [stage.stage, stage]));
  this.stage_of = id => stages.get(nodes.stage[id]);
  this.name = id => nodes.name[id] || nodes.id[id];
  this.country = code => content.countries[code]?.[0] ?? code;
  this.unit = process => content.materials.unit[processes.product[process]];
  this.product = process => content.materials.label[processes.product[process]];
  this.amount = (value, unit) => value === null ? 'not known' : `${number(value)} ${unit}`.trim();
  const folded = words => words.normalize('NFKC').toLowerCase();
  const text = nodes.id.map((key, id) => folded([
    key, nodes.name[id], nodes.operator?.[id] ?? '', nodes.owners[id], nodes.country[id],
    this.country(nodes.country[id]), nodes.control[id], this.country(nodes.control[id]), this.stage_of(id).label,
    ...made[id].map(process => this.product(process)),
  ].join(' ')));
  this.found = words => {
    const wanted = folded(words).split(/\s+/).filter(Boolean);
    return id => wanted.every(word => text[id].includes(word));
  };

  /* Share of all that is made of its main product; with a mineral, tonnes of it against the largest. */
  this.sizes = mineral => {
    const size = new Float64Array(this.n_nodes), holds = mineral ? content.holds[mineral] : null;
    const total = new Map();
    processes.output.forEach((output, row) =>
      total.set(processes.product[row], (total.get(processes.product[row]) ?? 0) + (output ?? 0)));
    processes.output.forEach((output, row) => {
      const product = processes.product[row], node = processes.node[row];
      if (holds) size[node] += (output ?? 0) * (holds[product] ?? 0);
      else size[node] = Math.max(size[node], (output ?? 0) / (total.get(product) || 1));
    });
    const most = holds ? size.reduce((one, two) => Math.max(one, two), 0) || 1 : 1;
    return size.map(value => value / most);
  };
  /* Nodes that make, or as users want, what holds a mineral. */
  this.holders = mineral => {
    const holds = content.holds[mineral];
    return id => made[id].some(process => processes.product[process] in holds);
  };
}
