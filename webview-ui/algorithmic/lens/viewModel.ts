/** From lens grids and direct attributions to rows, cells and charts. Pure. */
import type { DirectContribution, LensGrid } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { HeatmapChart, SeriesChart } from '../../shared/charts/spec.ts';
import type { BarRow } from '../../shared/components/bars.ts';
import { levelOf } from '../../shared/heat.ts';
import { probabilityText, visibleToken } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import type { GridRow } from '../parts/heatGrid.ts';
import { hookLabel, positionLabels, signedText } from '../parts/names.ts';
import type { Attribution } from './lensWork.ts';

export type Measure = 'probability' | 'rank' | 'entropy' | 'kl';

/** The value of a measure, and how strongly it colours: what speaks for the target is strong. */
function measured(grid: LensGrid, measure: Measure, index: number): { readonly value: number; readonly share: number } {
  switch (measure) {
    case 'probability': return { value: grid.targetProbability[index]!, share: grid.targetProbability[index]! };
    case 'rank': return { value: grid.targetRank[index]!, share: 1 / grid.targetRank[index]! };
    case 'entropy': return { value: grid.entropy[index]!, share: 1 / (1 + grid.entropy[index]!) };
    case 'kl': return { value: grid.klToOutput[index]!, share: 1 / (1 + grid.klToOutput[index]!) };
  }
}

export function measureName(measure: Measure): string {
  switch (measure) {
    case 'probability': return t('probability of the target');
    case 'rank': return t('rank of the target');
    case 'entropy': return t('entropy, nats');
    case 'kl': return t('KL to the output, nats');
  }
}

/** Rows from the last layer down, a cell for each position: the top token, coloured by the measure. */
export function lensRows(grid: LensGrid, measure: Measure): GridRow[] {
  const positions = grid.tokens.length;
  return grid.hooks.map((hook, row) => ({
    name: hookLabel(hook),
    cells: Array.from({ length: positions }, (_, position) => {
      const index = row * positions + position;
      const { share } = measured(grid, measure, index);
      const top = tokenText(grid, grid.topIds[index * grid.top]!);
      return { text: top, level: levelOf(share < 0.02 ? 0 : share, 1), title: cellTitle(grid, row, position) };
    }),
  })).toReversed();
}

/** Where a cell of `lensRows` lies in the grid. */
export const hookOfRow = (grid: LensGrid, row: number): number => grid.hooks.length - 1 - row;

function cellTitle(grid: LensGrid, hook: number, position: number): string {
  const index = hook * grid.tokens.length + position;
  const target = visibleToken(tokenText(grid, grid.targets[position]!));
  return [
    `${hookLabel(grid.hooks[hook]!)} · ${position} ${visibleToken(grid.tokens[position]!.text)}`, `${tokenText(grid, grid.topIds[index * grid.top]!)} ${probabilityText(grid.topProbabilities[index * grid.top]!)}`,
    `${target} ${probabilityText(grid.targetProbability[index]!)} ${t('rank {0}', grid.targetRank[index]!)}`, t('entropy {0}', grid.entropy[index]!.toFixed(2)), t('KL {0}', grid.klToOutput[index]!.toFixed(2)),
  ].join(' · ');
}

const textsOf = new WeakMap<LensGrid, ReadonlyMap<number, string>>();

function tokenText(grid: LensGrid, id: number): string {
  const texts = textsOf.get(grid) ?? new Map(grid.texts);
  textsOf.set(grid, texts);
  return visibleToken(texts.get(id) ?? `#${id}`);
}

export interface TopRow {
  readonly token: string;
  readonly probability: number;
}

export function topTokens(grid: LensGrid, hook: number, position: number): TopRow[] {
  const from = (hook * grid.tokens.length + position) * grid.top;
  return Array.from({ length: grid.top }, (_, place) => ({ token: tokenText(grid, grid.topIds[from + place]!), probability: grid.topProbabilities[from + place]! }));
}

