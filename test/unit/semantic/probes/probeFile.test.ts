/** Files of probes: what is written is read again; what is hostile is refused with the place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { writeSafetensors } from '../../../../src/engine/formats/safetensorsWriter.ts';
import { f32, f64 } from '../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';
import { readProbe, requireModel, saveProbe } from '../../../../src/semantic/probes/probeFile.ts';
import type { TrainedProbe } from '../../../../src/semantic/probes/train.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-probe-'));
const file = join(folder, 'probe.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));

const trained: TrainedProbe = {
  weights: Float64Array.of(0.5, -2, 0.25), bias: 0.125, penalty: 0.01, trained: 40,
  scores: {
    auroc: 0.9, interval: [0.8, 0.95], accuracy: 0.85, majority: 0.5, control: { auroc: 0.6, accuracy: 0.55 }, selectivity: 0.3, shuffled: { auroc: 0.5, highest: 0.6, draws: 5 },
    coordinate: { index: 2, sign: -1, auroc: 0.7 }, positive: 10, negative: 12,
  },
};
const about = { name: 'food', model: { id: 'm', hash: 'aa' }, hook: 'blocks.0.hook_resid_post', variable: 'label', question: 'food', data: { name: 'texts', hash: 'bb' }, examples: 300, seed: 7 };

it('a probe that is saved is read again', () => {
  saveProbe(file, trained, about);
  const { weights, bias, hash, ...described } = readProbe(file);
  expect([...weights, bias]).toEqual([0.5, -2, 0.25, 0.125]);
  expect(described).toEqual({ ...about, trained: 40, penalty: 0.01, scores: trained.scores });
  saveProbe(join(folder, 'other.safetensors'), { ...trained, bias: 0.25 }, about);
  expect(readProbe(join(folder, 'other.safetensors')).hash).not.toBe(hash);
});

it('a probe of another model is refused with both', () => {
  expect(() => requireModel({ name: 'food', model: { id: 'm', hash: 'aa' } }, { id: 'm', hash: 'aa' }, file)).not.toThrow();
  expect(() => requireModel({ name: 'food', model: { id: 'm', hash: 'aa' } }, { id: 'm', hash: 'cc' }, file)).toThrow(/"food" was trained on m \(aa\), not on the model that is open, m \(cc\)/);
});

describe('refused is', () => {
  const valid: [string, Tensor][] = [['weight', f32([3], [1, 2, 3])], ['bias', f32([1], [0])]];
  const description = { ...about, trained: 40, penalty: 0.01, scores: trained.scores };
  const change = (path: string, value: unknown): unknown => {
    const copy = structuredClone(description) as unknown as Record<string, unknown>;
    const keys = path.split('.');
    let at = copy;
    for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
    at[keys.at(-1)!] = value;
    return copy;
  };
  const written = (tensors: [string, Tensor][], metadata: Record<string, string>): void => writeSafetensors(file, tensors, { metadata });
  const format = 'mechanist-probe/1';

  it.each<[string, [string, Tensor][], Record<string, string>, string]>([
    ['a file of something else', valid, {}, 'format'],
    ['a later format', valid, { format: 'mechanist-probe/2', probe: JSON.stringify(description) }, 'format'],
    ['one without a direction', valid.slice(1), { format, probe: JSON.stringify(description) }, 'tensor weight'],
    ['one without a bias', valid.slice(0, 1), { format, probe: JSON.stringify(description) }, 'tensor bias'],
    ['one in double precision', [['weight', f64([3], [1, 2, 3])], valid[1]!], { format, probe: JSON.stringify(description) }, 'tensor weight'],
    ['a matrix', [['weight', f32([1, 3], [1, 2, 3])], valid[1]!], { format, probe: JSON.stringify(description) }, 'tensor weight'],
    ['an empty direction', [['weight', f32([0], [])], valid[1]!], { format, probe: JSON.stringify(description) }, 'tensor weight'],
    ['a direction of a million', [['weight', f32([1_000_000], new Float32Array(1_000_000))], valid[1]!], { format, probe: JSON.stringify(description) }, 'tensor weight'],
    ['a number that is none', [['weight', f32([3], [1, Number.NaN, 3])], valid[1]!], { format, probe: JSON.stringify(description) }, 'tensor weight'],
    ['an infinite bias', [valid[0]!, ['bias', f32([1], [Infinity])]], { format, probe: JSON.stringify(description) }, 'tensor bias'],
    ['no description', valid, { format }, 'probe'],
    ['a description that is no JSON', valid, { format, probe: '{' }, 'probe'],
    ['a description that is too long', valid, { format, probe: JSON.stringify(change('name', 'x'.repeat(70_000))) }, 'probe'],
    ['a name of nothing', valid, { format, probe: JSON.stringify(change('name', '')) }, 'probe.name'],
    ['a hook that is a number', valid, { format, probe: JSON.stringify(change('hook', 7)) }, 'probe.hook'],
    ['a model without a hash', valid, { format, probe: JSON.stringify(change('model', { id: 'm' })) }, 'probe.model.hash'],
    ['scores that are missing', valid, { format, probe: JSON.stringify(change('scores', undefined)) }, 'probe.scores'],
    ['an AUROC above 1', valid, { format, probe: JSON.stringify(change('scores.auroc', 1.5)) }, 'probe.scores.auroc'],
    ['an interval of one end', valid, { format, probe: JSON.stringify(change('scores.interval', [0.1])) }, 'probe.scores.interval'],
    ['a control that is a list', valid, { format, probe: JSON.stringify(change('scores.control', [])) }, 'probe.scores.control'],
  ])('%s', (_, tensors, metadata, field) => {
    written(tensors, metadata);
    let thrown: unknown;
    try {
      readProbe(file);
    } catch (error) {
      thrown = error;
    }
    expect(MechanistError.is(thrown)).toBe(true);
    expect(thrown).toMatchObject({ file, field });
  });

  it('what is no safetensors file, and nothing', () => {
    writeFileSync(file, 'not a probe');
    expect(() => readProbe(file)).toThrow(MechanistError);
    expect(() => readProbe(join(folder, 'none.safetensors'))).toThrow(/none\.safetensors/);
  });
});
