import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGraph } from '../../../src/algorithmic/attributionGraph/build.ts';
import { nodeId } from '../../../src/algorithmic/attributionGraph/interchange/nodeIds.ts';
import { promptTokens } from '../../../src/algorithmic/attributionGraph/promptTokens.ts';
import { MechanistError } from '../../../src/engine/errors.ts';
import { prune } from '../../../src/engine/graph/prune.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { Random } from '../../../src/engine/random.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { i64 } from '../../../src/engine/tensor.ts';
import type { Tensor } from '../../../src/engine/tensor.ts';
import { recordedFile } from '../../../src/evidence/inputs.ts';
import { measure } from '../../../src/evidence/measure.ts';
import type { MeasureRequest } from '../../../src/evidence/measure.ts';
import { DiskModels } from '../../../src/evidence/openModels.ts';
import { evidenceMethods, methodNamed, nameOf } from '../../../src/evidence/registry.ts';
import { historyOf, verifyEvidence } from '../../../src/evidence/verify.ts';
import { countStates, verifyNotes } from '../../../src/evidence/verifyNotes.ts';
import type { Evidence, EvidenceDraft } from '../../../src/notes/format/schema.ts';
import { newNote } from '../../../src/notes/newNote.ts';
import { methodRules } from '../../../src/notes/grade/rules.ts';
import { tinyZoo, writeDictionary, writeTranscoders } from '../../support/tinyZoo.ts';

const hook = 'blocks.2.hook_resid_post';
const pairs = ['Mary|John|gave', 'Anna|Peter|gave', 'Peter|Mary|sold'].map((line) => {
  const [a, b, verb] = line.split('|') as [string, string, string];
  return JSON.stringify({ clean: `When ${a} and ${b} went to the market, ${b} ${verb} a book to`, corrupted: `When ${a} and ${b} went to the market, ${a} ${verb} a book to`, answers: [` ${a}`], distractors: [` ${b}`] });
}).join('\n');
/** Features that are active in the prompt, found once. */
let strongest: string[];
const prompt = 'When Mary and John went to the market, John gave a book to';
const text = 'When Mary and John went to the market, John gave a book to Mary.\nThen Anna sold a cat to Peter.\n';

/** A pair whose prompts the model answers with different tokens. */
let apart: string;
let zoo: string;
let notes: string;
let runtime: Runtime;
let models: DiskModels;
const never = new AbortController().signal;

beforeAll(async () => {
  zoo = await tinyZoo();
  await writeTranscoders(join(zoo, 'tiny', 'dictionaries', 'transcoders'));
  notes = join(zoo, 'notes');
  mkdirSync(notes);
  writeLabels(join(notes, 'labels.safetensors'));
  runtime = new Runtime({ threads: 1, maxPrograms: 60 });
  models = provider(zoo);
  strongest = await activeIn('transcoders', prompt);
  apart = await answeredApart();
});
afterAll(async () => {
  models.close();
  await runtime.dispose();
  rmSync(zoo, { recursive: true });
});

