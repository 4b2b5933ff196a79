import { describe, expect, it } from 'vitest';
import { parseInterventions } from '../../../src/cli/interventionJson.ts';
import type { Intervention } from '../../../src/engine/interventions/intervention.ts';
import { f32 } from '../../../src/engine/tensor.ts';

const hook = 'blocks.0.attn.hook_z';
const read = (file: string, tensor: string) => f32([1], [file.length + tensor.length]);
const parse = (value: unknown): Intervention[] => parseInterventions(JSON.stringify(value), read);

describe('parseInterventions', () => {
  it.each<[string, unknown, Intervention[]]>([
    ['a list', [{ hook, kind: 'zero' }, { hook, kind: 'mean', seed: 3 }], [{ hook, kind: 'zero' }, { hook, kind: 'mean', seed: 3 }]],
    ['one object', { hook, kind: 'zero', where: { head: 1, position: [-1, 0] } }, [{ hook, kind: 'zero', where: { head: [1], position: [-1, 0] } }]],
    ['a feature', { hook, kind: 'zero', where: { feature: 4 } }, [{ hook, kind: 'zero', where: { neuron: [4] } }]],
    ['a mean by position', { hook, kind: 'mean', over: 'position' }, [{ hook, kind: 'mean', over: 'position' }]],
    ['a number', { hook, kind: 'scale', value: 0.5 }, [{ hook, kind: 'scale', value: 0.5 }]],
    ['a list of numbers', { hook, kind: 'add', value: [1, 2] }, [{ hook, kind: 'add', value: f32([2], [1, 2]) }]],
    ['nested lists', { hook, kind: 'patch', value: [[1, 2, 3], [4, 5, 6]] }, [{ hook, kind: 'patch', value: f32([2, 3], [1, 2, 3, 4, 5, 6]) }]],
    ['a tensor of a file', { hook, kind: 'patch', value: { file: 'ab', tensor: 'c' } }, [{ hook, kind: 'patch', value: f32([1], [3]) }]],
  ])('reads %s', (_, json, expected) => {
    expect(parse(json)).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    ['a string', 'zero', '--intervene [0]'],
    ['no hook', { kind: 'zero' }, '--intervene [0].hook'],
    ['an unknown kind', [{ hook, kind: 'zero' }, { hook, kind: 'nil' }], '--intervene [1].kind'],
    ['an unknown field', { hook, kind: 'zero', layer: 1 }, '--intervene [0]'],
    ['an unknown selection', { hook, kind: 'zero', where: { layer: 1 } }, '--intervene [0].where'],
    ['an inherited selection', { hook, kind: 'zero', where: { toString: 1 } }, '--intervene [0].where'],
    ['a fraction as index', { hook, kind: 'zero', where: { head: 1.5 } }, '--intervene [0].where.head'],
    ['an empty selection', { hook, kind: 'zero', where: { head: [] } }, '--intervene [0].where.head'],
    ['ragged lists', { hook, kind: 'patch', value: [[1, 2], [3]] }, '--intervene [0].value'],
    ['lists of text', { hook, kind: 'patch', value: ['a'] }, '--intervene [0].value'],
    ['a value of another type', { hook, kind: 'patch', value: 'x' }, '--intervene [0].value'],
    ['a file without a tensor', { hook, kind: 'patch', value: { file: 'x' } }, '--intervene [0].value'],
    ['an unknown mean', { hook, kind: 'mean', over: 'rows' }, '--intervene [0].over'],
    ['a fraction as seed', { hook, kind: 'resample', seed: 0.5 }, '--intervene [0].seed'],
    ['a kind without the value it needs', { hook, kind: 'patch' }, `intervention patch at ${hook}`],
  ])('refuses %s', (_, json, field) => {
    expect(() => parse(json)).toThrow(expect.objectContaining({ reason: 'argument', field }));
  });

  it('refuses text that is not JSON', () => {
    expect(() => parseInterventions('[{', read)).toThrow(expect.objectContaining({ reason: 'parse', field: '--intervene' }));
  });

  it('refuses brackets without end', () => {
    expect(() => parseInterventions('['.repeat(20_000), read)).toThrow(expect.objectContaining({ reason: 'parse' }));
  });
});
