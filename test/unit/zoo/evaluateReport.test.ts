/** What the zoo writes about its models. */
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../support/failure.ts';
import { curveSvg } from '../../../zoo/evaluate/curveSvg.ts';
import type { Evaluation, ModelScores } from '../../../zoo/evaluate/evaluation.ts';
import { grouped, percent, replaceSection, table } from '../../../zoo/evaluate/markdown.ts';
import { missedTargets, modelReadme } from '../../../zoo/evaluate/modelReadme.ts';
import type { ModelReport } from '../../../zoo/evaluate/modelReadme.ts';
import { modelTable } from '../../../zoo/evaluate/modelTable.ts';
import { behaviorTasks } from '../../../zoo/evaluate/behaviors.ts';
import { planOf } from '../../../zoo/plans.ts';

describe('Markdown', () => {
  it('writes a table', () => {
    expect(table(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | ---: |\n| 1 | 2 |');
    expect(table(['a', 'b', 'c'], [], 2)).toBe('| a | b | c |\n| --- | --- | ---: |');
  });

  it('writes numbers for reading', () => {
    expect([percent(0.98765), grouped(9830400)]).toEqual(['98.8 %', '9,830,400']);
  });

  it('replaces a marked section and nothing else', () => {
    const text = 'before\n<!-- begin x -->\nold\n<!-- end x -->\nafter\n';
    expect(replaceSection(text, 'x', 'new')).toBe('before\n<!-- begin x -->\nnew\n<!-- end x -->\nafter\n');
    expect(replaceSection(replaceSection(text, 'x', 'new'), 'x', 'old')).toBe(text);
  });

  it.each(['none', '<!-- begin x --> only', '<!-- end x --> <!-- begin x -->'])('refuses a text without the marks: %s', (text) => {
    expect(failureOf(() => replaceSection(text, 'x', 'new'))).toMatchObject({ reason: 'parse' });
  });
});

describe('loss curve', () => {
  const curve = Array.from({ length: 1000 }, (_, i) => ({ step: i + 1, loss: 7 * Math.exp(-i / 300), gradientNorm: 1 }));

  it('is one drawing with a bounded number of points', () => {
    const svg = curveSvg('Loss', curve);
    expect(svg.match(/<svg /g)).toHaveLength(1);
    expect(svg.match(/[ML]\d/g)!.length).toBeLessThanOrEqual(240);
    expect(svg).not.toContain('NaN');
  });

  it('falls where the loss falls', () => {
    const heights = [...curveSvg('Loss', curve).matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
  });
});

describe('README of a model', () => {
  const scores = (score: number, ratio: number, induction: number): ModelScores => ({
    behaviors: behaviorTasks.map(({ name, measure }) => ({ name, measure, items: 2000, documents: 2000, score, low: score - 0.01, high: score + 0.005, interval: 'wilson' })),
    story: { stories: 500, tokens: 30000, nats: 0.5, grammarNats: 0.4, ratio, low: ratio - 0.02, high: ratio + 0.02 },
    heads: [{ layer: 1, head: 2, previousToken: 0.9, duplicateToken: 0.1, induction }],
  });
  const evaluation = (trained: ModelScores): Evaluation => ({
    model: 'fable-4l', hash: 'abcdef0123456789ff', trained, untrained: scores(0.05, 900, 0.01), ngram: { ...scores(0.5, 4, 0), order: 5, tokens: 1228800 },
  });
  const report = (trained: ModelScores): ModelReport => ({
    plan: planOf('fable-4l')!, curve: Array.from({ length: 150 }, (_, i) => ({ step: i + 1, loss: 5, gradientNorm: 1 })),
    evaluation: evaluation(trained), training: { seconds: 1500, threads: 1 }, parameters: 1000000, bytes: 2000000,
  });
  const good = report(scores(0.995, 1.1, 0.8));
  const poor = report(scores(0.97, 1.3, 0.4));

  it('names what was not reached, with the reason', () => {
    expect(missedTargets(good.evaluation.trained)).toEqual([]);
    expect(missedTargets(poor.evaluation.trained)).toEqual(['ioi', 'agreement', 'bracket', 'story']);
    expect(modelReadme(good, [])).not.toContain('Not reached');
    const text = modelReadme(poor, [], { bracket: 'because' });
    expect(text).toContain('- **bracket type**: because\n');
    expect(text).toContain('- **stories**\n');
    expect(text).not.toContain('- **induction');
    expect(text).not.toContain('main model');
    expect(modelReadme({ ...poor, plan: planOf('fable-4l-b')! }, [])).toContain('set for the main model of the zoo, which this one is not.');
  });

  it('says how the model was made and how long it took', () => {
    const text = modelReadme(good, []);
    for (const part of ['npm run zoo:train -- fable-4l', 'seed**: 1', '25 minutes by the clock on 1 thread,', 'curve.svg', '1,000,000']) expect(text).toContain(part);
  });

  it('shows the score, and the same questions put to the controls', () => {
    const rows = modelReadme(good, [evaluation(scores(0.7, 2, 0.1))]).split('\n').filter((line) => line.startsWith('| indirect object')).map((row) => row.split('|').map((cell) => cell.trim()).slice(1, -1));
    expect(rows).toEqual([
      ['indirect object', 'right token above the wrong ones', '2,000', '99.50 % [98.50, 100.00]', '≥ 99 %'],
      ['indirect object', '2,000', '70.0 % [69.0, 70.5]', '50.0 % [49.0, 50.5]', '5.0 % [4.0, 5.5]'],
    ]);
  });

  it('marks heads from the threshold on', () => {
    expect(modelReadme(good, [])).toContain('| 1.2 | **0.90** | 0.10 | **0.80** |');
    expect(modelReadme(poor, [])).toContain('| 1.2 | **0.90** | 0.10 | 0.40 |');
  });

  it('every row of the table of models has one cell per model and per control', () => {
    const lines = modelTable([good, poor]).split('\n');
    expect(new Set(lines.map((line) => line.split('|').length))).toEqual(new Set([7]));
  });
});