const labelled = () => ({ labelled: recordedFile(notes, 'labels.safetensors') });
/** One request for every method. */
const requests: Readonly<Record<string, () => Partial<MeasureRequest>>> = {
  'prediction.logit_difference': () => ({ inputs: { pairs } }),
  'prediction.surprise': () => ({ inputs: { text } }),
  'attention.head_score': () => ({ parameters: { head: '1.2', sequences: 3, span: 8 } }),
  'attribution.direct': () => ({ inputs: { pairs }, parameters: { component: '1.2' } }),
  'ablation.head': () => ({ inputs: { pairs }, parameters: { heads: ['0.1', '1.2'], nulls: 4 } }),
  'patching.activation': () => ({ inputs: { pairs }, parameters: { hook: 'blocks.1.attn.hook_z', head: 2 } }),
  'patching.noising': () => ({ inputs: { pairs }, parameters: { hook: 'blocks.1.mlp.hook_post', neuron: 5, metric: 'kl' } }),
  'ablation.activation': () => ({ inputs: { pairs }, dictionaries: [hook], parameters: { hook: `${hook}.hook_sae_acts_post`, neuron: 5, replacement: 'zero', metric: 'log_prob' } }),
  'lens.target': () => ({ inputs: { text: prompt }, parameters: { hook, position: 5, target: 300 } }),
  'graph.attribution': () => ({ inputs: { text: prompt }, dictionaries: ['transcoders'], parameters: { nulls: 10, target: 300, distractor: 301 } }),
  'graph.intervention': () => ({ inputs: { text: prompt }, dictionaries: ['transcoders'], parameters: { nodes: strongest, nulls: 4, target: 300 } }),
  'interchange.activation': () => ({ inputs: { pairs: apart }, parameters: { hook: 'blocks.1.attn.hook_z', head: 2, nulls: 3 } }),
  'circuit.faithfulness': () => ({ inputs: { pairs, held_out: pairs }, parameters: { edges: ['input->a1.h2<v>', 'a1.h2->logits', 'input->logits'], avoid: 1 } }),
  'feature.statistics': () => ({ inputs: { text }, dictionaries: [hook], parameters: { feature: 5 } }),
  'feature.auroc': () => ({ inputs: labelled(), dictionaries: [hook], parameters: { feature: 5, variable: 'known', nulls: 5 } }),
  'feature.effect': () => ({ inputs: { pairs }, dictionaries: [hook], parameters: { feature: 5, clamp: 3, nulls: 3 } }),
  'ablation.feature': () => ({ inputs: { text }, dictionaries: [hook], parameters: { feature: 5, nulls: 3 } }),
  'steering.feature': () => ({ inputs: { text }, dictionaries: [hook], parameters: { feature: 5, clamp: 4, nulls: 3 } }),
  'feature.match': () => ({ inputs: { text }, models: ['tiny', 'tiny'], dictionaries: [hook, hook], parameters: { feature: 5, other_feature: 5, nulls: 10 } }),
  'probe.linear': () => ({ inputs: labelled(), parameters: { hook, variable: 'known', examples: 60 } }),
  'direction.erasure': () => ({ inputs: { ...labelled(), pairs }, parameters: { hook, variable: 'known', other: 'random', examples: 60, nulls: 3 } }),
};

describe('every method', () => {
  it('is graded by a rule and tried here', () => {
    const ids = evidenceMethods.map(({ id }) => id).toSorted();
    expect(Object.keys(requests).toSorted()).toEqual(ids);
    expect(Object.keys(methodRules).toSorted()).toEqual(ids);
  });

  it.each(Object.keys(requests))('%s gives a record that a second run confirms', async (method) => {
    const record = await record_(method);
    expect(Number.isFinite(record.value)).toBe(true);
    if (record.interval !== undefined) expect(record.interval[0]).toBeLessThanOrEqual(record.value + 1e-6);
    if (record.interval !== undefined) expect(record.interval[1]).toBeGreaterThanOrEqual(record.value - 1e-6);
    expect(record.control?.name.length).toBeGreaterThan(0);
    const again = await verify(record);
    expect(again, again.reason).toMatchObject({ state: 'confirmed' });
    expect(again.found!.value).toBe(record.value);
  });
});

