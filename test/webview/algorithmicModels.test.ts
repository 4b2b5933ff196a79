import { describe, expect, it } from 'vitest';
import { AttentionWork } from '../../webview-ui/algorithmic/attention/attentionWork.ts';
import { composedPairs, drawnCells, headRows, headType, lookedAt, patternOf, patternRows } from '../../webview-ui/algorithmic/attention/viewModel.ts';
import { componentNode, layered, ownerOf } from '../../webview-ui/algorithmic/circuit/drawing.ts';
import { drawingSvg, escapeXml } from '../../webview-ui/algorithmic/circuit/drawingFile.ts';
import { circuitDrawing, exactChart, faithfulnessChart, verdict } from '../../webview-ui/algorithmic/circuit/viewModel.ts';
import { overlapOf } from '../../webview-ui/algorithmic/compare/viewModel.ts';
import { contributionRows, layerChart, lensChart, lensRows, partName, sumHolds } from '../../webview-ui/algorithmic/lens/viewModel.ts';
import { hookLabel, signedText } from '../../webview-ui/algorithmic/parts/names.ts';
import { amongOthers, cellOf, layoutOf, placeOf, quantile, scoreIndex, sweepChart } from '../../webview-ui/algorithmic/patching/viewModel.ts';
import type { Inquiry } from '../../webview-ui/algorithmic/inquiry.ts';
import { readPlace } from '../../webview-ui/algorithmic/place.ts';
import { shownPositions } from '../../webview-ui/algorithmic/question/alignmentView.ts';
import { plainToken } from '../../src/protocol/shownToken.ts';
import { answerText } from '../../webview-ui/algorithmic/question/answerText.ts';
import { fileOf } from '../../webview-ui/algorithmic/question/pairs.ts';
import { align, answerAmong, emptyQuestion, metricOf, ownTokens, promptsOf, questionTitle, sameQuestion } from '../../webview-ui/algorithmic/question/question.ts';
import type { SweepScores } from '../../src/protocol/methods/algorithmicResults.ts';
import { attribution, edges, evaluation, grid, members, nulls, patterns, suggestions, sweep, tokens } from './algorithmicData.ts';
import { palette } from './palette.ts';

const [mary, john] = [{ token: '·Mary', id: 2 }, { token: '·John', id: 7 }];
const asked = { ...emptyQuestion, text: 'When Mary gave', corrupted: 'When John gave', target: mary, distractor: john };

