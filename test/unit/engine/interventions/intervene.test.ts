import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../src/engine/graph/builder.ts';
import { intervene } from '../../../../src/engine/interventions/intervene.ts';
import type { Intervention } from '../../../../src/engine/interventions/intervention.ts';
import { meanOf, meanRules } from '../../../../src/engine/interventions/meanAblation.ts';
import { Program } from '../../../../src/engine/runtime/program.ts';
import { f32, i64 } from '../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';
import { normal } from '../../../support/random.ts';

const [B, P, H, D] = [2, 3, 2, 4];
const zName = 'blocks.0.attn.hook_z';
const scoresName = 'blocks.0.attn.hook_attn_scores';

const graph = (() => {
  const b = new GraphBuilder();
  b.input('z', 'float32', ['batch', 'pos', H, D]);
  b.input('attention_mask', 'int64', ['batch', 'pos']);
  b.identity('z', zName);
  b.matmul(b.transpose(zName, [0, 2, 1, 3]), b.transpose(zName, [0, 2, 3, 1]), scoresName);
  b.reduceSum(zName, [2], false, 'blocks.0.hook_resid_post');
  return b.build([zName, scoresName, 'blocks.0.hook_resid_post']);
})();

const z = f32([B, P, H, D], normal(B * P * H * D, 1));
const mask = i64([B, P], [1, 1, 1, 1, 1, 0]);
const feeds = new Map<string, Tensor>([['z', z], ['attention_mask', mask]]);

async function run(interventions: Intervention[]): Promise<Map<string, Tensor>> {
  const changed = intervene(graph, interventions, feeds);
  const program = await Program.compile(changed.graph, { threads: 1 });
  const results = await program.run(changed.feeds);
  await program.release();
  return results;
}

const at = (t: Tensor, ...index: number[]): number => {
  let flat = 0;
  index.forEach((i, axis) => (flat = flat * t.dims[axis]! + i));
  return Number(t.data[flat]);
};

async function zAfter(intervention: Omit<Intervention, 'hook'>): Promise<Tensor> {
  return (await run([{ hook: zName, ...intervention }])).get(zName)!;
}

/** Every entry of z, with whether the selection changed it. */
function* entries(changed: (b: number, p: number, h: number, d: number) => boolean): Generator<{ index: number[]; selected: boolean }> {
  for (let b = 0; b < B; b++) for (let p = 0; p < P; p++) for (let h = 0; h < H; h++) for (let d = 0; d < D; d++) yield { index: [b, p, h, d], selected: changed(b, p, h, d) };
}

