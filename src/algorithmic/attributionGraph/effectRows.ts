/** Rows of direct effects as they come in, kept sparse, and the choice of the features whose rows come next. */
import { MechanistError } from '../../engine/errors.ts';
import type { Columns } from './sources.ts';

/** Nonzero effects of a row: columns ascending. */
export interface SparseRow {
  readonly columns: Uint32Array;
  readonly weights: Float32Array;
}

export class EffectRows {
  readonly logits: SparseRow[] = [];
  private readonly columns: Columns;
  private readonly layerOf: Int32Array;
  private readonly probabilities: readonly number[];
  private readonly byFeature = new Map<number, SparseRow>();
  private readonly maxEdges: number;
  private edges = 0;

  /** `layerOf`: layer of each feature column. `probabilities`: weight of each logit. */
  constructor(columns: Columns, layerOf: Int32Array, probabilities: readonly number[], maxEdges: number) {
    this.columns = columns;
    this.layerOf = layerOf;
    this.probabilities = probabilities;
    this.maxEdges = maxEdges;
  }

  /** Number of features that have a row. */
  get features(): number {
    return this.byFeature.size;
  }

  /** Errors: `memory` above the largest number of edges. */
  addLogit(target: number, effects: Float32Array): void {
    this.logits[target] = this.counted(sparse(effects));
  }

  /** Errors: as `addLogit`. */
  addFeature(feature: number, effects: Float32Array): void {
    this.byFeature.set(feature, this.counted(sparse(effects)));
  }

  feature(feature: number): SparseRow {
    return this.byFeature.get(feature)!;
  }

  /** Features that have a row, ascending. */
  selected(): Uint32Array {
    return Uint32Array.from(this.byFeature.keys()).sort();
  }

  /** The `count` features without a row that influence the logits most, as far as the rows known so far tell; ties by order. */
  nextFeatures(count: number): number[] {
    const open = Array.from({ length: this.columns.features }, (_, feature) => feature).filter((feature) => !this.byFeature.has(feature));
    if (open.length <= count) return open;
    const influence = this.influence();
    return open.sort((a, b) => influence[b]! - influence[a]! || a - b).slice(0, count);
  }

  private counted(row: SparseRow): SparseRow {
    this.edges += row.columns.length;
    if (this.edges > this.maxEdges) {
      throw new MechanistError('memory', `The graph has more than ${this.maxEdges} edges after ${this.byFeature.size} features.`, { hint: 'Take fewer features, or shorten the prompt.' });
    }
    return row;
  }

  /** Influence through the known rows. Later layers first: a row's own influence is complete before it is passed on. */
  private influence(): Float64Array {
    const influence = new Float64Array(this.columns.total);
    const pass = ({ columns, weights }: SparseRow, arriving: number): void => {
      let sum = 0;
      for (const weight of weights) sum += Math.abs(weight);
      const factor = arriving / Math.max(sum, 1e-8);
      columns.forEach((column, i) => (influence[column]! += factor * Math.abs(weights[i]!)));
    };
    this.logits.forEach((row, i) => pass(row, this.probabilities[i]!));
    const known = [...this.byFeature.keys()].toSorted((a, b) => this.layerOf[b]! - this.layerOf[a]!);
    for (const feature of known) pass(this.byFeature.get(feature)!, influence[feature]!);
    return influence;
  }
}

function sparse(row: Float32Array): SparseRow {
  let count = 0;
  for (const weight of row) if (weight !== 0) count++;
  const columns = new Uint32Array(count);
  const weights = new Float32Array(count);
  let at = 0;
  row.forEach((weight, column) => {
    if (weight === 0) return;
    columns[at] = column;
    weights[at++] = weight;
  });
  return { columns, weights };
}