describe('values', () => {
  it('a feature is its own best match, and correlates 1 with itself', async () => {
    const record = await record_('feature.match');
    expect(record.value).toBeCloseTo(1, 6);
    expect(record.measures).toMatchObject({ rank_among_features: 1 });
  });

  it('the interval of a match is over lines, so one line has none', async () => {
    const lines = text.trim().split('\n');
    expect((await record_('feature.match', { inputs: { text: lines[0]! } })).interval).toBeUndefined();
    expect((await record_('feature.match', { inputs: { text } })).interval![0]).toBeCloseTo(1, 6);
  });

  it('a probe on embeddings finds what a token is, not a coin; and its control task does as well, since words suffice', async () => {
    const known = await record_('probe.linear', { parameters: { hook: 'hook_embed', variable: 'known' } });
    const random = await record_('probe.linear', { parameters: { hook: 'hook_embed', variable: 'random' } });
    expect(known.value).toBeGreaterThan(0.95);
    expect(known.control!.value).toBeGreaterThan(0.95);
    expect(random.interval![0]).toBeLessThan(0.55);
  });

  it('the direct contributions of all components and the metric belong together', async () => {
    const all = await record_('prediction.logit_difference');
    const parts = ['hook_embed', ...Array.from({ length: 4 }, (_, l) => [`blocks.${l}.hook_mlp_out`, ...Array.from({ length: 4 }, (_, h) => `${l}.${h}`)]).flat()];
    let sum = 0;
    for (const component of parts) sum += (await record_('attribution.direct', { parameters: { component } })).value;
    // Neither the final norm nor the unembedding of this family has a bias, so nothing else contributes.
    expect(sum).toBeCloseTo(all.value, 2);
  });

  it('patching the last residual stream restores everything', async () => {
    const record = await record_('patching.activation', { parameters: { hook: 'blocks.3.hook_resid_post' } });
    expect(record.value).toBeCloseTo(1, 4);
  });

  it('patching the other way, the last residual stream loses everything; an ablation is a change and no share', async () => {
    const lost = await record_('patching.noising', { parameters: { hook: 'blocks.3.hook_resid_post' } });
    expect(lost).toMatchObject({ metric: 'share of the logit difference lost' });
    expect(lost.value).toBeCloseTo(1, 4);
    const ablated = await record_('ablation.activation', { dictionaries: [], parameters: { hook: 'blocks.1.attn.hook_z', head: 2 } });
    expect(ablated.metric).toBe('loss of the logit difference');
  });

  it('an ablation of a head is the same loss by either method, whichever mean it takes', async () => {
    for (const over of ['all', 'position']) {
      const ofHead = await record_('ablation.head', { parameters: { heads: ['1.2'], nulls: 2, over } });
      const ofPlace = await record_('ablation.activation', { dictionaries: [], parameters: { hook: 'blocks.1.attn.hook_z', head: 2, over } });
      expect(ofPlace.value).toBeCloseTo(ofHead.value, 4);
    }
  });

  it('the mean is recorded beside zero, which no prompt produces', async () => {
    const mean = await record_('ablation.head', { parameters: { heads: ['1.2'], nulls: 2 } });
    const zero = await record_('ablation.head', { parameters: { heads: ['1.2'], nulls: 2, replacement: 'zero' } });
    expect(zero.measures).toEqual({ with_mean: mean.value });
    expect(mean.measures).toEqual({});
    const place = await record_('ablation.activation', { dictionaries: [], parameters: { hook: 'blocks.1.attn.hook_z', head: 2, replacement: 'zero' } });
    expect(place.measures['with_mean']).toBeCloseTo(mean.value, 4);
  });

  it('a record of an earlier definition is not run, and says what changed', async () => {
    const record = { ...(await record_('ablation.activation')), method: 'ablation.activation@1' };
    expect(await verify(record)).toMatchObject({ state: 'not-runnable', reason: expect.stringContaining('opposite sign') as string });
  });

  it('exchanging the first residual stream, or the last position of the last one, makes the answer the other prompt\'s', async () => {
    for (const parameters of [{ hook: 'blocks.0.hook_resid_pre' }, { hook: 'blocks.3.hook_resid_post', position: -1 }]) {
      expect(await record_('interchange.activation', { parameters })).toMatchObject({ metric: 'interchange accuracy', value: 1, measures: { exchanges: 2, of: 2 } });
    }
    await expect(record_('interchange.activation', { parameters: {} })).rejects.toThrow('Give a hook point');
    await expect(record_('interchange.activation', { inputs: { pairs: JSON.stringify({ clean: [1, 5, 9], corrupted: [1, 5, 9], answers: [3], distractors: [4] }) } })).rejects.toThrow();
  });

  it('steering adds or clamps, one of them', async () => {
    const added = await record_('steering.feature', { parameters: { feature: 5, add: 4, nulls: 3 } });
    expect(await verify(added)).toMatchObject({ state: 'confirmed' });
    await expect(record_('steering.feature', { parameters: { feature: 5, add: 4, clamp: 4 } })).rejects.toThrow('either');
    await expect(record_('steering.feature', { parameters: { feature: 5 } })).rejects.toThrow('either');
  });

  it('a different seed gives another null, the same value', async () => {
    const [a, b] = [await record_('ablation.head'), await record_('ablation.head', { seed: 9 })];
    expect(a.value).toBe(b.value);
    expect(a.control!.value).not.toBe(b.control!.value);
  });
});

