/** What the sample is measured on: prompts, texts and labels of the corpus' test split, which no training saw. */
import { writeSafetensors } from '../src/engine/formats/safetensorsWriter.ts';
import { Random } from '../src/engine/random.ts';
import { i64 } from '../src/engine/tensor.ts';
import type { Tensor } from '../src/engine/tensor.ts';
import { behaviorItems } from '../zoo/corpus/behaviors.ts';
import { generate } from '../zoo/corpus/generate.ts';
import { CorpusRandom } from '../zoo/corpus/random.ts';
import { labelledText } from '../zoo/groundTruth/text.ts';
import type { SampleModel } from './opened.ts';

export interface IdPair {
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  readonly answers: readonly number[];
  readonly distractors: readonly number[];
}

export interface TextPair {
  readonly clean: string;
  readonly corrupted: string;
  readonly answers: readonly string[];
  readonly distractors: readonly string[];
}

/** Fields of meaning that the corpus labels, of which one gets a feature. */
export const fieldNames = ['animals', 'food', 'colours', 'places', 'people'] as const;

/**
 * Random tokens that repeat. In the corrupted prompt another token stands before the one to copy, so that nothing there says
 * which token to copy, and everything else is the same. The distractor is another token of the passage.
 */
export function inductionPairs({ corpus }: SampleModel, count: number, seed: number): IdPair[] {
  const random = new Random(1000 + seed);
  const draw = (): number => corpus.ordinary[random.integer(corpus.ordinary.length)]!;
  return Array.from({ length: count }, () => {
    const span = Array.from({ length: 16 }, draw);
    const at = 6;
    const [right, wrong, other] = [span[at]!, span[at + 5]!, draw()];
    const changed = span.map((token, i) => (i === at - 1 ? other : token));
    const again = span.slice(0, at);
    return { clean: [corpus.bos, ...span, ...again], corrupted: [corpus.bos, ...changed, ...again], answers: [right], distractors: [wrong] };
  }).filter(({ clean, corrupted, answers, distractors }) => answers[0] !== distractors[0] && clean.some((token, i) => token !== corrupted[i]));
}

/** "When Mary and John went to the market, John gave a book to"; in the corrupted prompt the other person gives. */
export function ioiPairs(model: SampleModel, count: number, seed: number): TextPair[] {
  return transferPairs(model, count, seed, ({ ids, right, wrong }) => ({ at: ids.lastIndexOf(wrong), by: right, distractor: wrong }));
}

/** The same prompts; in the corrupted one the recipient has another name, which is then the wrong answer. So only the name differs, and not who gives. */
export function recipientPairs(model: SampleModel, count: number, seed: number): TextPair[] {
  const names = transfers(model, 40, seed + 100).map(({ right }) => right);
  return transferPairs(model, count, seed, ({ ids, right }, i) => {
    const other = names.slice(i).concat(names).find((name) => !ids.includes(name))!;
    return { at: ids.indexOf(right), by: other, distractor: other };
  });
}

interface Transfer {
  readonly ids: readonly number[];
  /** The recipient, who is named once, and the giver. */
  readonly right: number;
  readonly wrong: number;
}

function transfers({ corpus }: SampleModel, count: number, seed: number): Transfer[] {
  return behaviorItems('ioi', corpus, count, seed).map(({ ids, targets: [right], distractors: [wrong] }) => ({ ids, right: right!, wrong: wrong! }));
}

/** Pairs that differ in one token. Only prompts whose text has the same tokens again are taken. */
function transferPairs(
  model: SampleModel, count: number, seed: number, change: (transfer: Transfer, i: number) => { readonly at: number; readonly by: number; readonly distractor: number },
): TextPair[] {
  const tokenizer = model.tokenizer!;
  return transfers(model, 4 * count, seed).flatMap((transfer, index): TextPair[] => {
    const { ids, right } = transfer;
    const { at, by, distractor } = change(transfer, index);
    const corrupted = ids.map((id, i) => (i === at ? by : id));
    const [clean, other] = [ids, corrupted].map((list) => tokenizer.decode(list.slice(1)));
    if (tokenizer.encode(clean!).ids.join() !== ids.join() || tokenizer.encode(other!).ids.join() !== corrupted.join()) return [];
    return [{ clean: clean!, corrupted: other!, answers: [tokenizer.decode([right])], distractors: [tokenizer.decode([distractor])] }];
  }).slice(0, count);
}

/** Paragraphs of all kinds that have meaning. */
export function texts({ corpus, tokenizer }: SampleModel, count: number, seed: number): string[] {
  const random = new CorpusRandom('sample', 'texts', seed);
  const kinds = ['fields', 'story', 'opinion'] as const;
  return Array.from({ length: count }, (_, i) => {
    const document = generate(kinds[i % kinds.length]!, random, 'test');
    return document.text.replaceAll(/\s+/g, ' ').trim();
  }).filter((text) => tokenizer!.encode(text).ids.length <= 200 && corpus.bos >= 0);
}

/** Tokens with their field of meaning, and whether they stand in the scope of a negation. */
export function labels({ corpus }: SampleModel, file: string, seed: number): void {
  const [contexts, positions] = [160, 64];
  const raw = labelledText(corpus, 'test', contexts, positions, seed);
  const column = (name: string, classOf: (value: unknown) => number): [string, Tensor] => [name, i64([contexts, positions], raw.values.get(name)!.map((value) => (value === undefined ? -1 : classOf(value))))];
  writeSafetensors(file, [
    ['input_ids', raw.contexts],
    ...fieldNames.map((name) => column(`field.${name}`, (value) => (value === true ? 1 : 0))),
    column('negated', (value) => (value === true ? 1 : 0)),
  ]);
}
