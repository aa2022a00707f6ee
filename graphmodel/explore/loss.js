/* What is left when nobody replaces a supplier: the same fixed point as graphmodel.kernels.cascade.frozen.

   loss_p = max(cut_p, max over slots k of p of (shortfall_k + sum over supplies e of k of share_e * loss_supplier))

   All processes move at once, round by round from the cuts upward, so that each round is one step of the spread. A
   round works out only slots whose suppliers lost more in the round before. */
function Cascade(frozen) {
  const { slot_indptr, supplier, share, shortfall, process_indptr, process_slot, cut } = frozen;
  const n_slots = slot_indptr.length - 1, n_processes = process_indptr.length - 1;

  /* Turn rows of columns into columns of rows. */
  function turned(indptr, indices, n_columns) {
    const start = new Int32Array(n_columns + 1), rows = new Int32Array(indices.length);
    for (const column of indices) start[column + 1]++;
    for (let column = 0; column < n_columns; column++) start[column + 1] += start[column];
    const next = start.slice();
    for (let row = 0; row + 1 < indptr.length; row++)
      for (let place = indptr[row]; place < indptr[row + 1]; place++) rows[next[indices[place]]++] = row;
    return [start, rows];
  }
  const [fed_start, fed_slot] = turned(slot_indptr, supplier, n_processes);
  const [read_start, reader] = turned(process_indptr, process_slot, n_slots);

  function mixed(slot, value, extra) {
    let sum = 0;
    for (let place = slot_indptr[slot]; place < slot_indptr[slot + 1]; place++)
      sum += share[place] * value[supplier[place]];
    return sum + extra;
  }

  /* Largest true error for each unit of the last change; infinite where no loop leaks. */
  let bound = 0;
  function error_bound() {
    let height = new Float64Array(n_processes).fill(1);
    for (let round = 0; round < frozen.height_rounds; round++) {
      const of_slot = Float64Array.from({ length: n_slots }, (_, slot) => mixed(slot, height, 1));
      const taller = height.slice();
      let added = 0, highest = 1;
      for (let process = 0; process < n_processes; process++) {
        highest = Math.max(highest, height[process]);
        if (process_indptr[process] === process_indptr[process + 1]) continue;
        let most = -Infinity;
        for (let place = process_indptr[process]; place < process_indptr[process + 1]; place++)
          most = Math.max(most, of_slot[process_slot[place]]);
        added = Math.max(added, most - height[process]);
        taller[process] = most;
      }
      if (added <= 0.1) return highest / (1 - added);
      height = taller;
    }
    return Infinity;
  }

  /* Shut these processes; returns what rose in every round, by how much at most, and the losses in the end. */
  this.spread = function (shut) {
    bound = bound || error_bound();
    const loss = Float64Array.from(cut);
    for (const process of shut) loss[process] = 1;
    const rounds = [], changes = [];
    let stale = Array.from({ length: n_slots }, (_, slot) => slot);
    let before = Infinity, rate = 0;
    const most = frozen.rounds + n_processes;
    for (let turn = 0; stale.length; turn++) {
      if (turn > most) throw new Error(`losses have not settled after ${most} rounds`);
      const raised = new Map();
      for (const slot of stale) {
        const lost = mixed(slot, loss, shortfall[slot]);
        for (let place = read_start[slot]; place < read_start[slot + 1]; place++) {
          const process = reader[place];
          if (lost > (raised.get(process) ?? loss[process] + frozen.last_digit)) raised.set(process, lost);
        }
      }
      let change = 0;
      const next = new Set();
      for (const [process, lost] of raised) {
        change = Math.max(change, lost - loss[process]);
        loss[process] = lost;
        for (let place = fed_start[process]; place < fed_start[process + 1]; place++) next.add(fed_slot[place]);
      }
      if (raised.size) {
        rounds.push(raised);
        changes.push(change);
      }
      if (change * bound <= frozen.tolerance) break;
      if (bound === Infinity) { // a closed loop: no bound, so go by the slowest of recent rates
        rate = Math.max(0.5 * rate, change / before);
        if (turn > 2 && rate < 1 && change * rate <= 0.01 * frozen.tolerance * (1 - rate)) break;
      }
      before = change;
      stale = [...next];
    }
    return { rounds, changes, loss };
  };

  /* Losses after so many rounds. */
  this.after = function (shut, rounds, n_rounds) {
    const loss = Float64Array.from(cut);
    for (const process of shut) loss[process] = 1;
    for (const raised of rounds.slice(0, n_rounds)) for (const [process, lost] of raised) loss[process] = lost;
    return loss;
  };
}

/* Weight of each row of final demand: tonnes of a mineral, or every product the same. */
function demand_weights(rows, holds) {
  const weight = rows.quantity.map((quantity, row) => rows.counts[row] ? quantity ?? 0 : 0);
  if (holds) return weight.map((quantity, row) => quantity * (holds[rows.product[row]] ?? 0));
  const total = new Map();
  weight.forEach((quantity, row) => total.set(rows.product[row], (total.get(rows.product[row]) ?? 0) + quantity));
  const n_products = [...total.values()].filter(sum => sum > 0).length;
  return weight.map((quantity, row) => quantity / (total.get(rows.product[row]) || 1) / Math.max(n_products, 1));
}