describe('when something changed', () => {
  it('one weight makes exactly the evidence that depends on it drift', async () => {
    const records = {
      early: await record_('attention.head_score', { parameters: { head: '1.2', sequences: 3, span: 8 } }),
      earlyFeature: await record_('feature.statistics', { dictionaries: ['blocks.0.hook_resid_post'] }),
      late: await record_('attention.head_score', { parameters: { head: '3.1', score: 'previous_token', sequences: 3, span: 8 } }),
      output: await record_('prediction.surprise'),
      lateFeature: await record_('feature.effect', { dictionaries: ['blocks.3.hook_resid_post'] }),
    };
    const changed = copyZoo();
    // A weight of the second block's MLP: what is read before it is as it was, what is read after it is not.
    editWeights(join(changed, 'tiny', 'model.safetensors'), 'model.layers.1.mlp.down_proj.weight', (data) => { data[7] = 60; });
    const swapped = provider(changed);
    const states = Object.fromEntries(await Promise.all(Object.entries(records).map(async ([name, record]) => [name, (await verify(record, swapped)).state])));
    swapped.close();
    expect(states['early']).toBe('confirmed');
    expect(states['earlyFeature']).toBe('confirmed');
    for (const name of ['late', 'output', 'lateFeature']) expect(['drifted', 'contradicted'], name).toContain(states[name]);
  });

  it('a re-run with other weights says so even when the value is the same', async () => {
    const record = await record_('prediction.logit_difference');
    const result = await verify({ ...record, models: [{ id: 'tiny', hash: '0'.repeat(64) }] });
    expect(result).toMatchObject({ state: 'confirmed' });
    expect(result.reason).toContain('The weights of tiny changed since');
    expect(historyOf(result, '2026-01-01').reason).toContain('changed since');
  });

  it('another dictionary makes its findings not runnable, and no others', async () => {
    const [feature, head] = [await record_('feature.statistics'), await record_('attention.head_score')];
    const changed = copyZoo();
    await writeDictionary(join(changed, 'tiny', 'dictionaries', hook), hook, 99);
    const swapped = provider(changed);
    const result = await verify(feature, swapped);
    expect(result).toMatchObject({ state: 'not-runnable', found: undefined });
    expect(result.reason).toContain('is another one now');
    expect(await verify(head, swapped)).toMatchObject({ state: 'confirmed' });
    swapped.close();
  });

  it('what the record showed no longer holds: contradicted', async () => {
    const record = await record_('prediction.logit_difference');
    expect(await verify({ ...record, value: -record.value })).toMatchObject({ state: 'contradicted' });
    const ablation = await record_('ablation.head');
    const sure = { ...ablation, value: Math.sign(ablation.value) * 100, interval: undefined, control: { name: 'null', value: 0 } } as unknown as Evidence;
    expect(await verify(sure)).toMatchObject({ state: 'contradicted', reason: expect.stringContaining('no longer shows') as unknown });
    expect(await verify({ ...record, value: record.value * 1.2 })).toMatchObject({ state: 'drifted' });
  });

  it.each([
    ['a model that is gone', { models: [{ id: 'nobody', hash: '0'.repeat(16) }] }, 'no bundled model'],
    ['a newer method', { method: 'prediction.surprise@7' }, 'This build has prediction.surprise@1'],
    ['an unknown method', { method: 'nobody.knows@1' }, 'There is no method'],
    ['a file that is gone', { inputs: { text: { path: 'gone.txt', hash: 'x' } } }, 'beside the note is gone'],
    ['a file outside', { inputs: { text: { path: '../../etc/passwd', hash: 'x' } } }, 'Only files below'],
    ['a file that changed', { inputs: { text: { path: 'labels.safetensors', hash: 'x' } } }, 'its content changed'],
    ['an unknown parameter', { parameters: { __proto__x: 1 } }, 'has no parameter'],
    ['an unknown input', { inputs: { text, constructor_: 'x' } }, 'takes no input'],
    ['an empty text', { inputs: { text: '\n \n' } }, 'The text is empty'],
  ])('%s is not runnable, with the reason', async (_, more, reason) => {
    const record = await record_('prediction.surprise');
    const result = await verify({ ...record, ...more });
    expect(result.state).toBe('not-runnable');
    expect(result.reason).toContain(reason);
  });

  it('it can be cancelled', async () => {
    const stop = new AbortController();
    const running = measure({ method: 'ablation.head', models: ['tiny'], dictionaries: [], inputs: { pairs }, parameters: { heads: ['0.1'], nulls: 900 }, seed: 0 }, { provider: models, folder: notes, signal: stop.signal, onProgress: () => stop.abort() });
    await expect(running).rejects.toSatisfy((error) => MechanistError.is(error, 'cancelled'));
  });
});

