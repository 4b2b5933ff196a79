/** Labels from statistics for the features of a bundled store. */
import { join } from 'node:path';
import type { Model } from '../../src/engine/models/model.ts';
import { tokenizerOf } from '../../src/engine/models/openPath.ts';
import type { Runtime } from '../../src/engine/runtime/runtime.ts';
import { autoLabels, beatsBaseline, summarizeLabels } from '../../src/semantic/labels/auto.ts';
import type { LabelSummary } from '../../src/semantic/labels/auto.ts';
import { gatherEvidence } from '../../src/semantic/labels/evidence.ts';
import { writeLabels } from '../../src/semantic/labels/labelFile.ts';
import { harvestProgram } from '../../src/semantic/store/program.ts';
import type { FeatureSource } from '../../src/semantic/store/source.ts';
import { FeatureStore } from '../../src/semantic/store/store.ts';

/** By how much detection must beat that of wrong labels for a label to be kept. */
export const margin = 0.2;

/** With `write`, puts labels.json into the store's folder, without rules and scores by bin, which can be made again; returns what all labels together are worth, kept or not. */
export async function labelStore(folder: string, model: Model, runtime: Runtime, source: FeatureSource, write: boolean): Promise<LabelSummary> {
  const store = await FeatureStore.open(folder);
  const tokenizer = (await tokenizerOf(model))!;
  const program = harvestProgram(model, runtime, source);
  const [fit, heldOut] = [await finished(gatherEvidence(program, store.corpus, store.latents, false)), await finished(gatherEvidence(program, store.corpus, store.latents, true))];
  const features = Array.from(store.aliveFeatures());
  const steps = autoLabels(fit, heldOut, features, (id) => tokenizer.tokenText(id), 0);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const kept = step.value.filter((label) => beatsBaseline(label, margin));
  const { hash, id, hook, layer } = store.manifest.dictionary;
  if (write) writeLabels(join(folder, 'labels.json'), { hash, id, hook, layer }, new Map(kept.map(({ feature, label: { label, author, score } }) => [feature, { label, author, score: { ...score!, byBin: [] } }])));
  return summarizeLabels(store, heldOut, features, step.value, margin);
}

async function finished<T>(steps: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
  }
}
