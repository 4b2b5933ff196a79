/** The commands of the algorithmic methods, from the command line to the files they write. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { numbersOf } from '../../../src/engine/tensor.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const model = join(fixtures, 'models/gpt2');
const folder = mkdtempSync(join(tmpdir(), 'mechanist-methods-'));
const [clean, corrupted] = [join(folder, 'clean.safetensors'), join(folder, 'corrupted.safetensors')];
const reference = openSafetensors(join(model, 'reference.safetensors'));
const [right0, wrong0, right1, wrong1] = Array.from(numbersOf(reference.read('answer_ids')));
const metric = `logit_diff:${right0},${wrong0};${right1},${wrong1}@-1`;

beforeAll(() => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  writeSafetensors(clean, [['input_ids', reference.read('input_ids')]]);
  writeSafetensors(corrupted, [['input_ids', reference.read('corrupted_ids')]]);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('edges', () => {
  const oracle = JSON.parse(readFileSync(join(fixtures, 'transformer_lens/eap_edges.json'), 'utf8')) as Record<string, readonly number[]>;

  test.each([['eap', 0, 0.5], ['exact', 4, 1]] as const)('%s writes the scores of EAP-IG', async (method, column, share) => {
    const out = join(folder, `${method}.safetensors`);
    const { stdout } = await succeeds('edges', model, '--clean', clean, '--corrupted', corrupted, '--metric', metric, '--method', method, '--out', out, '--threads', '1');
    const { senders, receivers, strongest } = JSON.parse(stdout) as { senders: string[]; receivers: string[]; strongest: { edge: string; score: number }[] };
    const scores = openSafetensors(out).readFloat32('scores');
    expect(scores.dims).toEqual([senders.length, receivers.length]);
    for (const [edge, values] of Object.entries(oracle)) {
      const [sender, receiver] = edge.split('->') as [string, string];
      const score = scores.data[senders.indexOf(sender) * receivers.length + receivers.indexOf(receiver)]!;
      // The reference divides its estimates by the number of prompts once more than its exact values.
      expect(Math.abs(score * share - values[column]!)).toBeLessThan(1e-5);
    }
    expect(Math.abs(strongest[0]!.score)).toBe(Math.max(...scores.data.map(Math.abs)));
  });

  test('refuses a method it does not know', async () => {
    expect(await mechanist('edges', model, '--clean', clean, '--corrupted', corrupted, '--metric', metric, '--method', 'guess', '--out', join(folder, 'no'))).toMatchObject({ code: 1, stderr: expect.stringContaining('eap-ig') });
  });
});

test('lens writes every layer, the last one like the output', async () => {
  const out = join(folder, 'lens.safetensors');
  const { stdout } = await succeeds('lens', model, '--inputs', clean, '--top', '2', '--out', out, '--threads', '1');
  const { hooks } = JSON.parse(stdout) as { hooks: string[] };
  expect(hooks).toHaveLength(4);
  const file = openSafetensors(out);
  expect(file.info(`${hooks[0]}/top_ids`).dims).toEqual([2, 11, 2]);
  expect(Math.max(...file.readFloat32(`${hooks.at(-1)}/kl_to_output`).data)).toBeLessThan(1e-6);
});

test('dla writes contributions that add up to what it reports', async () => {
  const out = join(folder, 'dla.safetensors');
  const { stdout } = await succeeds('dla', model, '--inputs', clean, '--metric', metric, '--out', out, '--threads', '1');
  const report = JSON.parse(stdout) as { metric: number; total: number; constant: number };
  const file = openSafetensors(out);
  const sum = [...file.names()].reduce((total, name) => total + file.readFloat32(name).data.reduce((a, b) => a + b, 0), 0);
  expect(sum).toBeCloseTo(report.total, 5);
  expect(report.total + report.constant).toBeCloseTo(report.metric, 6);
});

test('heads scores every head, the same for the same seed', async () => {
  const run = async (seed: string): Promise<unknown> => JSON.parse((await succeeds('heads', model, '--span', '8', '--rows', '2', '--seed', seed, '--threads', '1')).stdout);
  const first = await run('3') as { heads: { induction: number }[] };
  expect(first.heads).toHaveLength(12);
  expect(await run('3')).toEqual(first);
  expect(await run('4')).not.toEqual(first);
});

async function mechanist(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const output = { write: (text: string) => { stdout += text; }, note: (text: string) => { stderr += text; }, colour: false };
  const code = await runCommandLine(argv, { commands, entry: '', output, signal: new AbortController().signal });
  return { code, stdout, stderr };
}

async function succeeds(...argv: string[]): Promise<{ stdout: string }> {
  const { code, stdout, stderr } = await mechanist(...argv);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return { stdout };
}