it('a folder of notes is verified note by note, and the history written into them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-verify-'));
  const record = await record_('prediction.surprise');
  writeFileSync(join(folder, 'a.md'), newNote('a', { title: 'A', claim: 'c', kind: 'behavioral', subjects: [], evidence: [record, { ...record, value: record.value + 1 }] }).replace('claim: c', 'claim: c # a remark'));
  writeFileSync(join(folder, 'broken.md'), '---\nmechanist: finding/1\nid: [\n---\n');
  writeFileSync(join(folder, 'other.md'), '# no finding\n');
  const found = [];
  for await (const note of verifyNotes(folder, { provider: models, signal: never, write: true })) found.push(note);
  expect(found.map(({ id, problem }) => [id, problem === undefined])).toEqual([['a', true], [undefined, false]]);
  expect(countStates(found)).toEqual({ confirmed: 1, drifted: 1, contradicted: 0, 'not-runnable': 0 });
  const written = readFileSync(join(folder, 'a.md'), 'utf8');
  expect(written).toContain('claim: c # a remark');
  expect(written.match(/state: (?:confirmed|drifted)/g)).toEqual(['state: confirmed', 'state: drifted']);
});

it('a method is found by name, with or without version', () => {
  expect(nameOf(methodNamed('probe.linear'))).toBe('probe.linear@1');
  expect(methodNamed('probe.linear@1').id).toBe('probe.linear');
});

async function record_(method: string, more: Partial<MeasureRequest> = {}): Promise<Evidence> {
  const request = { method, models: ['tiny'], dictionaries: [], inputs: {}, parameters: {}, seed: 1, ...requests[method]!(), ...more };
  const draft: EvidenceDraft = await measure(request, { provider: models, folder: notes, signal: never });
  return { ...draft, id: 'e1', history: [] };
}

function verify(record: Evidence, from = models): ReturnType<typeof verifyEvidence> {
  return verifyEvidence(record, { provider: from, folder: notes, signal: never });
}

function provider(folder: string): DiskModels {
  return new DiskModels({
    runtime,
    locate: (id) => (id === 'tiny' ? Promise.resolve(join(folder, id)) : Promise.reject(new MechanistError('not-found', `There is no bundled model "${id}".`))),
  });
}

function copyZoo(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-changed-'));
  cpSync(join(zoo, 'tiny'), join(folder, 'tiny'), { recursive: true });
  copyFileSync(join(notes, 'labels.safetensors'), join(folder, 'labels.safetensors'));
  return folder;
}

function editWeights(file: string, name: string, change: (data: Float32Array) => void): void {
  const source = openSafetensors(file);
  const tensors = [...source.names()].map((each): [string, Tensor] => [each, source.read(each)]);
  source.close();
  change(tensors.find(([each]) => each === name)![1].data as Float32Array);
  writeSafetensors(file, tensors);
}

/** Random tokens: `known` is whether the token's id is even, `random` a coin. */
function writeLabels(file: string): void {
  const random = new Random(3);
  const [contexts, positions] = [24, 24];
  const ids = Array.from({ length: contexts * positions }, () => 20 + random.integer(8));
  writeSafetensors(file, [
    ['input_ids', i64([contexts, positions], ids)], ['known', i64([contexts, positions], ids.map((id) => id % 2))], ['random', i64([contexts, positions], ids.map(() => random.integer(2)))],
  ]);
}

/** Names of two features of a graph: read off the run itself, as a person reads them off the drawing. */
async function answeredApart(): Promise<string> {
  const { model, runtime: ours } = await models.open('tiny');
  const [clean, corrupted] = [[1, 5, 9, 33, 2], [1, 5, 9, 33, 40]];
  const answer = async (ids: readonly number[]): Promise<number> => {
    const logits = (await ours.run(prune(model.graph(), [model.output]), model.feeds(new Map([['input_ids', i64([1, ids.length], ids)]])), model.parameters)).get(model.output)!;
    const last = (logits.data as Float32Array).slice(-logits.dims.at(-1)!);
    return last.indexOf(Math.max(...last));
  };
  return JSON.stringify({ clean, corrupted, answers: [await answer(clean)], distractors: [await answer(corrupted)] });
}

async function activeIn(set: string, sentence: string): Promise<string[]> {
  const { model, runtime: ours, tokenizer, transcoders } = await models.open('tiny');
  const { graph } = await buildGraph(model, ours, (await transcoders(set))!, { inputs: new Map([['input_ids', i64([1, promptTokens(tokenizer!, sentence).length], promptTokens(tokenizer!, sentence))]]) });
  return [3, 9].map((node) => nodeId(graph, node));
}
