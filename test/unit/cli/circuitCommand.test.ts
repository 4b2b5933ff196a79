/** Commands over prompt pairs, dictionaries and lenses, from the command line to what they write. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-circuit-'));
const [pairs, heldOut] = [join(folder, 'pairs.jsonl'), join(folder, 'held-out.jsonl')];
let zoo: string;
let model: string;

beforeAll(async () => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  zoo = await tinyZoo();
  model = join(zoo, tinyModel.id);
  const line = (place: string, object: string): string => {
    const clean = `When Mary and John went to the ${place}, John gave a ${object} to`;
    return JSON.stringify({ clean, corrupted: clean.replace(', John', ', Mary'), answers: [' Mary'], distractors: [' John'] });
  };
  writeFileSync(pairs, `${line('store', 'book')}\n${line('school', 'book')}\n`);
  writeFileSync(heldOut, `${line('garden', 'ball')}\n`);
});
afterAll(() => {
  vi.unstubAllEnvs();
  for (const path of [folder, zoo]) rmSync(path, { recursive: true });
});

async function mechanist(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const output = { write: (text: string) => { stdout += text; }, note: (text: string) => { stderr += text; }, colour: false };
  const code = await runCommandLine([...argv, ...(argv.includes('--help') ? [] : ['--threads', '1'])], { commands, entry: '', output, signal: new AbortController().signal });
  return { code, stdout, stderr };
}

async function json<T>(...argv: string[]): Promise<T> {
  const { code, stdout, stderr } = await mechanist(...argv);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout === '' ? 'null' : stdout) as T;
}

interface Report {
  readonly circuit: readonly { edge: string; score: number }[];
  readonly edges: number;
  readonly faithfulness: { value: number; interval: { low: number; high: number } | null };
  readonly random: { draws: number; values: number[]; p99: number };
  readonly degreeMatched: { values: number[] };
  readonly heldOut: { prompts: number; random: { values: number[] } } | null;
  readonly rashomon: { avoided: string[] } | null;
  readonly minimality: { edges: string[] } | null;
  readonly curve: { faithfulness: number[] } | null;
  readonly exact: { edges: string[]; rankCorrelation: number | null } | null;
}

describe('circuit', () => {
  it('reports a circuit with every test and every null, repeatably, and writes it as a graph file', async () => {
    const out = join(folder, 'graph.json');
    const argv = ['circuit', model, '--pairs', pairs, '--held-out', heldOut, '--edges', '70', '--exact', '5', '--seed', '2', '--out', out];
    const report = await json<Report>(...argv);
    expect(report.circuit).toHaveLength(report.edges);
    expect([report.random.values.length, report.degreeMatched.values.length, report.heldOut!.random.values.length, report.random.draws]).toEqual([50, 50, 50, 50]);
    expect(report.heldOut!.prompts).toBe(1);
    expect(report.rashomon!.avoided).toEqual(report.circuit.slice(0, 5).map(({ edge }) => edge));
    expect(report.minimality!.edges).toEqual(report.circuit.map(({ edge }) => edge));
    expect(report.curve!.faithfulness.at(-1)).toBeCloseTo(1, 3);
    expect(report.exact!.edges).toHaveLength(5);
    expect(report.faithfulness.interval!.low).toBeLessThanOrEqual(report.faithfulness.value);
    expect(await json<Report>(...argv)).toEqual(report);

    const graph = JSON.parse(readFileSync(out, 'utf8')) as { edges: Record<string, { in_graph: boolean }> };
    expect(Object.keys(graph.edges).filter((edge) => graph.edges[edge]!.in_graph).toSorted()).toEqual(report.circuit.map(({ edge }) => edge).toSorted());
    const again = await json<Report>('circuit', model, '--pairs', pairs, '--scores', out, '--edges', '70', '--avoid', '0', '--exact', '0');
    expect(again.circuit.map(({ edge }) => edge)).toEqual(report.circuit.map(({ edge }) => edge));
    expect([again.heldOut, again.rashomon, again.exact]).toEqual([null, null, null]);
  });

  it.each<[string[], RegExp]>([
    [['--pairs', 'none.jsonl'], /cannot be opened/], [[], /Give --pairs/], [['--pairs', '{pairs}', '--nulls', '10'], /at least 50/], [['--pairs', '{pairs}', '--select', 'threshold'], /--threshold/],
    [['--pairs', '{pairs}', '--threshold', '2'], /--select threshold/], [['--pairs', '{pairs}', '--metric', 'kl'], /cannot be combined/], [['--pairs', '{pairs}', '--method', 'guess'], /eap-ig-activations/],
    [['--pairs', '{pairs}', '--select', 'threshold', '--threshold', '1000000'], /no edges/],
  ])('refuses %j', async (argv, message) => {
    const { code, stderr } = await mechanist('circuit', model, ...argv.map((argument) => argument.replace('{pairs}', pairs)));
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  it('names file, line and what to do for a pair that does not align', async () => {
    const uneven = join(folder, 'uneven.jsonl');
    writeFileSync(uneven, `${readFileSync(pairs, 'utf8')}${JSON.stringify({ clean: 'a b', corrupted: 'a b c d', answers: [' Mary'] })}\n`);
    expect((await mechanist('circuit', model, '--pairs', uneven)).stderr).toMatch(/uneven\.jsonl › line 3: .*tokens.*equal length/s);
  });
});

it.each(['circuit', 'edges', 'sweep', 'dla', 'heads', 'lens', 'train-lens'])('%s --help names its options', async (command) => {
  const { code, stdout } = await mechanist(command, '--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Usage: mechanist/);
});

describe('edges', () => {
  it.each(['eap-ig-activations', 'clean-corrupted', 'path-patching'])('by %s over a pair file, with intervals where there are estimates', async (method) => {
    const [out, graph] = [join(folder, `${method}.safetensors`), join(folder, `${method}.json`)];
    const report = await json<{ senders: string[]; receivers: string[]; exact: { edges: string[] } }>('edges', model, '--pairs', pairs, '--limit', '2', '--method', method, '--exact', '4', '--out', out, '--graph', graph);
    const file = openSafetensors(out);
    expect(file.info('scores').dims).toEqual([report.senders.length, report.receivers.length]);
    expect([...file.names()].includes('low')).toBe(method !== 'path-patching');
    expect(report.exact.edges).toHaveLength(4);
    expect(Object.keys((JSON.parse(readFileSync(graph, 'utf8')) as { edges: object }).edges).length).toBeGreaterThan(400);
  });
});

describe('sweep', () => {
  it('sweeps neurons, features and ablations over a pair file with intervals', async () => {
    const dictionary = join(model, 'dictionaries/blocks.2.hook_resid_post');
    const cases: [string, string[], number[]][] = [['neurons', [], [4, 64]], ['features', ['--dictionary', dictionary], [1, 48]], ['attn_out', ['--replace', 'mean'], [4, 15]], ['z', ['--by', 'position,head'], [4, 15, 4]]];
    for (const [over, more, dims] of cases) {
      const out = join(folder, `${over}.safetensors`);
      await json('sweep', model, '--pairs', pairs, '--over', over, ...more, '--out', out);
      const file = openSafetensors(out);
      expect(file.info(over).dims.length).toBe(dims.length);
      expect(file.info(over).dims[0]).toBe(dims[0]);
      expect(file.info(`${over}/low`).dims).toEqual(file.info(over).dims);
    }
    expect((await mechanist('sweep', model, '--pairs', pairs, '--over', 'features', '--out', join(folder, 'no'))).stderr).toContain('--dictionary');
  });

  it('writes the mean beside zero, and refuses a direction that an ablation does not have', async () => {
    const read = async (replace: string): Promise<SafetensorsFile> => {
      const out = join(folder, `${replace}.safetensors`);
      await json('sweep', model, '--pairs', pairs, '--over', 'z', '--replace', replace, '--out', out);
      return openSafetensors(out);
    };
    const [zero, mean] = [await read('zero'), await read('mean')];
    expect(zero.read('z/mean')).toEqual(mean.read('z'));
    expect(zero.read('z')).not.toEqual(mean.read('z'));
    expect([...mean.names()]).not.toContain('z/mean');
    const { code, stderr } = await mechanist('sweep', model, '--pairs', pairs, '--over', 'z', '--replace', 'zero', '--direction', 'denoising', '--out', join(folder, 'no'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('--direction denoising')]);
  });
});

type SafetensorsFile = ReturnType<typeof openSafetensors>;

describe('approximations', () => {
  it('sweep --approximate writes estimates of all sites, and the leading ones exactly as a sweep has them', async () => {
    const [estimated, exact] = [join(folder, 'estimated.safetensors'), join(folder, 'exact.safetensors')];
    const { compared, rankCorrelation } = await json<{ compared: { hook: string; head: number; position: number; estimate: number; exact: number }[]; rankCorrelation: number }>(
      'sweep', model, '--pairs', pairs, '--over', 'z', '--by', 'position,head', '--approximate', '--exact', '5', '--out', estimated);
    await mechanist('sweep', model, '--pairs', pairs, '--over', 'z', '--by', 'position,head', '--out', exact);
    const [a, b] = [estimated, exact].map((file) => openSafetensors(file)) as [SafetensorsFile, SafetensorsFile];
    expect(a.info('z').dims).toEqual(b.info('z').dims);
    const [, positions, heads] = b.info('z').dims as [number, number, number];
    const base = b.readFloat32('corrupted_metric').data[0]!;
    for (const { hook, head, position, ...values } of compared) {
      const at = (Number(/\d+/.exec(hook)![0]) * positions + position) * heads + head;
      expect(values.exact).toBeCloseTo(b.readFloat32('z').data[at]! - base, 3);
      expect(values.estimate).toBeCloseTo(a.readFloat32('z').data[at]! - base, 3);
    }
    expect(compared).toHaveLength(5);
    expect(Math.abs(rankCorrelation)).toBeLessThanOrEqual(1);
    expect((await mechanist('sweep', model, '--pairs', pairs, '--over', 'neurons', '--approximate', '--out', estimated)).stderr).toContain('--by with --approximate');
  });

  it('attribute gives tokens shares that add up, beside a model with shuffled weights', async () => {
    const { rows } = await json<{ rows: { value: number; baseline: number; completenessError: number; tokens: { token: string; attribution: number; control: number }[]; control: { value: number; baseline: number; completenessError: number; rankCorrelation: number } }[] }>(
      'attribute', model, '--text', 'Mary went to the store', '--metric', 'logit:7');
    const [{ value, baseline, completenessError, tokens, control }] = rows as [(typeof rows)[0]];
    const sum = tokens.reduce((total, { attribution }) => total + attribution, 0);
    expect(sum - (value - baseline)).toBeCloseTo(completenessError, 4);
    expect(Math.abs(completenessError)).toBeLessThan(0.01 * Math.abs(value - baseline));
    expect(tokens.map(({ token }) => token).join('')).toContain('Mary');
    expect(control.value).not.toBeCloseTo(value, 3);
    expect(tokens.some(({ attribution, control: other }) => Math.abs(attribution - other) > 1e-3)).toBe(true);
  });
});

describe('lenses and attributions', () => {
  it('trains a tuned lens that the lens command applies', async () => {
    const corpus = join(folder, 'corpus.txt');
    writeFileSync(corpus, Array.from({ length: 120 }, (_, i) => `Mary and John went to the store ${i} times, and gave a book to the cat. `).join(''));
    const lens = join(folder, 'lens');
    const { layers } = await json<{ layers: { before: number; after: number }[] }>('train-lens', model, '--corpus', corpus, '--steps', '20', '--out', lens);
    expect(layers).toHaveLength(tinyModel.layers);
    const out = join(folder, 'lens.safetensors');
    await json('lens', model, '--text', 'Mary went', '--tuned', lens, '--out', out);
    const { hooks } = await json<{ hooks: string[] }>('lens', model, '--text', 'Mary went', '--all', '--out', join(folder, 'all.safetensors'));
    expect(hooks).toHaveLength(1 + 5 * tinyModel.layers);
    expect(openSafetensors(out).readFloat32('blocks.0.hook_resid_pre/kl_to_output').data).not.toEqual(openSafetensors(join(folder, 'all.safetensors')).readFloat32('blocks.0.hook_resid_pre/kl_to_output').data);
  });

  it('attributes to neurons and features, and scores heads on a text', async () => {
    const out = join(folder, 'dla.safetensors');
    await json('dla', model, '--text', 'Mary went', '--metric', 'logit:7', '--neurons', '--dictionary', join(model, 'dictionaries/blocks.2.hook_resid_post'), '--out', out);
    const names = [...openSafetensors(out).names()];
    expect(names).toEqual(expect.arrayContaining(['neurons/0', 'neurons/3', 'features', 'error', 'bias', 'hook_embed']));
    const { text } = await json<{ text: { first: number }[] }>('heads', model, '--span', '6', '--rows', '1', '--text', 'Mary went to the store.');
    expect(text).toHaveLength(tinyModel.layers * 4);
  });

  it('scores heads within what the model reads, with and without the token in front', async () => {
    const { span, heads } = await json<{ span: number; heads: { induction: number; withoutBos: { induction: number } }[] }>('heads', model, '--rows', '1');
    expect(span).toBe(Math.floor((tinyModel.context - 1) / 2));
    for (const { induction, withoutBos } of heads) expect(withoutBos.induction).not.toBe(induction);
    expect((await mechanist('heads', model, '--span', '50')).stderr).toContain('--span takes at most 31');
    expect((await mechanist('heads', join(import.meta.dirname, '../../fixtures/models/vit/model.onnx'))).stderr).toContain('random tokens');
  });

  it('names the hook that a lens cannot read', async () => {
    const { code, stderr } = await mechanist('lens', model, '--text', 'Mary went', '--hooks', 'blocks.0.mlp.hook_post', '--out', join(folder, 'no'));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/blocks\.0\.mlp\.hook_post[^]*hook_mlp_out/)]);
  });
});