describe('the question', () => {
  it.each([
    ['logit_diff', { kind: 'logit_diff', target: 2, distractor: 7 }], ['log_prob', { kind: 'log_prob', target: 2 }], ['kl', { kind: 'kl' }],
  ] as const)('is measured by %s', (metric, expected) => {
    expect(metricOf({ ...asked, metric })).toEqual(expected);
  });

  it('is no question for patching while an answer or the other prompt is missing', () => {
    expect(promptsOf({ ...asked, distractor: undefined })).toBeUndefined();
    expect(promptsOf({ ...asked, corrupted: '' })).toBeUndefined();
    expect(promptsOf(asked)).toEqual({ kind: 'pair', clean: 'When Mary gave', corrupted: 'When John gave', metric: { kind: 'logit_diff', target: 2, distractor: 7 } });
  });

  it('is a whole file of pairs where all are measured', () => {
    expect(promptsOf({ ...asked, pairs: { path: '/a/p.jsonl', count: 3, all: true } })).toEqual({ kind: 'pairs', source: { kind: 'file', path: '/a/p.jsonl' }, limit: 200 });
    expect(promptsOf({ ...asked, pairs: { path: '/a/p.jsonl', count: 3, all: false } })).toMatchObject({ kind: 'pair' });
  });

  it('lays prompts beside each other by token, or says how long each is', () => {
    expect(align(tokens, [tokens[0]!, tokens[1]!, { text: '·John', id: 7 }, tokens[3]!])).toEqual({ differing: [2], lengths: [4, 4] });
    expect(align(tokens, tokens.slice(1))).toEqual({ differing: undefined, lengths: [4, 3] });
  });

  it('shows all of a short prompt, and of a long one what is near a difference', () => {
    expect(shownPositions(3, [1])).toEqual([0, 1, 2]);
    expect(shownPositions(100, [50])).toEqual([-1, ...Array.from({ length: 13 }, (_, index) => 44 + index), -1]);
  });

  it('finds an answer by its text, with its space or without', () => {
    expect(answerAmong(suggestions.predictions, ' Mary')).toEqual(mary);
    expect(answerAmong(suggestions.predictions, 'Mary')).toBeUndefined();
    expect(['Mary', '␣Mary', '·Mary', ' Mary'].map((typed) => answerText(typed, suggestions.predictions))).toEqual([' Mary', ' Mary', ' Mary', ' Mary']);
    expect(answerText('↵', [])).toBe('\n');
    expect(plainToken('··a·b')).toBe('  a·b');
  });

  it('leaves the special tokens in front of an answer out', () => {
    expect(ownTokens([tokens[0]!, tokens[2]!], ' Mary')).toEqual([tokens[2]]);
  });

  it('has a title, and is another one when its prompt or answers are', () => {
    expect(questionTitle(asked)).toBe('␣Mary / ␣John');
    expect(questionTitle(emptyQuestion)).toBeUndefined();
    expect(sameQuestion(asked, { ...asked, target: { token: 'other spelling', id: 2 } })).toBe(true);
    expect(sameQuestion(asked, { ...asked, corrupted: 'x' })).toBe(false);
  });

  it.each([['file:///a/b%20c.jsonl', '/a/b c.jsonl'], ['file:///c%3A/p.jsonl', 'c:/p.jsonl'], ['vscode-remote://127.0.0.1:80/w/p.jsonl', '/w/p.jsonl'], ['untitled:Untitled-1', undefined]])('%s lies at %s', (uri, path) => {
    expect(fileOf(uri)).toBe(path);
  });
});

describe('the place', () => {
  it('is kept field by field: what does not hold is as at the start', () => {
    const place = readPlace({ version: 9, tab: 'lens', question: { text: 'a', metric: 'wrong' }, graph: { node: 7, pinned: [1, 2] }, circuit: 3 });
    expect(place.tab).toBe('lens');
    expect(place.question).toMatchObject({ text: 'a', metric: 'logit_diff' });
    expect(place.graph).toMatchObject({ node: 0.8, pinned: [1, 2] });
    expect(place.circuit.method).toBe('eap-ig');
  });

  it.each([undefined, null, 7, 'x', []])('is the start for %j', (kept) => {
    expect(readPlace(kept).tab).toBe('overview');
  });
});

describe('the lens', () => {
  it('has the last layer on top, cells with the top token, coloured by the measure', () => {
    const rows = lensRows(grid, 'probability');
    expect(rows.map(({ name }) => name)).toEqual(['1 resid_post', '0 resid_post', '0 resid_pre']);
    expect(rows[0]!.cells.map(({ text, level }) => [text, level])).toEqual([['When', 0], ['When', 0], ['When', 0], ['␣Mary', 9]]);
    expect(rows[0]!.cells[3]!.title).toContain('rank 1');
  });

  it('colours a low rank, entropy and divergence strongly', () => {
    const level = (measure: 'rank' | 'kl', row: number): number => lensRows(grid, measure)[row]!.cells[3]!.level;
    expect([level('rank', 0), level('rank', 1), level('rank', 2)]).toEqual([9, 3, 2]);
    expect(level('kl', 0)).toBe(9);
  });

  it('draws one position over the layers, the tuned lens beside the logit lens', () => {
    const chart = layerChart(grid, { ...grid, lens: 'tuned' }, 3, 'probability');
    expect(chart.series.map(({ name }) => name)).toEqual(['logit lens', 'tuned lens']);
    expect(Array.from(chart.series[0]!.y, (value) => Math.round(value * 100))).toEqual([1, 20, 90]);
    expect(lensChart(grid, 'rank').values).toHaveLength(12);
  });
});

