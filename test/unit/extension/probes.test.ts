/** What is said of probes, and of a text that is painted by one. */
import { describe, expect, it } from 'vitest';
import { explanationOf, legendOf, tokenText } from '../../../src/extension/paint/legend.ts';
import { plainMarkdown } from '../../../src/extension/plainMarkdown.ts';
import { propertyName, scoreText, signed, suggestedName } from '../../../src/extension/probes/words.ts';
import { probeNamePattern } from '../../../src/protocol/methods/probes.ts';
import type { ProbeSummary } from '../../../src/protocol/methods/probes.ts';
import { english } from './fakes.ts';

const probe: ProbeSummary = {
  file: '/w/.mechanist/probes/food.safetensors', name: 'food', model: { id: 'fable-4l', hash: 'aa' }, hook: 'blocks.1.hook_resid_post', variable: 'field.food', question: 'yes',
  data: { name: 'texts', hash: 'bb' }, hash: 'cc', examples: 300, seed: 0, answers: undefined,
  scores: {
    auroc: 0.987, interval: [0.97, 0.995], accuracy: 0.95, majority: 0.5, control: { auroc: 0.71, accuracy: 0.7 }, selectivity: 0.25, shuffled: { auroc: 0.51, highest: 0.56, draws: 5 },
    coordinate: { index: 12, sign: -1, auroc: 0.8 }, positive: 100, negative: 90,
  },
};

describe('a property', () => {
  it.each([['field.food', 'yes', 'field.food'], ['gender', '= feminine', 'gender = feminine'], ['label', 'sarcastic', 'sarcastic']])('%s, %s is called %s', (variable, question, name) => {
    expect(propertyName({ variable, question })).toBe(name);
  });

  it.each([['gender = feminine', 'gender feminine 1.resid_post'], ['≥ 30', '30 1.resid_post'], ['a/b\\c:', 'a b c 1.resid_post'], ['x'.repeat(200), 'x'.repeat(80)]])('%s makes a name for a file', (property, name) => {
    const suggested = suggestedName(property, 'blocks.1.hook_resid_post');
    expect(suggested).toBe(name);
    expect(suggested).toMatch(probeNamePattern);
  });

  it.each(['../x', 'a/b', '.hidden', 'ends.', 'ends ', '', 'x'.repeat(81), 'con\0'])('a probe is not called %j', (name) => {
    expect(name).not.toMatch(probeNamePattern);
  });
});

it('a name with signs of Markdown and HTML in it is shown as it is, and lines are paragraphs', () => {
  expect(plainMarkdown('a*b* [x](command:y) <b>&amp;</b>\nnext')).toBe('a\\*b\\* \\[x\\]\\(command\\:y\\) \\<b\\>\\&amp\\;\\<\\/b\\>\n\nnext');
});

describe('a score', () => {
  it('never stands without its control', () => {
    expect(scoreText(probe, english)).toBe('AUROC 0.987 · selectivity +0.25');
    expect(signed(-0.125)).toBe('−0.13');
  });
});

describe('a text painted by a probe', () => {
  const by = { kind: 'probe', probe } as const;

  it('says what the colours are, how good the probe is, and where it is read', () => {
    expect(legendOf(by, 1, 'probability', english)).toBe('field.food 0▁▃▅▇ 100 % · AUROC 0.987 · selectivity +0.25');
    const said = explanationOf(by, english);
    for (const part of ['blocks.1.hook_resid_post', 'Hits are above 50 %', '0.987 (0.970 to 0.995)', 'accuracy 70.0 %', 'exchanged answers: AUROC 0.510 on average, at most 0.560', 'coordinate (12): AUROC 0.800']) expect(said).toContain(part);
    expect(tokenText(by, 0.42, 'probability', english)).toBe('“field.food”: 42 % by the probe food');
  });

  it('differs from one painted by surprise or by a feature, which says what the scale leaves out', () => {
    expect(legendOf({ kind: 'surprise' }, 12.3, 'bits', english)).toBe('surprise 0▁▃▅▇ 12.3 bits');
    expect(legendOf({ kind: 'feature', dictionary: 'd', feature: 7 }, 0, 'activation', english)).toBe('#7 0');
    expect(explanationOf({ kind: 'surprise' }, english)).toMatch(/99th percentile.*line endings are left out/);
    expect(tokenText({ kind: 'feature', dictionary: 'd', feature: 7 }, 2, 'activation', english)).toBe('feature #7: 2.0 activation');
  });
});