/** The measure as a chart with all numbers: for files, and for grids too large to read. */
export function lensChart(grid: LensGrid, measure: Measure): HeatmapChart {
  const size = grid.hooks.length * grid.tokens.length;
  return {
    kind: 'heatmap', title: t('Lens: {0}', measureName(measure)), signed: false, valueTitle: measureName(measure),
    x: { title: t('position'), names: positionLabels(grid.tokens) }, y: { title: t('layer'), names: grid.hooks.map(hookLabel) },
    values: Float32Array.from({ length: size }, (_, index) => measured(grid, measure, index).value),
  };
}

/** The likeliest token of each cell, in the order of the chart's values. */
export function cellTexts(grid: LensGrid): string[] {
  return Array.from({ length: grid.hooks.length * grid.tokens.length }, (_, index) => tokenText(grid, grid.topIds[index * grid.top]!));
}

/** The contributions as a chart, for files. */
export function attributionChart({ clean, corrupted }: Attribution, most: number): SeriesChart {
  const shown = clean.contributions.slice(0, most);
  const other = new Map(corrupted?.contributions.map(({ name, contribution }) => [name, contribution]));
  const x = shown.map(({ name }) => partName(name));
  return {
    kind: 'bars', title: t('Direct contributions'), x: { title: t('part') }, y: { title: t('contribution') },
    series: [{ name: t('this prompt'), role: 'effect', x, y: shown.map(({ contribution }) => contribution) }, ...(corrupted === undefined ? [] : [{ name: t('on the other prompt'), role: 'control' as const, x, y: shown.map(({ name }) => other.get(name) ?? Number.NaN) }])],
  };
}

/** One position over the layers: the logit lens, beside it the tuned one. */
export function layerChart(grid: LensGrid, tuned: LensGrid | undefined, position: number, measure: Measure): SeriesChart {
  const series = (lens: LensGrid, name: string, role: 'main' | 'category') => ({
    name, role, x: lens.hooks.map(hookLabel), y: lens.hooks.map((_, hook) => measured(lens, measure, hook * lens.tokens.length + position).value),
  });
  return {
    kind: 'lines', title: t('{0} at position {1}', measureName(measure), position), x: { title: t('layer') }, y: { title: measureName(measure) },
    series: [series(grid, t('logit lens'), 'main'), ...(tuned === undefined ? [] : [series(tuned, t('tuned lens'), 'category')])],
  };
}

/** Contributions as bars, each with that of the same part on the other prompt as control. */
export function contributionRows({ clean, corrupted }: Attribution, most: number): BarRow[] {
  const other = new Map(corrupted?.contributions.map(({ name, contribution }) => [name, contribution]));
  return clean.contributions.slice(0, most).map(({ name, contribution }) => {
    const control = other.get(name);
    return { label: partName(name), value: contribution, text: signedText(contribution), control, controlText: control === undefined ? '' : signedText(control) };
  });
}

/** `L2H5`, `L1 MLP` beside the engine's own name. */
export function partName(name: string): string {
  const head = /^a(\d+)\.h(\d+)$/.exec(name);
  if (head !== null) return `L${head[1]}H${head[2]}`;
  const mlp = /^m(\d+)(?:\.n(\d+))?$/.exec(name);
  if (mlp !== null) return mlp[2] === undefined ? `L${mlp[1]} MLP` : `L${mlp[1]}N${mlp[2]}`;
  return name;
}

/** Whether the parts add up to the metric, to rounding of 32-bit sums. */
export function sumHolds({ clean }: Attribution): boolean {
  const listed = clean.contributions.reduce((sum, { contribution }) => sum + contribution, 0);
  const size = clean.contributions.reduce((sum, { contribution }: DirectContribution) => sum + Math.abs(contribution), Math.abs(clean.metric) + 1);
  return Math.abs(listed + clean.unlisted.sum + clean.constant - clean.metric) <= 1e-4 * size;
}
