/**
 * An interpolated n-gram model with absolute discounting (Ney, Essen & Kneser 1994): the baseline that knows
 * only the last few tokens.
 */

export class NGramModel {
  private readonly order: number;
  private readonly vocabulary: number;
  private readonly discount: number;
  /** For each context length: context key → counts of what followed. */
  private readonly tables: Map<string, Map<number, number>>[];

  constructor(order: number, vocabulary: number, discount = 0.75) {
    this.order = order;
    this.vocabulary = vocabulary;
    this.discount = discount;
    this.tables = Array.from({ length: order }, () => new Map());
  }

  /** Counts one sequence of token ids. */
  observe(ids: ArrayLike<number>): void {
    for (let i = 0; i < ids.length; i++) {
      for (let length = 0; length < this.order && length <= i; length++) {
        const key = contextKey(ids, i, length);
        let counts = this.tables[length]!.get(key);
        if (counts === undefined) this.tables[length]!.set(key, (counts = new Map()));
        counts.set(ids[i]!, (counts.get(ids[i]!) ?? 0) + 1);
      }
    }
  }

  /** Probability of every token after `ids[0…position−1]`, [vocabulary]. */
  distribution(ids: ArrayLike<number>, position: number): Float64Array {
    let current = new Float64Array(this.vocabulary).fill(1 / this.vocabulary);
    for (let length = 0; length < this.order && length <= position; length++) {
      const counts = this.tables[length]!.get(contextKey(ids, position, length));
      if (counts === undefined) break;
      let total = 0;
      for (const count of counts.values()) total += count;
      const backoff = (this.discount * counts.size) / total;
      const next = current.map((p) => p * backoff);
      for (const [token, count] of counts) next[token]! += (count - this.discount) / total;
      current = next;
    }
    return current;
  }
}

function contextKey(ids: ArrayLike<number>, position: number, length: number): string {
  let key = '';
  for (let i = position - length; i < position; i++) key += `${ids[i]},`;
  return key;
}
