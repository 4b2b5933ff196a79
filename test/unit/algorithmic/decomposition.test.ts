/** Decompositions of the residual stream against TransformerLens 2.15, and their sums. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { decomposeStream } from '../../../src/algorithmic/decomposition.ts';
import type { DecomposedStream } from '../../../src/algorithmic/decomposition.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { openHuggingFace } from '../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { difference } from '../../support/compare.ts';

const fixtures = new URL('../../fixtures/', import.meta.url).pathname;
const labels = (JSON.parse(readFileSync(`${fixtures}transformer_lens/labels.json`, 'utf8')) as { gpt2: Record<string, string[]> }).gpt2;
const oracle = openSafetensors(`${fixtures}transformer_lens/gpt2.safetensors`);
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

async function decompose(name: string, kind: 'accumulated' | 'components' | 'heads'): Promise<DecomposedStream> {
  const model = await openHuggingFace(`${fixtures}models/${name}`);
  const inputs = new Map([['input_ids', openSafetensors(`${fixtures}models/${name}/reference.safetensors`).read('input_ids')]]);
  return decomposeStream(model, runtime, { inputs, kind });
}

function part({ labels: names, parts }: DecomposedStream, label: string): Float32Array {
  const size = parts.data.length / names.length;
  const at = names.indexOf(label);
  return parts.data.subarray(at * size, (at + 1) * size);
}

describe('decomposeStream', () => {
  it.each([['accumulated', 'accumulated_resid', 'accumulated_resid_labels'], ['heads', 'stack_head_results', 'stack_head_labels']] as const)('%s equals TransformerLens', async (kind, tensor, list) => {
    const result = await decompose('gpt2', kind);
    expect(result.labels).toEqual(labels[list]);
    expect(difference(result.parts, oracle.read(tensor)).largest).toBeLessThan(1e-5);
  });

  it('components equal TransformerLens, whose reference lists embeddings and attention', async () => {
    const result = await decompose('gpt2', 'components');
    const listed = labels['decompose_resid_labels']!;
    expect(result.labels.filter((label) => !label.endsWith('mlp_out'))).toEqual(listed);
    const expected = oracle.read('decompose_resid');
    const size = expected.data.length / listed.length;
    for (const [i, label] of listed.entries()) {
      const gap = part(result, label).reduce((most, value, k) => Math.max(most, Math.abs(value - (expected.data as Float32Array)[i * size + k]!)), 0);
      expect({ label, close: gap < 1e-5 }).toEqual({ label, close: true });
    }
  });

  it.each([['gpt2', 'components'], ['llama', 'components'], ['gpt_neox', 'components'], ['gemma2', 'components'], ['gpt2', 'heads'], ['gpt_neox', 'heads'], ['gemma2', 'heads']] as const)('the parts of %s sum to the last stream: %s', async (name, kind) => {
    const sums = await decompose(name, kind);
    const last = part(await decompose(name, 'accumulated'), 'final_post');
    const size = last.length;
    const largest = last.reduce((most, value, k) => {
      let sum = 0;
      for (let i = 0; i < sums.labels.length; i++) sum += sums.parts.data[i * size + k]!;
      return Math.max(most, Math.abs(sum - value));
    }, 0);
    expect(largest).toBeLessThan(1e-4);
  });
});
