/** Labelled texts as tokens to probe. Every other text of each label is held out. */
import { createHash } from 'node:crypto';
import { MechanistError } from '../../engine/errors.ts';
import type { Tokenizer } from '../../engine/models/tokenizer.ts';
import { notApplicable } from '../groundTruth/variables.ts';
import type { LatentVariable } from '../groundTruth/variables.ts';
import type { LabelledContexts, LabelledTokens } from './labelledTokens.ts';
import type { LabelledSample } from './readTexts.ts';

export interface TextTokensOptions {
  readonly name: string;
  /** Positions that the model reads at once; longer texts become several contexts of one side. */
  readonly context: number;
  /** Special tokens that the model expects around a text. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const textsPerStep = 64;

/** The one variable that labelled texts have. */
const textVariable = 'label';
/** Class of tokens outside all spans. */
const outside = 'none';

/**
 * Tokens that overlap a labelled span have its label (the first of several), others of such a text `none`; a label of a
 * whole text is that of all its tokens. Yields between texts. Errors: `argument` for texts that all have the same label, more than 254 labels,
 * or a single text.
 */
export function* tokensOfTexts(samples: readonly LabelledSample[], tokenizer: Tokenizer, options: TextTokensOptions): Generator<void, LabelledTokens> {
  const { name } = options;
  const labels = [...new Set(samples.flatMap(({ label, spans }) => (label === undefined ? spans.map((span) => span.label) : [label])))].toSorted();
  const classes = samples[0]?.label === undefined ? [outside, ...labels.filter((label) => label !== outside)] : labels;
  if (samples.length < 2) throw new MechanistError('argument', `${name} has a single text; some are needed to score on.`, { hint: 'Give at least two texts of each label.' });
  if (classes.length < 2) throw new MechanistError('argument', `All texts of ${name} have the same label.`, { field: 'label', hint: 'A probe needs examples for and against.' });
  if (classes.length >= notApplicable) throw new MechanistError('argument', `${name} has ${classes.length} labels; at most ${notApplicable - 1} are told apart.`, { field: 'label' });
  const sides: [Piece[], Piece[]] = [[], []];
  const hash = createHash('sha256');
  const turns = new Map<string, number>();
  let turn = 0;
  for (const [i, sample] of samples.entries()) {
    if (i % textsPerStep === 0) yield;
    hash.update(JSON.stringify([sample.text, sample.label ?? null, sample.spans]));
    // Alternating within texts of like labels: a file sorted or interleaved by label has all of them on both sides.
    const kind = sample.label ?? [...new Set(sample.spans.map(({ label }) => label))].toSorted().join('\n');
    const side = turns.get(kind) ?? turn++ % 2;
    turns.set(kind, 1 - side);
    sides[side === 0 ? 0 : 1].push(...piecesOf(sample, classes, tokenizer, options));
  }
  return { name, hash: hash.digest('hex'), variables: [variableOf(classes)], train: contextsOf(sides[0]), heldOut: contextsOf(sides[1]) };
}

interface Piece {
  readonly ids: readonly number[];
  readonly codes: readonly number[];
}

function* piecesOf({ text, label, spans }: LabelledSample, classes: readonly string[], tokenizer: Tokenizer, { before, after, context }: TextTokensOptions): Generator<Piece> {
  const { ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
  const codes = offsets.map(([start, end]) => classes.indexOf(label ?? spans.find((span) => span.start < end && start < span.end)?.label ?? outside));
  const length = Math.max(1, context - before.length - after.length);
  const silent = (tokens: readonly number[]): number[] => tokens.map(() => notApplicable);
  for (let from = 0; from < ids.length; from += length) {
    yield {
      ids: [...before, ...ids.slice(from, from + length), ...after],
      codes: [...silent(before), ...codes.slice(from, from + length), ...silent(after)],
    };
  }
}

function contextsOf(pieces: readonly Piece[]): LabelledContexts {
  const positions = Math.max(1, ...pieces.map(({ ids }) => ids.length));
  const data = new BigInt64Array(pieces.length * positions);
  const codes = new Uint8Array(pieces.length * positions).fill(notApplicable);
  pieces.forEach((piece, i) => {
    piece.ids.forEach((id, p) => { data[i * positions + p] = BigInt(id); });
    codes.set(piece.codes, i * positions);
  });
  return { contexts: { dtype: 'int64', dims: [pieces.length, positions], data }, lengths: Int32Array.from(pieces, ({ ids }) => ids.length), codes: new Map([[textVariable, codes]]) };
}

function variableOf(classes: readonly string[]): LatentVariable {
  const asked = classes[0] === outside ? classes.slice(1) : classes;
  return { name: textVariable, classes, questions: asked.map((label) => ({ name: label, classes: [classes.indexOf(label)] })) };
}
