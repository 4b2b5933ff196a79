/** Words inside nested brackets of four types. */

import { DocumentWriter } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import { fields } from '../lexicon/fields.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit } from '../split.ts';
import type { Split } from '../split.ts';

export const bracketPairs = [['(', ')'], ['[', ']'], ['{', '}'], ['<', '>']] as const;
const words = [...fields.colours, ...fields.animals, ...fields.objects];
const maximalDepth = 5;
const maximalItems = 28;
const closing = 0.3;
const opening = 0.3;

interface Step {
  /** A bracket, or undefined for a word. */
  readonly text: string | undefined;
  readonly nats: number;
  readonly entropy: number;
}

/** One sequence. Held out by split: the skeleton, i.e. the arrangement of brackets and words. */
export function brackets(random: CorpusRandom, split: Split): LabelledDocument {
  const skeleton = drawInSplit(random, split, drawSkeleton, (steps) => ['brackets', steps.map(({ text }) => text ?? 'w').join('')]);
  const writer = new DocumentWriter();
  for (const { text, nats, entropy } of skeleton) {
    if (text === undefined) writer.emit(` ${random.pick(words)}`, {}, nats + Math.log(words.length), entropy);
    else if (bracketPairs.some(([open]) => open === text)) writer.emit(` ${text}`, {}, nats, entropy);
    else writer.emit(text, {}, nats, entropy);
  }
  return writer.finish('brackets');
}

/** Brackets and words until the first bracket has been closed, or everything is closed for length. */
function drawSkeleton(random: CorpusRandom): Step[] {
  const first = random.pick(bracketPairs);
  const types = Math.log(bracketPairs.length);
  const steps: Step[] = [{ text: first[0], nats: types, entropy: types }];
  const stack: string[] = [first[1]];
  while (stack.length > 0) {
    if (steps.length >= maximalItems) {
      steps.push({ text: stack.pop(), nats: 0, entropy: 0 });
      continue;
    }
    const open = stack.length < maximalDepth ? opening : 0;
    // Nothing closes right after it opened.
    const close = steps.at(-1)!.text !== undefined && isOpening(steps.at(-1)!.text!) ? 0 : closing;
    const word = 1 - open - close;
    const entropy = term(close) + term(open) + open * types + term(word) + word * Math.log(words.length);
    const draw = random.uniform();
    if (draw < close) steps.push({ text: stack.pop(), nats: -Math.log(close), entropy });
    else if (draw < close + open) {
      const [left, right] = random.pick(bracketPairs);
      stack.push(right);
      steps.push({ text: left, nats: types - Math.log(open), entropy });
    } else steps.push({ text: undefined, nats: -Math.log(word), entropy });
  }
  return steps;
}

function isOpening(text: string): boolean {
  return bracketPairs.some(([open]) => open === text);
}

function term(probability: number): number {
  return probability === 0 ? 0 : -probability * Math.log(probability);
}