describe('direct attribution', () => {
  it('shows each part beside itself on the other prompt', () => {
    const rows = contributionRows({ clean: attribution, corrupted: { ...attribution, contributions: [attribution.contributions[1]!] } }, 10);
    expect(rows.map(({ label, value, control, controlText }) => [label, value, control, controlText])).toEqual([['L1H0', 3, undefined, ''], ['L1 MLP', -1, -1, '−1.00']]);
  });

  it('is checked: parts, others and constant are the metric', () => {
    expect(sumHolds({ clean: attribution, corrupted: undefined })).toBe(true);
    expect(sumHolds({ clean: { ...attribution, metric: 5 }, corrupted: undefined })).toBe(false);
  });

  it.each([['a2.h7', 'L2H7'], ['m3', 'L3 MLP'], ['m3.n17', 'L3N17'], ['L2#41', 'L2#41'], ['embed', 'embed']])('%s is called %s', (name, label) => {
    expect(partName(name)).toBe(label);
  });

  it.each([[0.001, '0'], [-0.001, '0'], [2.345, '+2.35'], [-12.34, '−12.3'], [Number.NaN, '–']])('%s is written %s', (value, text) => {
    expect(signedText(value)).toBe(text);
  });

  it.each([['blocks.3.attn.hook_z', '3 z'], ['blocks.0.hook_resid_pre', '0 resid_pre'], ['hook_embed', 'embed'], ['ln_final.hook_scale', 'ln_final.hook_scale']])('%s is labelled %s', (hook, label) => {
    expect(hookLabel(hook)).toBe(label);
  });
});

describe('attention', () => {
  it('finds the pattern of a head by layer and head', () => {
    expect(patternOf(patterns, 1, 1)).toHaveLength(16);
    expect(patternOf(patterns, 2, 0)).toBeUndefined();
  });

  it('leaves cells that a query may not see empty', () => {
    const [, second] = patternRows(patterns, patternOf(patterns, 0, 0)!);
    expect(second!.cells.map(({ text }) => text)).toEqual(['.50', '.50', '', '']);
  });

  it('colours the prompt by where one token looks', () => {
    expect(lookedAt(patterns, patternOf(patterns, 0, 0)!, 1).map(({ level, selected }) => [level, selected])).toEqual([[5, false], [5, true], [0, false], [0, false]]);
  });

  it('names a head by a score that stands out', () => {
    const row = (induction: number) => ({ layer: 1, head: 0, previousToken: 0.1, duplicateToken: 0, induction, first: 0, entropy: 1 });
    const [strong, weak] = headRows({ random: [row(0.9), row(0.2)], text: [row(0.5), row(0.1)] });
    expect(headType(strong!)).toBe('induction');
    expect(headType(weak!)).toBe('');
    expect(strong!.text).toEqual([0.1, 0, 0.5, 0, 1]);
  });

  it('lists composition only above the null, NaN never', () => {
    const scores = Float32Array.from([Number.NaN, 0.5, 0.1, Number.NaN]);
    expect(composedPairs({ layers: 1, heads: 2, scores, nullMean: new Float32Array(4).fill(0.1), nullHigh: new Float32Array(4).fill(0.2) }).map(({ writer, reader }) => [writer, reader])).toEqual([['L0H0', 'L0H1']]);
  });
});

describe('the patterns of all heads', () => {
  it('are drawn also where a query looks ahead of itself', () => {
    const pattern = Float32Array.from([0.01, 0.99, 0.5, 0.5]);
    expect(drawnCells(pattern, 2).map(({ query, key }) => [query, key])).toEqual([[0, 1], [1, 0], [1, 1]]);
  });

  it.each([[8, 300, false], [32, 300, true], [undefined, 300, true], [undefined, 20, false]])('of a model with %s heads and %d tokens are asked for layer by layer: %s', (heads, count, expected) => {
    const inquiry = { session: { model: { layers: 4, heads } }, tokens: Array.from({ length: count }), addController: () => undefined, onQuestion: () => undefined };
    expect(new AttentionWork(inquiry as unknown as Inquiry).byLayer).toBe(expected);
  });
});

