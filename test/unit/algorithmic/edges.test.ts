/** Edge attribution and circuit evaluation against EAP-IG, and against their own identities. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { edgeAttribution } from '../../../src/algorithmic/edges/edgeAttribution.ts';
import { edgeGraphOf, edgeName } from '../../../src/algorithmic/edges/edgeGraph.ts';
import { pathPatching } from '../../../src/algorithmic/edges/pathPatching.ts';
import { CircuitRunner } from '../../../src/algorithmic/edges/maskedForward.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import type { Metric } from '../../../src/engine/metrics/parse.ts';
import { openModelAt } from '../../../src/engine/models/openPath.ts';
import { openHuggingFace } from '../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { numbersOf } from '../../../src/engine/tensor.ts';

const fixtures = new URL('../../fixtures/', import.meta.url).pathname;
const oracle = JSON.parse(readFileSync(`${fixtures}transformer_lens/eap_edges.json`, 'utf8')) as Record<string, readonly number[]>;
const column = { eap: 0, integratedLeft: 1, ends: 2, activations: 3, exact: 4 } as const;
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

async function question(name: string) {
  const model = await openHuggingFace(`${fixtures}models/${name}`);
  const reference = openSafetensors(`${fixtures}models/${name}/reference.safetensors`);
  const answers = Array.from(numbersOf(reference.read('answer_ids')));
  const metric: Metric = { kind: 'logit_diff', position: -1, rows: [{ right: answers[0]!, wrong: answers[1]! }, { right: answers[2]!, wrong: answers[3]! }] };
  const inputs = { clean: new Map([['input_ids', reference.read('input_ids')]]), corrupted: new Map([['input_ids', reference.read('corrupted_ids')]]) };
  return { model, options: { ...inputs, metric } };
}

/** Largest difference from one column of the oracle, over all edges. */
function gap(edges: ReturnType<typeof edgeGraphOf>, value: (edge: number) => number, which: keyof typeof column): number {
  let largest = 0;
  edges.exists.forEach((exists, i) => {
    if (exists === 1) largest = Math.max(largest, Math.abs(value(i) - oracle[edgeName(edges, i)]![column[which]]!));
  });
  return largest;
}

describe('edgeGraphOf', () => {
  it('has exactly the edges of EAP-IG', async () => {
    const edges = edgeGraphOf((await question('gpt2')).model);
    const names = [...edges.exists.keys()].filter((i) => edges.exists[i] === 1).map((i) => edgeName(edges, i));
    expect(names.toSorted()).toEqual(Object.keys(oracle).toSorted());
  });

  it('lets no head feed the MLP of its own layer in parallel blocks', async () => {
    const edges = edgeGraphOf((await question('gpt_neox')).model);
    const has = (name: string): boolean => [...edges.exists.keys()].some((i) => edges.exists[i] === 1 && edgeName(edges, i) === name);
    expect([has('a0.h0->m0'), has('a0.h0->m1'), has('m0->a1.h0<q>')]).toEqual([false, true, true]);
  });

  it('has k and v edges for every head of grouped attention, as EAP-IG has', async () => {
    const { model } = await question('llama');
    const { nHeads, nKeyValueHeads } = model.config!;
    expect(nKeyValueHeads).toBeLessThan(nHeads);
    const names = edgeGraphOf(model).receivers.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([`a0.h${nHeads - 1}<k>`, `a1.h${nHeads - 1}<v>`]));
  });

  it('says what to open instead of an ONNX file', async () => {
    const model = await openModelAt(`${fixtures}models/gemma2/model.onnx`);
    expect(() => edgeGraphOf(model)).toThrowError(expect.objectContaining({ reason: 'unsupported', hint: expect.stringContaining('safetensors') as unknown }));
    model.parameters.close();
  });
});

