/** Spans of random tokens, repeated: only copying from an earlier occurrence predicts the copies. */

import type { LabelledDocument, Span } from '../document.ts';
import type { CorpusRandom } from '../random.ts';

export interface InductionPlan {
  /** Shortest and longest span, tokens. */
  readonly length: readonly [number, number];
  /** Fewest and most copies, the first included. */
  readonly copies: readonly [number, number];
  /** Longest document; a plan that exceeds it gets fewer copies (but at least two). */
  readonly limit: number;
}

/** Token ids to draw from, uniformly, and the text of each id. */
export interface TokenPool {
  readonly ids: readonly number[];
  readonly text: (id: number) => string;
}

/** One document. Random spans never recur, so that every split is held out by itself. */
export function induction(random: CorpusRandom, pool: TokenPool, plan: InductionPlan): LabelledDocument {
  const length = random.integer(...plan.length);
  const copies = Math.max(2, Math.min(random.integer(...plan.copies), Math.floor(plan.limit / length)));
  const span = Array.from({ length }, () => random.pick(pool.ids));
  const nats = Math.log(pool.ids.length);
  const tokens: number[] = [];
  const spans: Span[] = [];
  let text = '';
  for (let copy = 0; copy < copies; copy++) {
    for (const [i, id] of span.entries()) {
      const start = text.length;
      text += pool.text(id);
      const labels = copy === 0 ? { spanPosition: i } : { isRepeat: true, spanPosition: i, spanLength: length };
      // Where a copy begins is not knowable, so the entropy at the start of the second is unknown.
      const entropy = copy === 0 ? nats : i === 0 ? undefined : 0;
      spans.push({ start, end: text.length, labels, context: {}, surprise: copy === 0 ? nats : 0, entropy });
      tokens.push(id);
    }
  }
  return { kind: 'induction', text, spans, tokens };
}
