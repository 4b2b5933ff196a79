/** The cost of replacing every MLP, against splicing the same transcoders one by one. */
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { withDictionaries } from '../../../src/engine/dictionaries/dictionary.ts';
import { openTranscoders } from '../../../src/engine/dictionaries/open.ts';
import { spliceCrossLayer, spliceDictionary } from '../../../src/engine/dictionaries/splice.ts';
import { openHuggingFace } from '../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { i64 } from '../../../src/engine/tensor.ts';
import { replacementCost } from '../../../src/semantic/replacementCost.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

test.each([['gpt2_relu', 'ln2.hook_normalized'], ['gpt2_clt', 'hook_resid_mid']])('%s', async (pack, input) => {
  const model = await openHuggingFace(join(fixtures, 'models/gpt2'));
  const replacement = await openTranscoders(join(fixtures, 'circuit_tracer', pack, 'transcoders'), { hooks: { input, output: 'hook_mlp_out' } });
  const [rows, length] = [2, 8];
  const ids = i64([rows, length], Array.from({ length: rows * length }, (_, i) => (i * 29) % 150));
  const report = await replacementCost({ model, replacement, runtime, batches: [{ inputIds: ids }], excludeFirst: false, resamples: 5 });

  const spliced = replacement.kind === 'clt'
    ? spliceCrossLayer(model.graph(), replacement, { errorTerm: false })
    : replacement.transcoders.reduce((graph, transcoder) => spliceDictionary(graph, transcoder, { errorTerm: false }), model.graph());
  const dictionaries = replacement.kind === 'clt' ? [replacement] : replacement.transcoders;
  const feeds = model.feeds(new Map([['input_ids', ids]]));
  const [clean, replaced] = await Promise.all([model.graph(), spliced].map(async (graph) => (
    crossEntropy((await runtime.run({ ...graph, outputs: [model.output] }, feeds, withDictionaries(model.parameters, dictionaries))).get(model.output)!.data as Float32Array)
  )));
  expect(report.scores.ceClean.value).toBeCloseTo(clean!, 4);
  expect(report.scores.ceReplaced.value).toBeCloseTo(replaced!, 4);
  expect(report.scores.ceIncrease.value).toBeCloseTo(replaced! - clean!, 4);
  expect(Math.abs(replaced! - clean!)).toBeGreaterThan(1e-3);
  expect(report).toMatchObject({ layers: 3, documents: rows, predictions: rows * (length - 1), excludedFirst: false });

  function crossEntropy(logits: Float32Array): number {
    const v = logits.length / (rows * length);
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      for (let p = 0; p + 1 < length; p++) {
        const at = logits.subarray((row * length + p) * v, (row * length + p + 1) * v);
        const top = Math.max(...at);
        sum += top + Math.log(at.reduce((total, l) => total + Math.exp(l - top), 0)) - at[Number(ids.data[row * length + p + 1])]!;
      }
    }
    return sum / (rows * (length - 1));
  }
});