describe('a sweep', () => {
  const params = { model: 'm1', prompts: { kind: 'pair', clean: '', corrupted: '', metric: { kind: 'kl' } }, site: 'resid_pre' } as const;

  it('is shares of the way to the other prompt, as the engine normalizes', () => {
    const chart = sweepChart(sweep, params, undefined, undefined);
    expect(Array.from(chart.values)).toEqual(Array.from(sweep.normalized!));
    expect(chart.y.names).toEqual(['0 resid_pre', '1 resid_pre']);
    expect(chart.signed).toBe(true);
  });

  it('goes the other way when noising, and is a change of the metric for ablations', () => {
    expect(Array.from(sweepChart(sweep, { ...params, direction: 'noising' }, undefined, undefined).values).slice(0, 3)).toEqual([1, 1, 0].map((value) => expect.closeTo(value, 6)));
    expect(sweepChart({ ...sweep, normalized: undefined }, { ...params, replacement: 'zero' }, undefined, undefined).values[2]).toBe(0);
  });

  it('takes intervals and control along, on the same scale', () => {
    const chart = sweepChart({ ...sweep, low: sweep.scores, high: sweep.scores }, params, sweep, { hook: 1, at: [2] });
    expect([chart.low![2], chart.high![2], chart.control![2]]).toEqual([1, 1, 1]);
    expect(chart.selected).toEqual({ row: 1, column: 2 });
  });

  it('puts a cell beside all other places', () => {
    expect(amongOthers(sweep, params, { hook: 0, at: [2] })).toMatchObject({ value: 1, median: 0, high: 0.5, rank: 1, of: 8 });
  });

  it('finds the score of every cell, and back, for any axes', () => {
    const three: SweepScores = { ...sweep, hooks: ['a', 'b'], axes: [{ name: 'position', size: 3 }, { name: 'head', size: 2 }, { name: 'key', size: 2 }], scores: new Float32Array(24) };
    expect(layoutOf(three)).toEqual({ columns: 3, rows: 8, inner: [2, 2] });
    const seen = new Set<number>();
    for (let row = 0; row < 8; row++) {
      for (let column = 0; column < 3; column++) {
        const place = placeOf(three, { row, column });
        expect(cellOf(three, place)).toEqual({ row, column });
        expect(scoreIndex(three, { row, column })).toBe(((place.hook * 3 + place.at[0]!) * 2 + place.at[1]!) * 2 + place.at[2]!);
        seen.add(scoreIndex(three, { row, column }));
      }
    }
    expect(seen.size).toBe(24);
  });

  it('without axes has one column', () => {
    const none: SweepScores = { ...sweep, axes: [], scores: Float32Array.from([1, 2]) };
    expect(placeOf(none, { row: 1, column: 0 })).toEqual({ hook: 1, at: [] });
    expect(cellOf(none, { hook: 1, at: [] })).toEqual({ row: 1, column: 0 });
  });

  it.each([[[], 0.5, Number.NaN], [[3], 0.99, 3], [[1, 2, 3, 4], 0.5, 2], [[1, 2, 3, 4], 0.99, 4]])('quantile of %j at %d is %d', (values, share, expected) => {
    expect(quantile(values, share)).toBe(expected);
  });
});

