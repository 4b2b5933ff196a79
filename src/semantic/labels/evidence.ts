/** Activations of all features on a few contexts, feature by feature: what labels are made from, and what they are scored on. */
import { throwIfCancelled } from '../../engine/errors.ts';
import { contextIds, contextsOf } from '../store/corpus.ts';
import type { Corpus } from '../store/corpus.ts';
import type { Entries } from '../store/entries.ts';
import type { HarvestProgram } from '../store/program.ts';

export interface Evidence {
  readonly corpus: Corpus;
  /** 1 for the rows of the corpus that were read and count (the first of each context does not). */
  readonly counted: Uint8Array;
  readonly contexts: Uint32Array;
  /** Positive activations, rows ascending. */
  entries(feature: number): Entries;
}

/** Contexts of each kind at most; evenly spaced ones of a larger corpus. */
const mostContexts = 288;

/** Runs the harvested or the held-out contexts. Yields the number of contexts done. */
export async function* gatherEvidence(program: HarvestProgram, corpus: Corpus, features: number, heldOut: boolean, signal?: AbortSignal): AsyncGenerator<number, Evidence> {
  const all = contextsOf(corpus, heldOut);
  const stride = Math.ceil(all.length / mostContexts) || 1;
  const contexts = all.filter((_, i) => i % stride === 0);
  const { contextLength } = corpus;
  const counted = new Uint8Array(corpus.ids.length);
  const rows: Uint32Array[] = [];
  const owners: Uint32Array[] = [];
  const values: Float32Array[] = [];
  const counts = new Uint32Array(features + 1);
  const perRun = program.contextsPerRun(contextLength);
  for (let from = 0; from < contexts.length; from += perRun) {
    throwIfCancelled(signal);
    const batch = contexts.subarray(from, from + perRun);
    const found: { row: number; feature: number; value: number }[] = [];
    await program.run(contextIds(corpus, batch), (token, feature, value) => {
      if (token % contextLength !== 0) found.push({ row: batch[Math.floor(token / contextLength)]! * contextLength + (token % contextLength), feature, value });
    });
    for (const { feature } of found) counts[feature + 1]!++;
    rows.push(Uint32Array.from(found, ({ row }) => row));
    owners.push(Uint32Array.from(found, ({ feature }) => feature));
    values.push(Float32Array.from(found, ({ value }) => value));
    for (const context of batch) counted.fill(1, context * contextLength + 1, (context + 1) * contextLength);
    yield from + batch.length;
  }
  for (let f = 0; f < features; f++) counts[f + 1]! += counts[f]!;
  const total = counts[features]!;
  const [sortedRows, sortedValues, next] = [new Uint32Array(total), new Float32Array(total), counts.slice()];
  rows.forEach((piece, p) => piece.forEach((row, i) => {
    const at = next[owners[p]![i]!]!++;
    sortedRows[at] = row;
    sortedValues[at] = values[p]![i]!;
  }));
  return { corpus, counted, contexts, entries: (feature) => ({ rows: sortedRows.subarray(counts[feature], counts[feature + 1]), values: sortedValues.subarray(counts[feature], counts[feature + 1]) }) };
}
