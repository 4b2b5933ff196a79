/** Text requests against what the command line computes for the same text, and against the definitions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { MechanistError } from '../../../src/engine/errors.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { parseParams } from '../../../src/protocol/methods.ts';
import type { ModelSummary, Params, TextInspection } from '../../../src/protocol/methods.ts';
import { modelOpen } from '../../../src/server/methods/modelOpen.ts';
import { textInspect } from '../../../src/server/methods/textInspect.ts';
import { textLens } from '../../../src/server/methods/textLens.ts';
import { textPaint } from '../../../src/server/methods/textPaint.ts';
import { Session } from '../../../src/server/session.ts';
import { drain } from '../../support/engineHost.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';

const prompt = 'When Mary and John went to the naïve café 🎉, John said “hi”.';
const long = Array.from({ length: 30 }, (_, i) => `The cat number ${i} sat on the mat. `).join('');
const folder = mkdtempSync(join(tmpdir(), 'mechanist-server-'));

let zoo: string;
let session: Session;
let model: ModelSummary;

beforeAll(async () => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  zoo = await tinyZoo();
  session = new Session({ zoo, threads: 1 });
  model = await drain(modelOpen(session, { source: { kind: 'zoo', id: tinyModel.id } }));
});
afterAll(async () => {
  await session.close(model.model);
  vi.unstubAllEnvs();
  for (const path of [zoo, folder]) rmSync(path, { recursive: true });
});

const inspect = (params: Omit<Params<'text.inspect'>, 'model'>): Promise<TextInspection> =>
  drain(textInspect(session, parseParams('text.inspect', { model: model.model, ...params })));
const paint = (text: string, by: Params<'text.paint'>['by']) => drain(textPaint(session, { model: model.model, text, by }));
const lensAt = (text: string, token: number) => drain(textLens(session, { model: model.model, text, token, topPredictions: 3 }, new AbortController().signal));

async function mechanist(...argv: string[]): Promise<void> {
  const output = { write: () => undefined, note: () => undefined, colour: false };
  expect(await runCommandLine([...argv, '--threads', '1'], { commands, entry: '', output, signal: new AbortController().signal })).toBe(0);
}

/** Rows of a tensor [1,p,n] that the command line wrote. */
function rowsOf(file: string, name: string): number[][] {
  const source = openSafetensors(file);
  const { dims, data } = source.readFloat32(name);
  source.close();
  const width = dims.at(-1)!;
  return Array.from({ length: data.length / width }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));
}

function probabilities(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}

const strongest = (row: readonly number[], count: number): { id: number; value: number }[] =>
  row.map((value, id) => ({ id, value })).toSorted((a, b) => b.value - a.value).slice(0, count).filter(({ value }) => value > 0);