describe('a circuit', () => {
  it('is drawn by layers, slots of a head together, blue for what works for the answer', () => {
    const drawing = circuitDrawing(members);
    const y = new Map(drawing.nodes.map(({ id, y: at }) => [id, at]));
    expect([y.get('input')! > y.get('a0.h0')!, y.get('a0.h0')! > y.get('m0')!, y.get('m0')! > y.get('logits')!]).toEqual([true, true, true]);
    expect(drawing.edges.map(({ from, to, weight }) => [from, to, weight])).toEqual([['m0', 'logits', 3], ['input', 'm0', 2], ['input', 'a0.h0', 1], ['a0.h0', 'm0', -1]]);
  });

  it.each([['a3.h2', 'L3H2', 7], ['m0', 'L0 MLP', 2], ['input', 'input', 0]])('%s is drawn as %s in row %i', (id, label, row) => {
    expect(componentNode(id)).toMatchObject({ label, row });
    expect(ownerOf(`${id}<k>`)).toBe(id);
  });

  it('never overlaps two nodes of a row', () => {
    const drawing = layered(Array.from({ length: 5 }, (_, head) => componentNode(`a1.h${head}`)), []);
    const places = drawing.nodes.map(({ x }) => x).toSorted((a, b) => a - b);
    expect(Math.min(...places.slice(1).map((x, index) => x - places[index]!))).toBeGreaterThan(62);
  });

  it('is written as a drawing in which names are text', () => {
    expect(escapeXml('<a & "b">\u0000')).toBe('&lt;a &amp; &quot;b&quot;&gt;\uFFFD');
    const svg = drawingSvg(layered([{ id: 'x', label: '<script>', row: 0, kind: 'group' }], []), palette);
    expect(svg).toContain('&lt;script&gt;');
    expect(svg).not.toContain('<script');
  });

  it('stands beside its nulls in one chart', () => {
    const { series } = faithfulnessChart({ ...evaluation, heldOut: { faithfulness: 0.8, interval: [0.7, 0.9], random: nulls(0.1, 0.3, 0.02) } });
    expect(series.map(({ role, x }) => [role, x])).toEqual([['main', ['circuit', 'held out', 'all else', 'without top edges']], ['control', ['random', 'same degrees', 'random, held out']]]);
    expect(series[0]!.low).toEqual([0.93, 0.7, 0.05, 0.2]);
    expect(series[1]!.high).toEqual([0.4, 0.5, 0.3]);
  });

  it('holds only above the 99th percentile of random circuits and of those with its degrees, there and on held-out prompts', () => {
    const tested = { ...evaluation, heldOut: { faithfulness: 0.8, interval: undefined, random: nulls(0.1, 0.3, 0.2) } };
    expect(verdict(tested).holds).toBe(true);
    expect(verdict(evaluation).holds).toBe(false);
    expect(verdict({ ...tested, random: nulls(0.5, 0.93, 0.1) }).holds).toBe(false);
    expect(verdict({ ...tested, degreeMatched: { ...nulls(0.9, 0.95, 1), overlap: 0.3 } }).holds).toBe(false);
    expect(verdict({ ...tested, degreeMatched: { ...nulls(0.9, 0.95, 1), overlap: 1 } })).toMatchObject({ holds: true, reasons: expect.arrayContaining([expect.stringContaining('no other circuit')]) as unknown });
    expect(verdict({ ...tested, heldOut: { faithfulness: 0.2, interval: undefined, random: nulls(0.1, 0.3, 0.2) } }).holds).toBe(false);
    expect(verdict({ ...evaluation, rashomon: { avoided: [], faithfulness: 0.9, unique: false } }).reasons.join()).toContain('not unique');
  });

  it('shows estimates beside exact values, and the line of agreement', () => {
    const chart = exactChart(edges)!;
    expect(chart.title).toContain('1.00');
    expect(chart.series[1]).toMatchObject({ role: 'control', joined: true, x: [-3, -2], y: [-3, -2] });
    expect(exactChart({ ...edges, exact: undefined })).toBeUndefined();
  });

  it('shares with another what is counted, beside what chance would share', () => {
    const other = { ...members, edges: members.edges.slice(0, 2) };
    expect(overlapOf(members, other)).toMatchObject({ common: ['m0->logits', 'input->m0'], onlyFirst: ['input->a0.h0<q>', 'a0.h0->m0'], onlySecond: [], jaccard: 0.5, expected: 8 / 6 });
  });
});
