/** The table of all features: sorted, filtered and searched without touching their examples. */
import type { FeatureLabel, Labels } from '../labels/labelFile.ts';
import type { FeatureStore } from '../store/store.ts';
import { identifiedFrom } from '../store/truth.ts';

export interface TruthMatch {
  readonly variable: string;
  readonly question: string;
  readonly auroc: number;
  readonly shuffledAuroc: number;
}

export interface FeatureRow {
  readonly feature: number;
  readonly label?: FeatureLabel;
  readonly density: number;
  readonly max: number;
  readonly mean: number;
  readonly share: number;
  readonly topTokens: readonly string[];
  readonly truth?: TruthMatch;
  readonly grade: number;
}

export type SortKey = 'feature' | 'label' | 'density' | 'max' | 'mean' | 'share' | 'detection' | 'truth' | 'grade';

export interface TableQuery {
  readonly sort: { readonly by: SortKey; readonly descending: boolean };
  readonly filter: {
    readonly labelled?: boolean | undefined;
    readonly dead?: boolean | undefined;
    readonly identified?: boolean | undefined;
    readonly minDensity?: number | undefined;
    readonly maxDensity?: number | undefined;
    readonly minMax?: number | undefined;
    readonly minGrade?: number | undefined;
    readonly features?: readonly number[] | undefined;
  };
  readonly search: string;
  readonly grades: readonly { readonly feature: number; readonly grade: number }[];
  readonly offset: number;
  readonly limit: number;
}

export class FeatureTable {
  readonly store: FeatureStore;
  readonly labels: Labels;
  readonly tokenText: (id: number) => string;
  private texts: string[] | undefined;
  private readonly orders = new Map<string, Uint32Array>();

  /** `tokenText` shows a token; called once per id and row. */
  constructor(store: FeatureStore, labels: Labels, tokenText: (id: number) => string) {
    this.store = store;
    this.labels = labels;
    this.tokenText = tokenText;
  }

  query({ sort, filter, search, grades, offset, limit }: TableQuery): { rows: FeatureRow[]; total: number; unfiltered: number } {
    const gradeOf = new Map(grades.map(({ feature, grade }) => [feature, grade]));
    const chosen = filter.features === undefined ? undefined : new Set(filter.features);
    const matches = this.searcher(search);
    const { fired, max, truth } = this.store.overview;
    const { tokens } = this.store.manifest;
    const wanted = (feature: number): boolean => {
      const density = fired[feature]! / tokens;
      return (chosen?.has(feature) ?? true)
        && (filter.labelled === undefined || this.labels.has(feature) === filter.labelled)
        && (filter.dead === undefined || (fired[feature] === 0) === filter.dead)
        && (filter.identified === undefined || truth[feature]! >= identifiedFrom === filter.identified)
        && density >= (filter.minDensity ?? 0) && density <= (filter.maxDensity ?? 1) && max[feature]! >= (filter.minMax ?? 0)
        && (gradeOf.get(feature) ?? 0) >= (filter.minGrade ?? 0) && matches(feature);
    };
    const order = this.order(sort.by, sort.descending, gradeOf);
    const kept: number[] = [];
    let total = 0;
    for (const feature of order) {
      if (!wanted(feature)) continue;
      if (total >= offset && kept.length < limit) kept.push(feature);
      total++;
    }
    return { rows: kept.map((feature) => this.row(feature, gradeOf.get(feature))), total, unfiltered: this.store.latents };
  }

  row(feature: number, grade = 0): FeatureRow {
    const { fired, sum, max } = this.store.overview;
    const { tokens, total } = this.store.manifest;
    const label = this.labels.get(feature);
    const [best] = this.truths(feature);
    return {
      feature, density: fired[feature]! / tokens, max: max[feature]!, mean: fired[feature] === 0 ? 0 : sum[feature]! / fired[feature]!, share: total === 0 ? 0 : sum[feature]! / total,
      topTokens: this.topTokens(feature), grade,
      ...(label === undefined ? {} : { label }), ...(best === undefined ? {} : { truth: best }),
    };
  }

  /** The latent variables it tells best, with their names. */
  truths(feature: number): TruthMatch[] {
    return this.store.truth(feature).map(({ variable, question, auroc, shuffled }) => {
      const { name, questions } = this.store.corpus.variables[variable]!;
      return { variable: name, question: questions[question]!.name, auroc, shuffledAuroc: shuffled };
    });
  }

  topTokens(feature: number): string[] {
    return this.store.topTokens(feature).slice(0, shownTokens).map(({ id }) => this.tokenText(id));
  }

  /** Every word must occur in label, tokens or variable; `#12` is the feature of that index. */
  private searcher(search: string): (feature: number) => boolean {
    const words = search.trim().toLowerCase().split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) return () => true;
    const index = words.length === 1 ? /^#(\d+)$/.exec(words[0]!) : null;
    if (index !== null) return (feature) => feature === Number(index[1]);
    const texts = (this.texts ??= Array.from({ length: this.store.latents }, (_, feature) => this.textOf(feature)));
    return (feature) => words.every((word) => texts[feature]!.includes(word));
  }

  private textOf(feature: number): string {
    const [best] = this.truths(feature);
    return [this.labels.get(feature)?.label ?? '', ...this.store.topTokens(feature).map(({ id }) => this.tokenText(id)), best === undefined ? '' : `${best.variable} ${best.question}`].join(' ').toLowerCase();
  }

  /** Equal values in ascending order of the index; features without one last, those that fire most first. */
  private order(by: SortKey, down: boolean, grades: ReadonlyMap<number, number>): Uint32Array {
    const key = `${by} ${down}`;
    let order = by === 'grade' ? undefined : this.orders.get(key);
    if (order === undefined) {
      const { latents } = this.store;
      order = Uint32Array.from({ length: latents }, (_, i) => i);
      if (by === 'label') {
        const labelOf = (feature: number): string | undefined => this.labels.get(feature)?.label;
        const collator = new Intl.Collator('en', { numeric: true });
        order.sort((a, b) => {
          const [x, y] = [labelOf(a), labelOf(b)];
          if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || a - b;
          return (down ? -1 : 1) * collator.compare(x, y) || a - b;
        });
      } else if (by !== 'feature') {
        const values = this.valuesOf(by, grades);
        const { fired } = this.store.overview;
        order.sort((a, b) => {
          const [x, y] = [values[a]!, values[b]!];
          if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || fired[b]! - fired[a]! || a - b;
          return (down ? y - x : x - y) || a - b;
        });
      } else if (down) order.reverse();
      if (by !== 'grade') this.orders.set(key, order);
    }
    return order;
  }

  private valuesOf(by: Exclude<SortKey, 'feature' | 'label'>, grades: ReadonlyMap<number, number>): Float64Array {
    const { fired, sum, max, truth } = this.store.overview;
    const alive = (values: Float64Array): Float64Array => values.map((value, f) => (fired[f] === 0 ? Number.NaN : value));
    switch (by) {
      case 'density': return fired;
      case 'max': return alive(max);
      case 'share': return alive(sum);
      case 'mean': return alive(sum.map((value, f) => value / fired[f]!));
      case 'truth': return alive(truth);
      case 'detection': return fired.map((_, f) => this.labels.get(f)?.score?.detection ?? Number.NaN);
      case 'grade': return fired.map((_, f) => grades.get(f) ?? 0);
    }
  }
}

/** Tokens in a row of the table. */
const shownTokens = 5;
