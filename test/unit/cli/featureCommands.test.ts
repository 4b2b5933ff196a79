/** The commands about features, from a person's text to cards and labels. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { loopbackChat, passagesIn } from '../../support/loopbackChat.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-features-'));
const hook = 'blocks.2.hook_resid_post';
let zoo: string;
let model: string;
let dictionary: string;

beforeAll(async () => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  zoo = await tinyZoo();
  model = join(zoo, tinyModel.id);
  dictionary = join(model, 'dictionaries', hook);
  writeFileSync(join(folder, 'text.txt'), Array.from({ length: 2500 }, (_, i) => `Mary went to the market ${i} times and gave ${i * 3} books to John.\n`).join(''));
});
afterAll(() => {
  vi.unstubAllEnvs();
  for (const path of [zoo, folder]) rmSync(path, { recursive: true });
});

async function mechanist(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const output = { write: (text: string) => void (stdout += text), note: (text: string) => void (stderr += text), colour: false };
  const code = await runCommandLine(argv, { commands, entry: '', output, signal: new AbortController().signal });
  return { code, stdout, stderr };
}

async function succeeds(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await mechanist(...argv);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const harvest = (out: string, ...more: string[]): Promise<string> => succeeds('harvest', model, dictionary, '--corpus', join(folder, 'text.txt'), '--context', '32', '--out', join(folder, out), '--threads', '1', ...more);

test.each(['harvest', 'merge', 'features', 'feature', 'label'])('%s --help says what it takes', async (name) => {
  expect(await succeeds(name, '--help')).toMatch(new RegExp(`^Usage: mechanist ${name} [A-Z]`));
});

test('parts harvested apart and merged are the store of one run, to the byte', async () => {
  expect(JSON.parse(await harvest('whole'))).toMatchObject({ complete: true, dictionary: { hook, latents: tinyModel.latents } });
  for (const part of ['1/2', '2/2']) await harvest(`part${part[0]}`, '--shard', part);
  await succeeds('merge', join(folder, 'part2'), join(folder, 'part1'), '--out', join(folder, 'merged'));
  for (const name of ['store.json', 'features.safetensors', 'corpus.safetensors']) {
    expect(readFileSync(join(folder, 'merged', name)).equals(readFileSync(join(folder, 'whole', name)))).toBe(true);
  }
  expect((await mechanist('merge', join(folder, 'part1'), '--out', join(folder, 'half'))).stderr).toContain('is missing');
  expect((await mechanist('harvest', model, dictionary, '--corpus', join(folder, 'text.txt'), '--out', join(folder, 'x'), '--shard', '3/2')).stderr).toContain('--shard');
});

test('features prints the table, in the order asked for', async () => {
  const rows = (await succeeds('features', join(folder, 'whole'), '--limit', '5', '--model', model)).trim().split('\n');
  expect(rows).toHaveLength(6);
  const { rows: found, total } = JSON.parse(await succeeds('features', join(folder, 'whole'), '--json', '--limit', '100', '--model', model)) as { rows: { density: number; topTokens: string[] }[]; total: number };
  expect(total).toBe(tinyModel.latents);
  expect(found.map(({ density }) => density)).toEqual(found.map(({ density }) => density).toSorted((a, b) => b - a));
  expect(found[0]!.topTokens[0]).not.toMatch(/^#\d/);
  expect((await mechanist('features', join(folder, 'nowhere'))).code).toBe(1);
});

test('feature prints a card by its subject', async () => {
  const subject = `${model}/${hook}/7`;
  const card = JSON.parse(await succeeds('feature', subject, '--json', '--store', join(folder, 'whole'))) as { row: { feature: number }; bands: { kind: string }[]; fired: number; histogram: { counts: number[] } };
  expect(card.row.feature).toBe(7);
  expect(card.histogram.counts.reduce((a, b) => a + b, 0)).toBe(card.fired);
  expect(await succeeds('feature', subject, '--store', join(folder, 'whole'))).toMatch(/^#7 \(no label\)\nfires on \d+ of/);
  expect((await mechanist('feature', 'nothing')).stderr).toContain('mechanist:feature/MODEL/DICTIONARY/INDEX');
  expect((await mechanist('feature', `${model}/${hook}/9999`, '--store', join(folder, 'whole'))).code).toBe(1);
});

test('label writes by hand and from statistics', async () => {
  const labels = join(folder, 'labels');
  const common = ['label', model, dictionary, '--store', join(folder, 'whole'), '--labels', labels, '--threads', '1'];
  await succeeds(...common, '--feature', '7', '--set', 'a name');
  expect(await succeeds('features', join(folder, 'whole'), '--labels', labels, '--search', 'a name', '--model', model)).toContain('\ta name\t');
  const found = JSON.parse(await succeeds(...common, '--save')) as { saved: number; summary: { labelled: number; wrongLabel: number }; labels: { label: { score: { shuffled: number } } }[] };
  expect(found.labels).toHaveLength(found.summary.labelled);
  for (const { label } of found.labels) expect(Math.abs(label.score.shuffled - 0.5)).toBeLessThan(0.12);
  await succeeds(...common, '--feature', '7', '--set', '');
  expect((await mechanist('label', model, dictionary, '--store', join(folder, 'whole'), '--set', 'x')).code).toBe(1);
});

test('label asks an endpoint of this machine, and keeps its label with the score by its own judgement', async () => {
  const server = await loopbackChat((prompt) => (prompt.includes('in common') ? 'names of people' : `[${passagesIn(prompt).map((text) => (text.includes('Mary') ? 1 : 0)).join()}]`));
  const labels = join(folder, 'endpoint-labels');
  const table = (await succeeds('features', join(folder, 'whole'), '--sort', 'density', '--json', '--model', model));
  const { feature } = (JSON.parse(table) as { rows: { feature: number }[] }).rows[0]!;
  const argv = ['label', model, dictionary, '--store', join(folder, 'whole'), '--feature', String(feature), '--labels', labels, '--threads', '1'];
  const found = JSON.parse(await succeeds(...argv, '--endpoint', server.url, '--save')) as { label: string; writer: string; score: { detection: number; examples: number } };
  expect(found).toMatchObject({ label: 'names of people', writer: 'tiny-model', saved: true, unanswered: 0 });
  expect(found.score.detection >= 0 && found.score.detection <= 1).toBe(true);
  expect(await succeeds('features', join(folder, 'whole'), '--labels', labels, '--search', 'names of', '--model', model)).toContain('names of people');
  expect(JSON.parse(await succeeds(...argv, '--endpoint', server.url, '--judge'))).toMatchObject({ label: 'names of people', score: found.score, saved: false });
  expect((await mechanist(...argv, '--endpoint', 'http://example.org/v1')).stderr).toContain('is not this machine');
  await server.close();
});
