import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bandKinds, bandsOf, histogramChart, neighbourRows, reasons, strongest, warningText } from '../../webview-ui/semantic/model/card.ts';
import { metricRows, tradeoffChart } from '../../webview-ui/semantic/model/dictionary.ts';
import { actionOf, dialOf, exampleText, firstValue, lossScale, verdict } from '../../webview-ui/semantic/model/effect.ts';
import { harvestRequest, usedStore } from '../../webview-ui/semantic/model/harvest.ts';
import { PointGrid, inside, mapTells, neighbourByKey, panned, toMap, toScreen, wholeMap, zoomed } from '../../webview-ui/semantic/model/map.ts';
import { filters, firstPlace, parsePlace, tableRequest } from '../../webview-ui/semantic/model/place.ts';
import { curveChart, firstForm, formProblems, trainRequest, trainableHooks } from '../../webview-ui/semantic/model/train.ts';
import { textOfTokens } from '../../webview-ui/shared/notation.ts';
import { gradeDots, scoreText, shareText, signedText } from '../../webview-ui/semantic/model/words.ts';
import { paramsSchemas } from '../../src/protocol/methods.ts';
import * as v from 'valibot';
import { model } from './fakeHost.ts';
import { answers, card, effect, store } from './semanticData.ts';

const size = { width: 400, height: 300 };

describe('the map', () => {
  it('finds the point under the pointer as a search of all points does', () => {
    const coordinate = fc.float({ min: -1, max: 1, noNaN: true });
    fc.assert(fc.property(fc.array(fc.tuple(coordinate, coordinate), { maxLength: 60 }), fc.tuple(coordinate, coordinate), fc.float({ min: Math.fround(0.01), max: 1, noNaN: true }), (list, at, radius) => {
      const points = Float32Array.from(list.flat());
      const found = new PointGrid(points).nearest(at, radius);
      const distance = (index: number): number => Math.hypot(points[2 * index]! - at[0], points[2 * index + 1]! - at[1]);
      const best = Math.min(Infinity, ...list.map((_, index) => distance(index)));
      expect(found === undefined ? Infinity : distance(found)).toBe(best <= radius ? best : Infinity);
    }));
  });

  it('goes to the screen and back, and zooms around the pointer', () => {
    const pointer = [120, 80] as const;
    const camera = panned(zoomed(wholeMap, 4, pointer, size), [30, -10], size);
    const [x, y] = toMap(pointer, camera, size);
    expect(toScreen([x, y], camera, size)[0]).toBeCloseTo(120, 9);
    const closer = zoomed(camera, 2, pointer, size);
    expect(toMap(pointer, closer, size)[0]).toBeCloseTo(x, 9);
    expect(toMap(pointer, closer, size)[1]).toBeCloseTo(y, 9);
    expect(zoomed(camera, 0.001, pointer, size)).toEqual(wholeMap);
  });

  it('takes what is inside the lasso, also of a bent one', () => {
    const points = Float32Array.of(0, 0, 0.9, 0.9, 0.5, -0.5, 0.1, 0.6);
    expect(inside(points, [[-0.2, -0.2], [0.2, -0.2], [0.2, 0.2], [-0.2, 0.2]])).toEqual([0]);
    expect(inside(points, [[-1, -1], [1, -1], [1, 1], [0.8, 1], [0.8, 0], [-1, 0]])).toEqual([1, 2]);
    expect(inside(points, [[0, 0], [1, 1]])).toEqual([]);
  });

  it('moves by arrows to the nearest point that way', () => {
    const points = Float32Array.of(0, 0, 0.3, 0.1, 0.2, 0.9, -0.4, 0, 0.9, 0);
    expect(neighbourByKey(points, 0, 'ArrowRight')).toBe(1);
    expect(neighbourByKey(points, 0, 'ArrowUp')).toBe(2);
    expect(neighbourByKey(points, 0, 'ArrowLeft')).toBe(3);
    expect(neighbourByKey(points, 0, 'ArrowDown')).toBeUndefined();
    expect(neighbourByKey(points, 0, 'x')).toBeUndefined();
  });
});

it.each([[0.012, 0.01, false], [0.2, 0.19, false], [0.2, 0.08, true]])('a map that keeps %d of the neighbours, where a random one keeps %d, tells something: %s', (preserved, randomPreserved, tells) => {
  expect(mapTells({ preserved, randomPreserved })).toBe(tells);
});

it('the text behind tokens has its spaces, line ends and split characters again', () => {
  expect(textOfTokens(['When', '·Mary', '↵', '⇥x', '·\\xF0\\x9F', '\\x9A\\x80', ' as text'])).toBe('When Mary\n\tx 🚀 as text');
});