describe('intervene', () => {
  it('zeroes exactly the selected head at the selected position, counted from the end', async () => {
    const after = await zAfter({ kind: 'zero', where: { position: [-1], head: [1] } });
    for (const { index, selected } of entries((_, p, h) => p === 2 && h === 1)) expect(at(after, ...index)).toBe(selected ? 0 : at(z, ...index));
  });

  it('selects rows and neurons', async () => {
    const after = await zAfter({ kind: 'patch', value: 7, where: { row: [1], neuron: [0, 3] } });
    for (const { index, selected } of entries((b, _p, _h, d) => b === 1 && (d === 0 || d === 3))) expect(at(after, ...index)).toBe(selected ? 7 : at(z, ...index));
  });

  it('adds and scales with broadcasting values', async () => {
    const added = await zAfter({ kind: 'add', value: f32([D], [1, 2, 3, 4]) });
    const scaled = await zAfter({ kind: 'scale', value: -2, where: { head: [0] } });
    for (const { index, selected } of entries((_b, _p, h) => h === 0)) {
      expect(at(added, ...index)).toBeCloseTo(at(z, ...index) + index[3]! + 1, 6);
      expect(at(scaled, ...index)).toBeCloseTo(at(z, ...index) * (selected ? -2 : 1), 6);
    }
  });

  it('projects a direction out and leaves the orthogonal part', async () => {
    const after = await zAfter({ kind: 'project-out', value: f32([D], [3, 0, 4, 0]) });
    for (const { index } of entries(() => true)) {
      const [b, p, h] = index as [number, number, number];
      const along = 0.6 * at(z, b, p, h, 0) + 0.8 * at(z, b, p, h, 2);
      const unit = [0.6, 0, 0.8, 0][index[3]!]!;
      expect(at(after, ...index)).toBeCloseTo(at(z, ...index) - along * unit, 5);
    }
  });

  it('replaces by the mean of unpadded positions', async () => {
    const after = await zAfter({ kind: 'mean' });
    for (const { index } of entries(() => true)) {
      const [, , h, d] = index as [number, number, number, number];
      const valid = [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]].map(([b, p]) => at(z, b!, p!, h, d));
      expect(at(after, ...index)).toBeCloseTo(valid.reduce((a, v) => a + v, 0) / 5, 5);
    }
  });

  it('replaces by the mean of unpadded rows at each position', async () => {
    const after = await zAfter({ kind: 'mean', over: 'position' });
    for (const { index } of entries(() => true)) {
      const [, p, h, d] = index as [number, number, number, number];
      const valid = p === 2 ? [[0, 2]] : [[0, p], [1, p]];
      expect(at(after, ...index)).toBeCloseTo(valid.reduce((a, [b]) => a + at(z, b!, p, h, d), 0) / valid.length, 5);
    }
  });

  it.each(meanRules)('the mean over %s is the same of a captured value', async (over) => {
    const after = await zAfter({ kind: 'mean', over });
    const captured = meanOf(z, ['batch', 'pos', 'head', 'feature'], over, mask);
    (after.data as Float32Array).forEach((value, i) => expect(captured[i]).toBeCloseTo(value, 5));
  });

  it('resamples from another row', async () => {
    const after = await zAfter({ kind: 'resample' });
    for (const { index } of entries(() => true)) expect(at(after, ...index)).toBe(at(z, 1 - index[0]!, ...index.slice(1)));
  });

  it('acts downstream, in order, and several at once', async () => {
    const results = await run([
      { hook: zName, kind: 'patch', value: 1 },
      { hook: zName, kind: 'scale', value: 3 },
      { hook: 'blocks.0.hook_resid_post', kind: 'add', value: 0.5, where: { position: [0] } },
    ]);
    const resid = results.get('blocks.0.hook_resid_post')!;
    expect(at(resid, 0, 0, 0)).toBe(6.5);
    expect(at(resid, 0, 1, 0)).toBe(6);
  });

  it('selects query and key positions of attention scores', async () => {
    const after = (await run([{ hook: scoresName, kind: 'patch', value: 9, where: { position: [1], key: [0], head: [1] } }])).get(scoresName)!;
    expect(at(after, 0, 1, 1, 0)).toBe(9);
    expect(Array.from(after.data as Float32Array).filter((v) => v === 9)).toHaveLength(B);
  });

  it.each<[string, Intervention, RegExp]>([
    ['an unknown hook, with the nearest name', { hook: 'blocks.0.attn.hook_zz', kind: 'zero' }, /blocks\.0\.attn\.hook_z/],
    ['an index out of range', { hook: zName, kind: 'zero', where: { head: [2] } }, /head 2 is out of range/],
    ['an axis the hook does not have', { hook: 'blocks.0.hook_resid_post', kind: 'zero', where: { head: [0] } }, /no axis to select a head/],
    ['a value that does not broadcast', { hook: zName, kind: 'patch', value: f32([3], [1, 2, 3]) }, /does not fit/],
    ['a missing value', { hook: zName, kind: 'add' }, /needs a value/],
    ['a zero direction', { hook: zName, kind: 'project-out', value: f32([D], [0, 0, 0, 0]) }, /not all zero/],
    ['an unknown kind', { hook: zName, kind: 'explode' as 'zero' }, /not a kind of intervention/],
  ])('refuses %s', (_, intervention, message) => {
    expect(() => intervene(graph, [intervention], feeds)).toThrowError(expect.objectContaining({ reason: 'argument', message: expect.stringMatching(message) }));
  });
});
