/** The control that knows no language: a dictionary of the same kind on the model as it was before training. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dictionary } from '../../src/engine/dictionaries/dictionary.ts';
import { trainOnModel } from '../../src/engine/dictionaries/train/trainOnModel.ts';
import type { Model } from '../../src/engine/models/model.ts';
import type { Runtime } from '../../src/engine/runtime/runtime.ts';
import { contextLength, fableContexts } from '../contexts.ts';
import type { DictionaryPlan } from '../dictionaries.ts';
import { loadFableTokenizer } from '../tokenizer/encode.ts';

const work = fileURLToPath(new URL('../.work', import.meta.url));

/** Training steps of a control: a quarter of the dictionary's, since activations that hold little but the token are soon learned. */
export function controlSteps({ training }: DictionaryPlan): number {
  return Math.ceil(training.steps / 4);
}

/** Trains the control of an autoencoder's plan. What an earlier run has trained is read from its checkpoint. */
export async function trainControl(plan: DictionaryPlan, untrained: Model, runtime: Runtime, seed: number): Promise<Dictionary> {
  const { model, inputs, outputs, id } = plan;
  const training = { ...plan.training, steps: controlSteps(plan) };
  const choices = createHash('sha256').update(JSON.stringify([training, seed])).digest('hex').slice(0, 12);
  const file = join(work, model, 'controls', `${id}-${choices}.safetensors`);
  mkdirSync(dirname(file), { recursive: true });
  const tokens = training.steps * (training.batchSize ?? 4096);
  const contexts = fableContexts(loadFableTokenizer(), 'train', 2000 + seed, Math.ceil(tokens / (contextLength - 1)));
  const run = trainOnModel({ model: untrained, runtime, contexts, inputs, outputs, training, id: `control:${id}`, checkpoint: { file, every: 100 }, compile: { threads: 1 } });
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value as Dictionary;
  }
}
