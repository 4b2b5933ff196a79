/** The corpus that comes with a model: labelled text of all kinds. What is held out are templates and combinations no training saw. */
import type { Corpus } from '../../src/semantic/store/corpus.ts';
import { contextLength } from '../contexts.ts';
import { codings } from '../groundTruth/coding.ts';
import { coded, labelledText } from '../groundTruth/text.ts';
import type { FableTokenizer } from '../tokenizer/encode.ts';

/** Contexts of the store, and held-out ones on which labels are scored. */
export const corpusSize = { harvested: 288, heldOut: 96 } as const;
const seed = 41;

/** A pure function of the tokenizer and the grammar. */
export function bundledCorpus(tokenizer: FableTokenizer): Corpus {
  const { harvested, heldOut } = corpusSize;
  const raw = { selection: labelledText(tokenizer, 'validation', harvested, contextLength, seed), heldOut: labelledText(tokenizer, 'test', heldOut, contextLength, seed) };
  const { codings: known } = codings(raw.selection, raw.heldOut);
  const [selection, held] = [coded(raw.selection, known), coded(raw.heldOut, known)];
  const ids = [selection, held].flatMap(({ contexts }) => Array.from(contexts.data, Number));
  return {
    name: 'Fable, all kinds', ids: Uint32Array.from(ids), contextLength, origins: undefined,
    heldOut: Uint8Array.from({ length: harvested + heldOut }, (_, context) => (context < harvested ? 0 : 1)),
    variables: known.map(({ variable }) => variable),
    codes: new Map(known.map(({ variable: { name } }) => [name, Uint8Array.from([...selection.codes.get(name)!, ...held.codes.get(name)!])])),
  };
}