describe('the place', () => {
  it('is kept whatever part of it is broken', () => {
    expect(parsePlace({ v: 1, feature: -3, sort: { by: 'constructor', descending: true }, search: 'x', band: 'zero', query: { kind: 'similar' } })).toEqual({ ...firstPlace, search: 'x', band: 'zero' });
    for (const kept of [undefined, null, 7, {}, { v: 2 }]) expect(parsePlace(kept)).toEqual(firstPlace);
  });

  it.each(filters)('asks for rows in the protocol’s words: %s', (filter) => {
    const request = tableRequest({ model: 'm', dictionary: 'd', store: 's' }, { ...firstPlace, filter, query: { kind: 'set', features: [1, 2], name: 'x' } }, 200, 100);
    expect(v.safeParse(paramsSchemas['semantic.features'], request).success).toBe(true);
    expect(request).toMatchObject({ offset: 200, filter: { features: [1, 2] } });
  });
});

describe('a card', () => {
  it('takes a claim for good only if it clearly beats its controls', () => {
    const score = card(7).row.label!.score!;
    expect(reasons(score, undefined).map(({ holds }) => holds)).toEqual([true, true]);
    expect(reasons({ ...score, wrongLabel: 0.8 }, undefined)[0]!.holds).toBe(false);
    expect(reasons({ ...score, shuffled: 0.8 }, undefined)[0]!.holds).toBe(false);
    expect(reasons(undefined, undefined)).toEqual([]);
  });

  it('has bands, quantiles from the strongest, all on one scale', () => {
    expect(bandKinds(card(7))).toEqual([{ kind: 'top', count: 3 }, { kind: 'quantile', count: 2 }, { kind: 'random', count: 1 }, { kind: 'zero', count: 1 }]);
    expect(bandsOf(card(7), 'quantile').map(({ title }) => title)).toEqual(['80 %–100 % of the activations: 3.0 to 6.2', '0 %–20 % of the activations: 0.010 to 0.60']);
    expect(strongest(bandsOf(card(7), 'top'))).toBe(6.2);
  });

  it('draws no empty bin on a logarithmic axis', () => {
    const { histogram } = card(7);
    const { series } = histogramChart({ ...card(7), histogram: { ...histogram, counts: [5, 0, 3, ...histogram.counts.slice(3).map(() => 0)] } });
    expect(Array.from(series[0]!.y)).toEqual([5, 3]);
  });

  it('lists each neighbour once, with its warning', () => {
    const rows = neighbourRows({ ...card(7), coactive: [{ feature: 12, topTokens: [], cosine: 0.71, jaccard: 0.33, given: 0.5, expected: 0.02 }] });
    expect(rows.map(({ feature, warning }) => [feature, warning])).toEqual([[12, 'splitting'], [52, undefined]]);
    expect(rows[0]!.control).toBe('random cos .28 · by chance 2.0 %');
    expect(warningText({ kind: 'absorption', feature: 3, cosine: 0.6, jaccard: 0 })).toContain('Perhaps absorbed');
  });
});

describe('an effect', () => {
  it.each([['ablate', 6.2, undefined], ['steer', 6.2, { from: -3, to: 3, step: 0.25 }], ['clamp', 6.2, { from: -6.2, to: 12.4, step: 0.1 }]] as const)('%s has its range', (kind, max, dial) => {
    const found = dialOf(kind, max);
    if (dial === undefined) expect(found).toBeUndefined();
    else for (const end of ['from', 'to', 'step'] as const) expect(found![end]).toBeCloseTo(dial[end], 9);
  });

  it('begins with something to see, on the strongest example', () => {
    expect(actionOf('clamp', firstValue('clamp', 6.2))).toEqual({ kind: 'clamp', value: 12.4 });
    expect(actionOf('ablate', 0)).toEqual({ kind: 'ablate' });
    expect(dialOf('clamp', 0)).toMatchObject({ from: -1, to: 2 });
    expect(exampleText(card(7))).toBe('When Mary');
    expect(exampleText({ ...card(7), bands: [] })).toBe('');
    const [top] = card(7).bands;
    expect(exampleText({ ...card(7), bands: [{ ...top!, examples: [{ ...top!.examples[0]!, tokens: ['end', '.', '<eos>', '·So', '·Mary', '·said'], peak: 4 }] }] })).toBe('So Mary');
  });

  it('claims nothing that a random direction does as well', () => {
    expect(verdict(effect)).toContain('18 times');
    expect(verdict({ ...effect, random: { ...effect.random, kl: 0.5 } })).toContain('(1.8 times): no evidence');
    expect(verdict({ ...effect, norm: 0 })).toContain('Nothing is changed');
  });

  it('scales losses by the largest, passing over first tokens', () => {
    expect(lossScale({ rows: [{ tokens: [], delta: Float32Array.of(Number.NaN, 0.5, -2), random: new Float32Array(3), activations: new Float32Array(3) }], mean: 0, randomMean: 0 })).toBe(2);
  });
});

