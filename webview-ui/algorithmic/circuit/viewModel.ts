/** From scores and tests of a circuit to charts and rows. Pure. */
import type { CircuitEdges, CircuitEvaluation, CircuitMembers, NullDistribution } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { SeriesChart } from '../../shared/charts/spec.ts';
import { t } from '../../shared/strings.ts';
import { fixed } from '../parts/names.ts';
import { componentNode, layered, ownerOf } from './drawing.ts';
import type { Drawing } from './drawing.ts';

/** How many edges there are to choose from. */
export const edgeCount = ({ exists }: CircuitEdges): number => exists.reduce((sum, one) => sum + one, 0);

/**
 * The circuit drawn over components; edges into the slots of a head are one. A score is the change of the metric when the edge
 * takes the other prompt's value, so an edge that works for the answer has a negative one; drawn is what it does for the answer.
 */
export function circuitDrawing({ edges, nodes }: CircuitMembers): Drawing {
  const together = new Map<string, { from: string; to: string; weight: number }>();
  for (const { sender, receiver, score } of edges) {
    const to = ownerOf(receiver);
    const key = `${sender}→${to}`;
    const known = together.get(key);
    together.set(key, { from: sender, to, weight: (known?.weight ?? 0) - score });
  }
  const ids = new Set([...nodes.map(ownerOf), ...[...together.values()].flatMap(({ from, to }) => [from, to])]);
  return layered([...ids].map(componentNode), [...together.values()]);
}

/** Every test of the circuit; beside them what random circuits reach, the median with the range up to the 99th percentile. */
export function faithfulnessChart({ faithfulness, interval, heldOut, complement, rashomon, random, degreeMatched }: CircuitEvaluation): SeriesChart {
  const tests: readonly (readonly [string, number, (readonly [number, number]) | undefined])[] = [
    [t('circuit'), faithfulness, interval], ...(heldOut === undefined ? [] : [[t('held out'), heldOut.faithfulness, heldOut.interval] as const]),
    [t('all else'), complement, undefined], ...(rashomon === undefined ? [] : [[t('without top edges'), rashomon.faithfulness, undefined] as const]),
  ];
  const nulls: readonly (readonly [string, NullDistribution])[] = [[t('random'), random], [t('same degrees'), degreeMatched], ...(heldOut === undefined ? [] : [[t('random, held out'), heldOut.random] as const])];
  return {
    kind: 'points', title: t('Faithfulness beside its nulls'), x: { title: t('test') }, y: { title: t('faithfulness') },
    series: [
      { name: t('measured'), role: 'main', x: tests.map(([name]) => name), y: tests.map(([, value]) => value), low: tests.map(([, value, ends]) => ends?.[0] ?? value), high: tests.map(([, value, ends]) => ends?.[1] ?? value) },
      { name: t('random circuits, median … 99 %'), role: 'control', x: nulls.map(([name]) => name), y: nulls.map(([, { p50 }]) => p50), low: nulls.map(([, { p50 }]) => p50), high: nulls.map(([, { p99 }]) => p99) },
    ],
  };
}

/** Faithfulness over the number of edges, random circuits of the same sizes muted. */
export function curveChart({ curve }: CircuitEvaluation): SeriesChart | undefined {
  if (curve === undefined) return undefined;
  return {
    kind: 'lines', title: t('Faithfulness by size (area {0}, random {1})', fixed(curve.area), fixed(curve.randomArea)), x: { title: t('edges') }, y: { title: t('faithfulness') },
    series: [{ name: t('best edges'), role: 'main', x: curve.edges, y: curve.faithfulness }, { name: t('random edges'), role: 'control', x: curve.edges, y: curve.random }],
  };
}

/** Estimates beside exact values; the muted line is where they would agree. */
export function exactChart({ exact }: CircuitEdges): SeriesChart | undefined {
  if (exact === undefined || exact.edges.length === 0) return undefined;
  const all = [...exact.estimate, ...exact.exact];
  const ends = [Math.min(...all), Math.max(...all)];
  return {
    kind: 'points', title: exact.rankCorrelation === undefined ? t('Estimate against exact') : t('Estimate against exact (rank correlation {0})', fixed(exact.rankCorrelation)), x: { title: t('exact') }, y: { title: t('estimate') },
    series: [{ name: t('edges'), role: 'main', x: exact.exact, y: exact.estimate, labels: exact.edges }, { name: t('agreement'), role: 'control', joined: true, x: ends, y: ends }],
  };
}

/** What the tests say together, in a sentence with its numbers. It holds when it beats both nulls, and its own again on prompts that it was not chosen on. */
export function verdict({ faithfulness, random, degreeMatched, heldOut, rashomon }: CircuitEvaluation): { readonly holds: boolean; readonly reasons: readonly string[] } {
  const better = faithfulness > random.p99;
  // Where the degrees leave hardly another circuit, those that have them are this one over again.
  const sameOverAgain = degreeMatched.overlap > 0.9;
  const beyondDegrees = faithfulness > degreeMatched.p99;
  const kept = heldOut !== undefined && heldOut.faithfulness > heldOut.random.p99;
  return {
    holds: better && (beyondDegrees || sameOverAgain) && kept,
    reasons: [
      better ? t('keeps {0} of the behaviour, more than 99 % of random circuits ({1})', fixed(faithfulness), fixed(random.p99)) : t('keeps {0} of the behaviour, which random circuits do as well ({1})', fixed(faithfulness), fixed(random.p99)),
      sameOverAgain ? t('its degrees leave no other circuit to compare with') : beyondDegrees ? t('more than random ones with the same degrees ({0})', fixed(degreeMatched.p99)) : t('not more than random ones with the same degrees ({0})', fixed(degreeMatched.p99)),
      heldOut === undefined ? t('not tested on held-out prompts') : kept ? t('holds on held-out prompts ({0})', fixed(heldOut.faithfulness)) : t('does not hold on held-out prompts ({0})', fixed(heldOut.faithfulness)),
      ...(rashomon === undefined ? [] : [rashomon.unique ? t('unique: none without its top edges does as well ({0})', fixed(rashomon.faithfulness)) : t('not unique: one without its top edges does as well ({0})', fixed(rashomon.faithfulness))]),
    ],
  };
}
