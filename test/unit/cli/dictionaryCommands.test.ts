/** The commands around dictionaries, from the command line to the files they write. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { saveSaelens } from '../../../src/engine/dictionaries/save.ts';
import { openTranscoders } from '../../../src/engine/dictionaries/open.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { i64 } from '../../../src/engine/tensor.ts';
import { randomSae } from '../../support/randomSae.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const model = join(fixtures, 'models/gpt2');
const folder = mkdtempSync(join(tmpdir(), 'mechanist-dictionaries-'));
const corpus = join(folder, 'corpus.safetensors');
const quick = ['--corpus', corpus, '--width', '96', '--k', '8', '--steps', '30', '--batch', '128', '--lr', '0.002', '--threads', '1'];

beforeAll(() => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  writeSafetensors(corpus, [['input_ids', i64([60, 12], Array.from({ length: 720 }, (_, i) => (i * i * 31 + i) % 150))]]);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe.each(readdirSync(join(fixtures, 'sae')).filter((name) => !name.startsWith('dictionary_learning')))('encode %s', (name) => {
  test('writes the activations and reconstruction of the reference', async () => {
    const reference = openSafetensors(join(fixtures, 'sae', name, 'reference.safetensors'));
    const out = join(folder, `${name}.safetensors`);
    await succeeds('encode', join(fixtures, 'sae', name), '--inputs', reference.file, '--out', out, '--threads', '1');
    const written = openSafetensors(out);
    expect([...written.names()].toSorted()).toEqual(['feature_acts', 'reconstruction']);
    expectClose(written.readFloat32('reconstruction').data, reference.readFloat32('out').data);
    if (reference.has('feature_acts')) expectClose(written.readFloat32('feature_acts').data, reference.readFloat32('feature_acts').data);
  });
});

test('encode refuses pickles with advice, and a file in which x is ambiguous', async () => {
  const inputs = join(fixtures, 'sae/saelens_00_standard/reference.safetensors');
  const pickled = await mechanist('encode', join(fixtures, 'sae/dictionary_learning_AutoEncoder'), '--inputs', inputs, '--out', join(folder, 'no'));
  expect(pickled).toMatchObject({ code: 1, stderr: expect.stringContaining('Convert it first') });
  const ambiguous = join(folder, 'two.safetensors');
  writeSafetensors(ambiguous, [['a', i64([1], [1])], ['b', i64([1], [1])]]);
  expect(await mechanist('encode', join(fixtures, 'sae/saelens_00_standard'), '--inputs', ambiguous, '--out', join(folder, 'no'))).toMatchObject({ code: 1, stderr: expect.stringContaining('Name it "x"') });
  expect(existsSync(join(folder, 'no'))).toBe(false);
});

test('train-sae writes a dictionary that metrics measures', async () => {
  const out = join(folder, 'sae');
  const trained = JSON.parse(await succeeds('train-sae', model, '--hook', 'blocks.1.hook_resid_post', '--out', out, '--half', ...quick));
  expect(trained).toMatchObject({ kind: 'sae', architecture: 'topk', nLatents: 96, hooks: { input: 'blocks.1.hook_resid_post' } });
  const report = JSON.parse(await succeeds('metrics', model, out, '--corpus', corpus, '--resamples', '20', '--threads', '1'));
  expect(report).toMatchObject({ documents: 60, positions: 60 * 11, excludedFirst: true });
  expect(report.scores.l0.value).toBeLessThanOrEqual(8);
  expect(report.scores.fvu.value).toBeGreaterThan(0);
  expect(report.scores.fvu.value).toBeLessThan(1);
});

test('a stopped train-sae continues from its checkpoint to the same weights', async () => {
  const [whole, resumed] = [join(folder, 'whole'), join(folder, 'resumed')];
  const checkpoint = join(folder, 'checkpoint.safetensors');
  const common = ['train-sae', model, '--hook', 'blocks.0.attn.hook_z', '--architecture', 'batchtopk', ...quick, '--steps', '80'];
  await succeeds(...common, '--out', whole);
  const controller = new AbortController();
  const stopped = await mechanistWith(controller.signal, (text) => { if (text.startsWith('step 50/')) controller.abort(); }, ...common, '--out', resumed, '--checkpoint', checkpoint);
  expect(stopped).toMatchObject({ code: 130, stdout: '' });
  expect(existsSync(resumed)).toBe(false);
  const steps = (await mechanist(...common, '--out', resumed, '--checkpoint', checkpoint)).stderr.match(/step \d+/g);
  expect(steps).toEqual(['step 80']);
  const [a, b] = [whole, resumed].map((path) => openSafetensors(join(path, 'sae_weights.safetensors')));
  for (const name of a!.names()) expect(b!.readFloat32(name).data).toEqual(a!.readFloat32(name).data);
});

test('train-sae makes a cross-layer transcoder of one hook per layer', async () => {
  const out = join(folder, 'clt');
  await succeeds('train-sae', model, '--hook', 'blocks.*.ln2.hook_normalized', '--to', 'blocks.*.hook_mlp_out', '--architecture', 'batchtopk', '--out', out, ...quick);
  expect(await openTranscoders(out)).toMatchObject({ kind: 'clt', nLayers: 3, hooks: { outputs: ['blocks.0.hook_mlp_out', 'blocks.1.hook_mlp_out', 'blocks.2.hook_mlp_out'] } });
  const report = JSON.parse(await succeeds('metrics', model, out, '--corpus', corpus, '--resamples', '20', '--threads', '1'));
  expect(report).toMatchObject({ layers: 3, documents: 60, scores: { ceIncrease: { value: expect.any(Number) } } });
});

test.each([
  ['an unknown architecture', ['--hook', 'blocks.0.hook_resid_post', '--architecture', 'dense'], /not an architecture/],
  ['several hooks without --to', ['--hook', 'blocks.*.hook_resid_post'], /several hook points/],
  ['an unknown hook', ['--hook', 'blocks.0.hook_resid'], /Did you mean/],
])('train-sae refuses %s', async (_, argv, message) => {
  const { code, stderr } = await mechanist('train-sae', model, '--out', join(folder, 'no'), '--corpus', corpus, ...argv);
  expect(code).toBeGreaterThan(0);
  expect(stderr).toMatch(message);
});

test('run captures what it splices, by either spelling of the option, with hooks that the files do not name', async () => {
  const hook = 'blocks.1.hook_resid_post';
  const dictionary = join(folder, 'spliced');
  saveSaelens(randomSae(hook, 48, 64, 6, 2), dictionary, { half: false });
  const inputs = join(folder, 'ids.safetensors');
  writeSafetensors(inputs, [['input_ids', i64([1, 4], [1, 2, 3, 4])]]);
  for (const option of ['--dict', '--dictionary']) {
    const out = join(folder, `${option}.safetensors`);
    await succeeds('run', model, '--inputs', inputs, option, dictionary, '--capture', '*.hook_sae_acts_post', '--out', out, '--threads', '1');
    expect(openSafetensors(out).info(`${hook}.hook_sae_acts_post`).dims).toEqual([1, 4, 64]);
  }
  const unnamed = ['dla', model, '--inputs', inputs, '--metric', 'logit:7', '--dictionary', join(fixtures, 'sae/saelens_00_standard'), '--out', join(folder, 'dla')];
  expect((await mechanist(...unnamed)).stderr).toContain('--input-hook');
});

test('a cross-layer folder and a folder that is no harvest are named as what they are', async () => {
  const clt = join(folder, 'gemma-clt');
  mkdirSync(clt);
  writeSafetensors(join(clt, 'params_layer_0.safetensors'), [['w_enc', i64([1], [1])]]);
  expect((await mechanist('encode', clt, '--inputs', corpus, '--out', join(folder, 'no'))).stderr).toContain('cross-layer transcoder');
  expect((await mechanist('merge', folder, '--out', join(folder, 'no'))).stderr).toContain('no harvest here');
});

test('what cannot be written is told before the training, and by name', async () => {
  const [file, started] = [join(folder, 'a-file'), 'step '];
  writeFileSync(file, '');
  const sae = await mechanist('train-sae', model, '--hook', 'blocks.1.hook_resid_post', '--out', join(file, 'x'), ...quick);
  expect(sae).toMatchObject({ code: 1, stderr: expect.stringContaining(file) });
  expect(sae.stderr).not.toContain(started);
  expect(sae.stderr).not.toContain('    at ');
  const pairs = await mechanist('edges', model, '--pairs', folder, '--out', join(folder, 'no'));
  expect(pairs).toMatchObject({ code: 1, stderr: expect.stringContaining('not a regular file') });
});

async function mechanist(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return mechanistWith(new AbortController().signal, () => undefined, ...argv);
}

async function mechanistWith(signal: AbortSignal, onNote: (text: string) => void, ...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const output = { write: (text: string) => { stdout += text; }, note: (text: string) => { stderr += text; onNote(text); }, colour: false };
  const code = await runCommandLine(argv, { commands, entry: '', output, signal });
  return { code, stdout, stderr };
}

async function succeeds(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await mechanist(...argv);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  expect(actual.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i]!)), 0)).toBeLessThanOrEqual(1e-5);
}
