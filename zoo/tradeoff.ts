/**
 * `npm run zoo:tradeoff -- [MODEL] [--hook H] [--steps N] [--width N]`: L0 against CE recovered for TopK, JumpReLU and L1
 * autoencoders of one hook point, trained alike and measured on held-out text. Prints the table and writes
 * `dictionaries/tradeoff.json` of the model. These are short trainings; the bundled dictionaries got longer ones.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openHuggingFace } from '../src/engine/models/huggingface.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import { sparsityTradeoff, usualPoints } from '../src/semantic/sparsityTradeoff.ts';
import { contextLength, fableContexts } from './contexts.ts';
import { dictionaryFolder, modelFolder } from './dictionaryFolder.ts';
import { evaluationBatches } from './dictionaryMeasures.ts';
import { loadFableTokenizer } from './tokenizer/encode.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { hook: { type: 'string', default: 'blocks.2.hook_resid_post' }, steps: { type: 'string', default: '300' }, width: { type: 'string', default: '1024' } },
});
const id = positionals[0] ?? 'fable-4l';
const { hook } = values;
const training = { architecture: 'topk', nLatents: Number(values.width), steps: Number(values.steps), batchSize: 1024, learningRate: 2e-3, seed: 14 } as const;
const evaluated = 64;

const model = await openHuggingFace(modelFolder(id));
const runtime = new Runtime({ threads: 1 });
const contexts = fableContexts(loadFableTokenizer(), 'train', 1000 + training.seed, Math.ceil((training.steps * training.batchSize) / (contextLength - 1)));
const table = sparsityTradeoff(usualPoints, { model, runtime, contexts, inputs: [hook], outputs: [hook], training, compile: { threads: 1 } }, evaluationBatches(evaluated));
process.stdout.write('| architecture | setting | L0 | FVU | CE recovered (95 %) | dead |\n|---|---|---|---|---|---|\n');
const rows: unknown[] = [];
for await (const { dictionary: _, ...point } of table) {
  rows.push(point);
  const { value, low, high } = point.ceRecovered;
  const setting = point.k === undefined ? `L1 ${point.sparsity}` : `k ${point.k}`;
  process.stdout.write(`| ${point.architecture} | ${setting} | ${point.l0.value.toFixed(1)} | ${point.fvu.value.toFixed(4)} | ${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}] | ${(100 * point.dead).toFixed(1)} % |\n`);
}
await runtime.dispose();
writeFileSync(join(dictionaryFolder({ model: id }), 'tradeoff.json'), `${JSON.stringify({ model: id, hook, training, evaluatedContexts: evaluated, rows }, undefined, 1)}\n`);