describe('text.inspect', () => {
  it('says what `mechanist run` and `mechanist encode` say of the same text', async () => {
    const [run, activations, encoded] = ['run', 'activations', 'encoded'].map((name) => join(folder, `${name}.safetensors`)) as [string, string, string];
    const { tokens, dictionary } = await inspect({ text: prompt, topFeatures: 6, topPredictions: 4 });
    await mechanist('run', join(zoo, 'tiny'), '--text', prompt, '--capture', dictionary!.hook, '--out', run);
    const captured = openSafetensors(run);
    writeSafetensors(activations, [['x', captured.readFloat32(dictionary!.hook)]]);
    captured.close();
    await mechanist('encode', dictionary!.source, '--inputs', activations, '--out', encoded);
    const rows = rowsOf(run, 'logits').map(probabilities);
    const features = rowsOf(encoded, 'feature_acts');

    expect(tokens).toHaveLength(rows.length - 1);
    tokens.forEach((token, i) => {
      // Row 0 is that of <bos>, so row i comes before token i.
      expect(token.surprise).toBeCloseTo(-Math.log2(rows[i]![token.id]!), 4);
      for (const [shown, row] of [[token.expected, rows[i]!], [token.next, rows[i + 1]!]] as const) {
        const best = strongest(row, 4);
        expect(shown.map(({ id }) => id)).toEqual(best.map(({ id }) => id));
        shown.forEach(({ probability }, k) => expect(probability).toBeCloseTo(best[k]!.value, 6));
      }
      const best = strongest(features[i + 1]!, 6);
      expect(token.features.map(({ feature }) => feature)).toEqual(best.map(({ id }) => id));
      token.features.forEach(({ activation }, k) => expect(activation).toBeCloseTo(best[k]!.value, 4));
    });
  });

  it('hides <bos> and covers the text, parts of characters with the whole character', async () => {
    const { tokens, leftOut } = await inspect({ text: prompt });
    expect(leftOut).toBe(0);
    expect(tokens[0]).toMatchObject({ text: 'When', start: 0, end: 4 });
    expect(tokens.map(({ start, end }) => prompt.slice(start, end)).join('')).toContain('When Mary and John went to the naïï');
    const party = tokens.filter(({ start, end }) => prompt.slice(start, end) === '🎉');
    expect(party.length).toBeGreaterThan(1);
    for (const token of party) expect(token.text).toMatch(/^\\x[0-9A-F]{2}/);
    for (const [i, { start }] of tokens.entries()) if (i > 0) expect(start).toBeGreaterThanOrEqual(tokens[i - 1]!.start);
    expect(tokens.at(-1)!.end).toBe(prompt.length);
  });

  it('takes offsets in the text as sent, line ends included', async () => {
    const { tokens } = await inspect({ text: 'one\r\ntwo\r\n' });
    expect(tokens.map(({ start, end }) => 'one\r\ntwo\r\n'.slice(start, end)).join('')).toBe('one\r\ntwo\r\n');
  });

  it('reads by the autoencoder nearest the middle layer, or by the one asked for', async () => {
    expect((await inspect({ text: 'a' })).dictionary?.hook).toBe('blocks.2.hook_resid_post');
    const other = model.dictionaries.find(({ hook }) => hook === 'blocks.0.hook_resid_post')!;
    expect((await inspect({ text: 'a', dictionary: other.dictionary })).dictionary).toEqual(other);
  });

  it('reads a long text in windows, each token as its own window says', async () => {
    const { tokens } = await inspect({ text: long });
    const whole = session.model(model.model).tokens(long);
    expect(tokens.map(({ id }) => id)).toEqual([...whole.ids]);
    // The second window starts a quarter of the context into the text: its tokens are those of the text from there on.
    const from = tinyModel.context / 4;
    const first = tinyModel.context / 2 - 1;
    const part = long.slice(whole.offsets[from]![0], whole.offsets[first + from - 1]![1]);
    const alone = await inspect({ text: part });
    expect(alone.tokens.map(({ id }) => id)).toEqual(tokens.slice(from, first + from).map(({ id }) => id));
    for (let token = first; token < first + from; token++) {
      expect(tokens[token]!.surprise).toBeCloseTo(alone.tokens[token - from]!.surprise!, 4);
      expect(tokens[token]!.features.map(({ feature }) => feature)).toEqual(alone.tokens[token - from]!.features.map(({ feature }) => feature));
    }
  });

  it('answers an empty text with nothing', async () => {
    expect(await inspect({ text: '' })).toMatchObject({ tokens: [], leftOut: 0 });
  });

  it('refuses models and dictionaries that are not open', async () => {
    await expect(inspect({ text: 'a', dictionary: 'none' })).rejects.toSatisfy((error) => MechanistError.is(error, 'not-found'));
    await expect(drain(textInspect(session, parseParams('text.inspect', { model: 'none', text: 'a' })))).rejects.toSatisfy((error) => MechanistError.is(error, 'not-found'));
  });
});

describe('text.lens', () => {
  it.each([['in the middle of a short text', prompt, 4], ['at its end', prompt, -1], ['far into a long text', long, 150]])('ends with what text.inspect shows %s', async (_, text, at) => {
    const { tokens } = await inspect({ text });
    const token = at < 0 ? tokens.length + at : at;
    const { layers } = await lensAt(text, token);
    expect(layers.map(({ hook }) => hook)).toEqual(['blocks.0.hook_resid_pre', ...[0, 1, 2, 3].map((layer) => `blocks.${layer}.hook_resid_post`)]);
    const last = layers.at(-1)!;
    expect(last.klToOutput).toBeCloseTo(0, 5);
    expect(last.top.map(({ id }) => id)).toEqual(tokens[token]!.next.map(({ id }) => id));
    last.top.forEach(({ probability }, k) => expect(probability).toBeCloseTo(tokens[token]!.next[k]!.probability, 5));
    const following = tokens[token + 1];
    if (following === undefined) expect(last.target).toMatchObject({ token: last.top[0]!.token, rank: 1 });
    else expect(-Math.log2(last.target.probability)).toBeCloseTo(following.surprise!, 3);
  });

  it('refuses a token that the text does not have', async () => {
    await expect(lensAt('a', 1)).rejects.toSatisfy((error) => MechanistError.is(error, 'argument'));
  });
});

describe('text.paint', () => {
  it('paints the surprise that text.inspect shows', async () => {
    const [{ tokens }, painted] = [await inspect({ text: long }), await paint(long, { kind: 'surprise' })];
    expect(painted.unit).toBe('bits');
    expect([...painted.starts]).toEqual(tokens.map(({ start }) => start));
    expect([...painted.ends]).toEqual(tokens.map(({ end }) => end));
    tokens.forEach(({ surprise }, i) => expect(painted.values[i]).toBeCloseTo(surprise!, 4));
  });

  it('paints a feature as text.inspect shows it, and 0 where it is not active', async () => {
    const { tokens, dictionary } = await inspect({ text: long, topFeatures: 6 });
    const { feature } = tokens[40]!.features[0]!;
    const painted = await paint(long, { kind: 'feature', dictionary: dictionary!.dictionary, feature });
    expect(painted.unit).toBe('activation');
    tokens.forEach(({ features }, i) => expect(painted.values[i]).toBeCloseTo(features.find((f) => f.feature === feature)?.activation ?? 0, 4));
  });

  it('refuses a feature that the dictionary does not have', async () => {
    const by = { kind: 'feature', dictionary: model.dictionaries[0]!.dictionary, feature: tinyModel.latents } as const;
    await expect(paint('a', by)).rejects.toThrow(/features 0 to 47/);
  });
});