describe('training', () => {
  const form = firstForm(model);

  it('is offered on whole vectors of the model only, the middle layer first', () => {
    expect(trainableHooks(model)).toEqual(['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post', 'blocks.1.hook_mlp_out', 'blocks.2.hook_resid_post']);
    expect(form).toMatchObject({ hook: 'blocks.1.hook_resid_post', latents: '512', architecture: 'topk' });
  });

  it.each([
    [{}, []], [{ latents: '0' }, ['latents', 'k']], [{ latents: '1e3x' }, ['latents']], [{ k: '600' }, ['k']], [{ steps: '1.5' }, ['steps']], [{ architecture: 'jumprelu', sparsity: '' }, ['sparsity']], [{ architecture: 'jumprelu', k: 'x' }, []], [{ hook: '' }, ['hook']],
  ] as const)('says what is wrong: %j', (change, fields) => {
    expect(formProblems({ ...form, ...change }).map(({ field }) => field)).toEqual(fields);
  });

  it.each(['topk', 'jumprelu'] as const)('asks in the protocol’s words: %s', (architecture) => {
    const request = trainRequest({ ...form, architecture }, 'm', 'job', 'folder');
    expect(v.safeParse(paramsSchemas['semantic.train'], request).success).toBe(true);
    expect('k' in request).toBe(architecture === 'topk');
  });

  it('draws its curves from the reports', () => {
    const report = (step: number) => ({ step, steps: 10, loss: 1 / (step + 1), fvu: 1, l0: 16, dead: 3, tokensPerSecond: 1 });
    expect(curveChart([report(0), report(1)], 'loss').series[0]).toMatchObject({ x: [0, 1], y: [1, 0.5] });
  });
});

describe('harvests', () => {
  it('ask in the protocol’s words', () => {
    const request = harvestRequest('m', model.dictionaries[0]!, 'ws/stores', ['dir'], 1000);
    expect(request).toMatchObject({ dictionary: 'd1', folder: 'ws/stores', maxTokens: 1000 });
    expect(v.safeParse(paramsSchemas['semantic.harvest'], request).success).toBe(true);
  });

  it('are looked at: the chosen store, else a complete one, else one that is being made', () => {
    const partial = { ...store, store: 'b', complete: false };
    expect(usedStore([partial, store], undefined, undefined)).toBe('zoo/store');
    expect(usedStore([partial, store], 'b', undefined)).toBe('b');
    expect(usedStore([partial, store], 'gone', undefined)).toBe('zoo/store');
    const job = { id: 'h', method: 'semantic.harvest', params: {}, state: 'running', history: [] } as const;
    const progress = { stage: 'running', done: 1, of: 2, tokensPerSecond: 1, rowsReady: 0, store: 'new' };
    expect(usedStore([], undefined, { ...job, progress })).toBeUndefined();
    expect(usedStore([], undefined, { ...job, progress: { ...progress, rowsReady: 5 } })).toBe('new');
  });
});

describe('a dictionary', () => {
  it('lists what is known in its order, then the rest; what is no number is a dash', () => {
    const rows = metricRows({ strange: { value: Number.NaN, low: Number.NaN, high: Number.NaN }, fvu: { value: 0.1123, low: 0.1, high: 0.12 }, l0: { value: 16.04, low: 15.8, high: 16.2 } });
    expect(rows.map(({ name, value, interval }) => [name, value, interval])).toEqual([['L0', '16.0', '15.8 … 16.2'], ['FVU', '0.112', '0.100 … 0.120'], ['strange', '–', '–']]);
  });

  it('stands out among the model’s others', () => {
    const page = answers['semantic.dictionary']!(undefined as never, () => undefined, new AbortController().signal) as Parameters<typeof tradeoffChart>[0];
    expect(tradeoffChart(page, 'd2', 'fvu').series.map(({ role, name }) => [role, name])).toEqual([['main', 'this dictionary'], ['category', 'hook_resid_post']]);
  });
});

it.each([[0, '0 %'], [0.021, '2.1 %'], [0.5, '50 %'], [0.00012, '0.012 %'], [1e-7, '< .001 %']])('writes the share %d', (share, text) => {
  expect(shareText(share)).toBe(text);
});

it('writes scores, grades and signs', () => {
  expect([scoreText(0.934), scoreText(0.999), scoreText(-0.5), scoreText(undefined), scoreText(Number.NaN)]).toEqual(['.93', '1.0', '-.50', '–', '–']);
  expect([gradeDots(0), gradeDots(3), gradeDots(9)]).toEqual(['○○○○', '●●●○', '●●●●']);
  expect([signedText(2.14), signedText(-0.5), signedText(0)]).toEqual(['+2.1', '−0.50', '0.0']);
});