describe('edgeAttribution', () => {
  // The reference averages the metric over the batch and divides the scores by its size once more: two prompts, one half.
  it.each([
    ['eap', 'inputs', 1, 'midpoint'], ['integratedLeft', 'inputs', 5, 'left'], ['ends', 'ends', 2, 'left'], ['activations', 'activations', 5, 'right'],
  ] as const)('%s equals EAP-IG', async (which, path, steps, rule) => {
    const { model, options } = await question('gpt2');
    const { edges, scores } = await edgeAttribution(model, runtime, { ...options, path, steps, rule });
    expect(gap(edges, (i) => scores.data[i]! / 2, which)).toBeLessThan(1e-6);
  });

  it.each(['llama', 'gemma2'])('approaches the exact total as the path is followed more finely: %s', async (name) => {
    const { model, options } = await question(name);
    const error = async (steps: number): Promise<number> => {
      const { edges, scores, cleanMetric, corruptedMetric } = await edgeAttribution(model, runtime, { ...options, steps });
      // Every path from the embeddings begins with an edge from `input`, so these edges together carry the whole effect.
      const width = edges.receivers.length;
      const total = scores.data.subarray(0, width).reduce((sum, score) => sum + score, 0);
      return Math.abs(total - (corruptedMetric - cleanMetric));
    };
    expect(await error(16)).toBeLessThan(0.02 * (await error(1)) + 1e-5);
  });
});

describe('CircuitRunner', () => {
  it.each(['gpt2', 'llama', 'gpt_neox', 'gemma2'])('gives the clean metric for the full circuit, the corrupted one for the empty: %s', async (name) => {
    const { model, options } = await question(name);
    const runner = await CircuitRunner.create(model, runtime, options);
    const { cleanMetric, corruptedMetric } = await edgeAttribution(model, runtime, { ...options, steps: 1 });
    const [full, empty] = await runner.evaluate([runner.edges.exists, new Uint8Array(runner.edges.exists.length)]);
    expect(full).toBeCloseTo(cleanMetric, 5);
    expect(empty).toBeCloseTo(corruptedMetric, 5);
  });

  it('patches single edges exactly as EAP-IG does', async () => {
    const { model, options } = await question('gpt2');
    const runner = await CircuitRunner.create(model, runtime, options);
    const { exists } = runner.edges;
    const list = [...exists.keys()].filter((i) => exists[i] === 1);
    const [full, ...cut] = await runner.evaluate([exists, ...list.map((edge) => exists.map((kept, i) => (i === edge ? 0 : kept)))]);
    expect(gap(runner.edges, (i) => cut[list.indexOf(i)]! - full!, 'exact')).toBeLessThan(1e-5);
  });

  it('cuts an edge behind a post-norm as path patching with all else held does', async () => {
    const { model, options } = await question('gemma2');
    const runner = await CircuitRunner.create(model, runtime, options);
    const { exists } = runner.edges;
    // Cutting one edge leaves all before it clean, so that its sender writes its corrupted value into a clean stream.
    const list = [...exists.keys()].filter((i) => exists[i] === 1).filter((_, i) => i % 5 === 0);
    const [full, ...cut] = await runner.evaluate([exists, ...list.map((edge) => exists.map((kept, i) => (i === edge ? 0 : kept)))]);
    const direct = await pathPatching(model, runtime, { ...options, edges: list, freezeMlps: true });
    const gaps = list.map((_, i) => Math.abs(cut[i]! - full! - direct[i]!.reduce((sum, value) => sum + value, 0) / direct[i]!.length));
    expect(Math.max(...cut.map((value) => Math.abs(value - full!)))).toBeGreaterThan(1e-3);
    expect(Math.max(...gaps)).toBeLessThan(1e-5);
  });

  it('stops when asked', async () => {
    const { model, options } = await question('gpt2');
    const runner = await CircuitRunner.create(model, runtime, options);
    await expect(runner.evaluate([runner.edges.exists], AbortSignal.abort())).rejects.toMatchObject({ reason: 'cancelled' });
  });
});
