/** Nulls: labels exchanged among the tokens of the same context, which keeps how often each occurs there. */
import type { Random } from '../../engine/random.ts';
import type { Column } from './columns.ts';
import { notApplicable } from './variables.ts';
import type { Question } from './variables.ts';

/** Codes with the classes of applicable tokens shuffled within each context of `positions` tokens. */
export function shuffledWithinContexts(codes: Uint8Array, positions: number, random: Random): Uint8Array {
  const shuffled = codes.slice();
  for (const rows of applicableByContext(codes, positions)) {
    for (let i = rows.length - 1; i > 0; i--) {
      const [a, b] = [rows[i]!, rows[random.integer(i + 1)]!];
      [shuffled[a], shuffled[b]] = [shuffled[b]!, shuffled[a]!];
    }
  }
  return shuffled;
}

/** AUROC of a feature for each of `draws` shuffles of a question's labels within contexts. */
export function shuffledAurocs(column: Column, question: Question, codes: Uint8Array, positions: number, draws: number, random: Random): number[] {
  const contexts = applicableByContext(codes, positions);
  const ranks = ascendingMidranks(column, codes);
  const drawnFrom = contexts.map((rows) => ({ ranks: Float64Array.from(rows, (row) => ranks[row]!), positive: rows.filter((row) => question.classes.includes(codes[row]!)).length }));
  const total = drawnFrom.reduce((sum, { ranks: of }) => sum + of.length, 0);
  const positive = drawnFrom.reduce((sum, context) => sum + context.positive, 0);
  return Array.from({ length: draws }, () => {
    let rankSum = 0;
    // The first `positive` places of a partly shuffled list are a random subset.
    for (const { ranks: of, positive: count } of drawnFrom) {
      for (let i = 0; i < count; i++) {
        const j = i + random.integer(of.length - i);
        const drawn = of[j]!;
        of[j] = of[i]!;
        of[i] = drawn;
        rankSum += drawn;
      }
    }
    return (rankSum - (positive * (positive + 1)) / 2) / (positive * (total - positive));
  });
}

function applicableByContext(codes: Uint8Array, positions: number): number[][] {
  const contexts: number[][] = [];
  for (let from = 0; from < codes.length; from += positions) {
    const rows: number[] = [];
    for (let row = from; row < Math.min(from + positions, codes.length); row++) if (codes[row] !== notApplicable) rows.push(row);
    contexts.push(rows);
  }
  return contexts;
}

/** Rank of each applicable token, 1 for the smallest value, ties sharing their mean [rows]. */
function ascendingMidranks({ rows, values }: Column, codes: Uint8Array): Float64Array {
  const ranks = new Float64Array(codes.length);
  const nonzero = new Uint8Array(codes.length);
  const entries: { row: number; value: number }[] = [];
  rows.forEach((row, i) => {
    if (codes[row] === notApplicable) return;
    nonzero[row] = 1;
    entries.push({ row, value: values[i]! });
  });
  const zeros: number[] = [];
  codes.forEach((code, row) => {
    if (code !== notApplicable && nonzero[row] === 0) zeros.push(row);
  });
  const firstNegative = entries.findIndex(({ value }) => value < 0);
  const cut = firstNegative === -1 ? entries.length : firstNegative;
  const descending = [...entries.slice(0, cut), ...zeros.map((row) => ({ row, value: 0 })), ...entries.slice(cut)];
  for (let start = 0; start < descending.length;) {
    let end = start;
    while (end < descending.length && descending[end]!.value === descending[start]!.value) end++;
    const midrank = descending.length + 1 - (start + 1 + end) / 2;
    for (let i = start; i < end; i++) ranks[descending[i]!.row] = midrank;
    start = end;
  }
  return ranks;
}
