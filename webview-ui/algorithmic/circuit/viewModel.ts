/** From scores and tests of a circuit to charts and rows. Pure. */
import type { CircuitEdges, CircuitEvaluation, CircuitMembers, NullDistribution } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { SeriesChart } from '../../shared/charts/spec.ts';
import { t } from '../../shared/strings.ts';
import { componentNode, layered, ownerOf } from './drawing.ts';
import type { Drawing } from './drawing.ts';

/** How many edges there are to choose from. */
export const edgeCount = ({ exists }: CircuitEdges): number => exists.reduce((sum, one) => sum + one, 0);

/** The circuit drawn over components; edges into the slots of a head are one. */
export function circuitDrawing({ edges, nodes }: CircuitMembers): Drawing {
  const together = new Map<string, { from: string; to: string; weight: number }>();
  for (const { sender, receiver, score } of edges) {
    const to = ownerOf(receiver);
    const key = `${sender}→${to}`;
    const known = together.get(key);
    together.set(key, { from: sender, to, weight: (known?.weight ?? 0) + score });
  }
  const ids = new Set([...nodes.map(ownerOf), ...[...together.values()].flatMap(({ from, to }) => [from, to])]);
  return layered([...ids].map(componentNode), [...together.values()]);
}

/** Each test of the circuit beside its nulls: median with the range up to the 99th percentile. */
export function faithfulnessChart(value: CircuitEvaluation): SeriesChart {
  const tests: { readonly name: string; readonly value: number; readonly interval: readonly [number, number] | undefined; readonly nulls: readonly [string, NullDistribution][] }[] = [
    { name: t('circuit'), value: value.faithfulness, interval: value.interval, nulls: [[t('random circuits'), value.random], [t('random, same degrees'), value.degreeMatched]] },
    ...(value.heldOut === undefined ? [] : [{ name: t('held-out prompts'), value: value.heldOut.faithfulness, interval: value.heldOut.interval, nulls: [[t('random circuits'), value.heldOut.random]] as [string, NullDistribution][] }]),
    { name: t('everything else'), value: value.complement, interval: undefined, nulls: [] },
    ...(value.rashomon === undefined ? [] : [{ name: t('best without its top edges'), value: value.rashomon.faithfulness, interval: undefined, nulls: [] }]),
  ];
  const names = tests.map(({ name }) => name);
  const nullSeries = (which: number) => {
    const rows = tests.flatMap(({ name, nulls }) => (nulls[which] === undefined ? [] : [{ name, label: nulls[which][0], distribution: nulls[which][1] }]));
    return rows.length === 0 ? [] : [{
      name: which === 0 ? t('random circuits (median … 99 %)') : t('same degrees (median … 99 %)'), role: 'control' as const, x: rows.map(({ name }) => name), y: rows.map(({ distribution }) => distribution.p50),
      low: rows.map(({ distribution }) => distribution.p50), high: rows.map(({ distribution }) => distribution.p99),
    }];
  };
  return {
    kind: 'points', title: t('Faithfulness beside its nulls'), x: { title: '' }, y: { title: t('faithfulness') },
    series: [
      { name: t('measured'), role: 'main', x: names, y: tests.map(({ value: measured }) => measured), low: tests.map(({ value: measured, interval }) => interval?.[0] ?? measured), high: tests.map(({ value: measured, interval }) => interval?.[1] ?? measured) },
      ...nullSeries(0), ...nullSeries(1),
    ],
  };
}

/** Faithfulness over the number of edges, random circuits of the same sizes muted. */
export function curveChart({ curve }: CircuitEvaluation): SeriesChart | undefined {
  if (curve === undefined) return undefined;
  return {
    kind: 'lines', title: t('Faithfulness by size (area {0}, random {1})', curve.area.toFixed(2), curve.randomArea.toFixed(2)), x: { title: t('edges') }, y: { title: t('faithfulness') },
    series: [{ name: t('best edges'), role: 'main', x: curve.edges, y: curve.faithfulness }, { name: t('random edges'), role: 'control', x: curve.edges, y: curve.random }],
  };
}

/** Estimates beside exact values; the muted line is where they would agree. */
export function exactChart({ exact }: CircuitEdges): SeriesChart | undefined {
  if (exact === undefined || exact.edges.length === 0) return undefined;
  const all = [...exact.estimate, ...exact.exact];
  const ends = [Math.min(...all), Math.max(...all)];
  return {
    kind: 'points', title: exact.rankCorrelation === undefined ? t('Estimate against exact') : t('Estimate against exact (rank correlation {0})', exact.rankCorrelation.toFixed(2)), x: { title: t('exact') }, y: { title: t('estimate') },
    series: [{ name: t('edges'), role: 'main', x: exact.exact, y: exact.estimate, labels: exact.edges }, { name: t('agreement'), role: 'control', x: ends, y: ends }],
  };
}

/** What the tests say together, in a sentence with its numbers. */
export function verdict({ faithfulness, random, degreeMatched, heldOut, rashomon }: CircuitEvaluation): { readonly holds: boolean; readonly reasons: readonly string[] } {
  const high = Math.max(random.p99, degreeMatched.p99);
  const reasons = [
    faithfulness > high ? t('beats the 99th percentile of random circuits ({0} > {1})', faithfulness.toFixed(2), high.toFixed(2)) : t('is not better than random circuits ({0} ≤ {1})', faithfulness.toFixed(2), high.toFixed(2)),
    ...(heldOut === undefined ? [t('not tested on held-out prompts')] : [heldOut.faithfulness > heldOut.random.p99 ? t('holds on held-out prompts ({0})', heldOut.faithfulness.toFixed(2)) : t('does not hold on held-out prompts ({0})', heldOut.faithfulness.toFixed(2))]),
    ...(rashomon === undefined ? [] : [rashomon.unique ? t('no circuit without its top edges does as well ({0})', rashomon.faithfulness.toFixed(2)) : t('not unique: another circuit does as well ({0})', rashomon.faithfulness.toFixed(2))]),
  ];
  return { holds: faithfulness > high && (heldOut === undefined || heldOut.faithfulness > heldOut.random.p99), reasons };
}
