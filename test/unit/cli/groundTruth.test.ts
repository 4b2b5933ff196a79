/** `ground-truth` from a file of labels to the report. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { i64 } from '../../../src/engine/tensor.ts';
import type { Tensor } from '../../../src/engine/tensor.ts';
import { uniform } from '../../support/random.ts';

const model = join(import.meta.dirname, '../../fixtures/models/gpt2');
const folder = mkdtempSync(join(tmpdir(), 'mechanist-ground-truth-'));
const [contexts, positions] = [40, 12];
const next = uniform(4);
const ids = Array.from({ length: contexts * positions }, () => [3, 20, 47, 80, 101, 140][Math.floor(6 * next())]!);
const [labelled, corpus] = ['labels', 'ids'].map((name) => join(folder, `${name}.safetensors`)) as [string, string];

beforeAll(() => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  writeSafetensors(corpus, [['input_ids', tensorOf(ids)]]);
  writeSafetensors(labelled, [
    ['input_ids', tensorOf(ids)],
    // What the embedding of the token itself tells, and what nothing tells.
    ['low', tensorOf(ids.map((id, i) => (i % positions === 0 ? -1 : id < 50 ? 1 : 0)))],
    ['chance', tensorOf(ids.map(() => Math.floor(3 * next())))],
  ]);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('every variable is scored for latents, neurons, directions and a random dictionary', async () => {
  const sae = join(folder, 'sae');
  await succeeds('train-sae', model, '--hook', 'blocks.0.hook_resid_pre', '--out', sae, '--corpus', corpus, '--width', '96', '--k', '8', '--steps', '40', '--batch', '128', '--lr', '0.002', '--threads', '1');
  const report = JSON.parse(await succeeds('ground-truth', model, sae, '--labels', labelled, '--neurons', 'blocks.0.mlp.hook_post', '--resamples', '20', '--shuffles', '19', '--threads', '1'));
  expect(report.contexts).toEqual({ selection: 20, heldOut: 20 });
  const named = report.variables.map(({ name, questions }: { name: string; questions: { name: string }[] }) => [name, questions.map((question) => question.name)]);
  expect(Object.fromEntries(named)).toEqual({ chance: ['= 0', '= 1', '= 2'], low: ['yes'] });
  for (const { questions: of } of report.variables) {
    for (const question of of) {
      for (const name of ['latents', 'neurons', 'principal', 'random']) {
        const { auroc, f1 } = question[name];
        expect(auroc.value).toBeGreaterThanOrEqual(0);
        expect(auroc.value).toBeLessThanOrEqual(1);
        expect(f1.value).toBeGreaterThanOrEqual(0);
        expect(auroc.low).toBeLessThanOrEqual(auroc.high);
      }
      expect(question.latents.shuffled.p).toBeGreaterThanOrEqual(1 / 20);
    }
  }
  const low = report.variables.find(({ name }: { name: string }) => name === 'low').questions[0];
  const chance = report.variables.find(({ name }: { name: string }) => name === 'chance').questions[0];
  expect(low.linearProbe).toBeGreaterThan(chance.linearProbe + 0.2);
}, 120_000);

test.each<[string, [string, Tensor][], string]>([
  ['no tokens', [['low', i64([2, 2], [0, 1, 0, 1])]], 'input_ids'],
  ['no variable', [['input_ids', i64([2, 2], [0, 1, 0, 1])]], 'variable'],
  ['one context', [['input_ids', i64([1, 2], [0, 1])], ['a', i64([1, 2], [0, 1])]], 'two contexts'],
  ['another shape', [['input_ids', i64([2, 2], [0, 1, 0, 1])], ['a', i64([2, 1], [0, 1])]], 'tensor a'],
  ['a class that is none', [['input_ids', i64([2, 2], [0, 1, 0, 1])], ['a', i64([2, 2], [0, 1, -2, 1])]], 'tensor a'],
])('a file with %s is refused', async (name, tensors, said) => {
  const file = join(folder, `${name}.safetensors`);
  writeSafetensors(file, tensors);
  expect(await mechanist('ground-truth', model, folder, '--labels', file)).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
});

async function mechanist(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const output = { write: (text: string) => { stdout += text; }, note: (text: string) => { stderr += text; }, colour: false };
  const code = await runCommandLine(argv, { commands, entry: '', output, signal: new AbortController().signal });
  return { code, stdout, stderr };
}

async function succeeds(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await mechanist(...argv);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

function tensorOf(values: readonly number[]): Tensor<'int64'> {
  return i64([contexts, positions], values);
}
