import { describe, expect, it } from 'vitest';
import type { InspectedToken } from '../../src/protocol/methods.ts';
import { featureRows, lensRows, neighbouringDictionary, stripTokens } from '../../webview-ui/inspector/viewModel.ts';
import { movedSelection } from '../../webview-ui/shared/roving.ts';

const token = (text: string, surprise: number | undefined, features: InspectedToken['features'] = []): InspectedToken => ({
  text, id: 1, start: 0, end: text.length, surprise, expected: [], next: [], features,
});

describe('the token strip', () => {
  const tokens = [token('When', undefined), token(' Mary', 9, [{ feature: 7, activation: 2 }]), token('\n', 0), token(' x', 0.01)];

  it('is coloured by surprise, the most surprising token fully, a first token not at all', () => {
    expect(stripTokens(tokens, 1, { kind: 'surprise' }).map(({ level }) => level)).toEqual([0, 9, 0, 1]);
  });

  it('is coloured by a feature where that is chosen', () => {
    expect(stripTokens(tokens, 1, { kind: 'feature', feature: 7 }).map(({ level }) => level)).toEqual([0, 9, 0, 0]);
    expect(stripTokens(tokens, 1, { kind: 'feature', feature: 8 }).map(({ level }) => level)).toEqual([0, 0, 0, 0]);
  });

  it('shows white space and breaks after a line', () => {
    expect(stripTokens(tokens, 1, { kind: 'surprise' }).map(({ label, breaks, selected }) => [label, breaks, selected])).toEqual([
      ['When', false, false], ['␣Mary', false, true], ['↵', true, false], ['␣x', false, false],
    ]);
  });
});

describe('the keys of the strip', () => {
  it.each([['ArrowRight', 3, 4], ['ArrowRight', 9, 9], ['ArrowLeft', 0, 0], ['ArrowLeft', 3, 2], ['Home', 5, 0], ['End', 5, 9], ['a', 5, undefined]])('%s at %i of 10 leads to %s', (key, from, to) => {
    expect(movedSelection(key, from, 10)).toBe(to);
  });
});

describe('the dictionaries', () => {
  const list = ['a', 'b', 'c'].map((dictionary) => ({ dictionary }));

  it.each([['a', 1, 'b'], ['c', 1, 'c'], ['a', -1, 'a'], ['b', -1, 'a']] as const)('from %s in direction %i lead to %s', (from, step, to) => {
    expect(neighbouringDictionary(list, from, step)).toBe(to);
  });
});

it('lists active features with bars against the strongest', () => {
  const features = [{ feature: 3, activation: 4 }, { feature: 1, activation: 1 }, { feature: 2, activation: 0 }];
  expect(featureRows(token('x', 1, features), { 3: 'second of two names' }, 8)).toEqual([{ feature: 3, name: 'second of two names', share: 1, activation: '4.0' }, { feature: 1, name: '', share: 0.25, activation: '1.0' }]);
  expect(featureRows(token('x', 1, features), {}, 1)).toHaveLength(1);
  expect(featureRows(undefined, {}, 8)).toEqual([]);
});

it('names the layers of the lens, and what lies before the first', () => {
  const layer = (hook: string, probability: number, rank: number) => ({ hook, top: [{ token: ' the', id: 1, probability: 0.5 }], target: { token: ' Mary', probability, rank }, entropy: 1, klToOutput: 1 });
  const rows = lensRows({ layers: [layer('blocks.0.hook_resid_pre', 0.00001, 1211), layer('blocks.0.hook_resid_post', 0.0412, 12), layer('blocks.11.hook_resid_post', 1, 1)] });
  expect(rows.map(({ layer: name, top, probability, rank }) => [name, top, probability, rank])).toEqual([
    ['in', '␣the', '<.001', '1,211'], ['0', '␣the', '.041', '12'], ['11', '␣the', '1.00', '1'],
  ]);
});
