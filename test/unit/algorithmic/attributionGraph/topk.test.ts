/** Top-k transcoders of circuit-tracer, which keep negative values among the k largest; of others, which do not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { buildGraph } from '../../../../src/algorithmic/attributionGraph/build.ts';
import type { BuiltGraph } from '../../../../src/algorithmic/attributionGraph/build.ts';
import { intervene } from '../../../../src/algorithmic/attributionGraph/intervene/intervene.ts';
import { OpenGraph } from '../../../../src/algorithmic/attributionGraph/queries/openGraph.ts';
import { openTranscoders } from '../../../../src/engine/dictionaries/open.ts';
import { writeSafetensors } from '../../../../src/engine/formats/safetensorsWriter.ts';
import { Random } from '../../../../src/engine/random.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { f32, i64 } from '../../../../src/engine/tensor.ts';
import { smallLlama } from '../../../support/transcoders.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-topk-'));
const runtime = new Runtime({ threads: 1 });
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

const [layers, width, latents, k] = [3, 16, 24, 10];
const ids = [1, 7, 3, 7, 12, 9];
const model = smallLlama();

/** A bias well below zero leaves fewer than k positive pre-activations. */
async function graphOf(name: string, kInFiles: boolean): Promise<BuiltGraph> {
  const random = new Random(2);
  const path = mkdtempSync(join(folder, name));
  const normal = (dims: readonly number[], scale: number, mean = 0) => f32(dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => mean + scale * random.normal()));
  for (let layer = 0; layer < layers; layer++) {
    writeSafetensors(join(path, `layer_${layer}.safetensors`), [
      ['W_enc', normal([latents, width], 0.3)], ['W_dec', normal([latents, width], 0.3)], ['b_enc', normal([latents], 0.1, -1)], ['b_dec', normal([width], 0)], ...(kInFiles ? [['k', i64([], [k])] as const] : []),
    ]);
  }
  writeFileSync(join(path, 'config.yaml'), `model_kind: transcoder_set\nmodel_name: small\nfeature_input_hook: ln2.hook_normalized\nfeature_output_hook: hook_mlp_out\nactivation: topk\nk: ${k}\n`);
  return buildGraph(model, runtime, await openTranscoders(path), { inputs: new Map([['input_ids', i64([1, ids.length], ids)]]) });
}

it('keeps k features per token where the files hold k, negative ones among them', async () => {
  const { active } = await graphOf('signed', true);
  expect(active.feature).toHaveLength(layers * (ids.length - 1) * k);
  const negative = active.activation.filter((value) => value < 0).length;
  expect(negative).toBeGreaterThan(20);
  const plain = await graphOf('plain', false);
  expect(plain.active.feature).toHaveLength(active.feature.length - negative);
  expect(plain.active.activation.every((value) => value > 0)).toBe(true);
});

it('their graphs are exact too: reconstruction errors and interventions take the sign along', async () => {
  const built = await graphOf('exact', true);
  const open = new OpenGraph(built.graph);
  const nodes = [...built.graph.nodes.activation.keys()].filter((node) => built.graph.nodes.activation[node]! < 0).slice(0, 5);
  for (const measure of ['direct', 'model'] as const) {
    const nothing = await intervene(model, runtime, built, open, { nodes, change: { kind: 'scale', factor: 1 }, measure, controls: 0 });
    expect(Math.max(...nothing.logits.measured.map(Math.abs))).toBeLessThan(1e-5);
    const { logits } = await intervene(model, runtime, built, open, { nodes, change: { kind: 'ablate' }, measure, controls: 0 });
    expect(Math.max(...logits.measured.map(Math.abs))).toBeGreaterThan(1e-3);
    if (measure === 'direct') logits.predicted.forEach((value, i) => expect(logits.measured[i]).toBeCloseTo(value, 4));
  }
});
