/** Labels that come with a corpus or in a safetensors file, as tokens to probe. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { readLabelled } from '../groundTruth/labelledFile.ts';
import { contextIds, contextsOf, corpusHash } from '../store/corpus.ts';
import type { Corpus } from '../store/corpus.ts';
import type { LabelledContexts, LabelledTokens } from './labelledTokens.ts';

/** The latent variables of a corpus; its own held-out contexts are held out. Errors: `argument` for a corpus without labels. */
export function tokensOfCorpus(corpus: Corpus): LabelledTokens {
  const { name, variables, codes, contextLength } = corpus;
  if (variables.length === 0) throw new MechanistError('argument', `The corpus "${name}" has no labels.`, { hint: 'Give labelled texts (.jsonl).' });
  const part = (held: boolean): LabelledContexts => {
    const contexts = contextsOf(corpus, held);
    return { contexts: contextIds(corpus, contexts), codes: new Map([...codes].map(([variable, all]) => [variable, rowsOf(all, contexts, contextLength)])) };
  };
  return { name, hash: corpusHash(corpus), variables, train: part(false), heldOut: part(true) };
}

/** A file as `readLabelled` describes it. Errors: those of `readLabelled`. */
export function tokensOfFile(file: string): LabelledTokens {
  const { variables, selection, heldOut } = readLabelled(file);
  const hash = createHash('sha256');
  for (const { contexts, codes } of [selection, heldOut]) {
    hash.update(contexts.dims.join()).update(new Uint8Array(contexts.data.buffer, contexts.data.byteOffset, contexts.data.byteLength));
    for (const name of [...codes.keys()].toSorted()) hash.update(`\n${name}\n`).update(codes.get(name)!);
  }
  return { name: basename(file), hash: hash.digest('hex'), variables, train: selection, heldOut };
}

function rowsOf(codes: Uint8Array, contexts: Uint32Array, length: number): Uint8Array {
  const kept = new Uint8Array(contexts.length * length);
  contexts.forEach((context, i) => kept.set(codes.subarray(context * length, (context + 1) * length), i * length));
  return kept;
}
