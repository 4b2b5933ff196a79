/** Where the user is in the semantic view: kept over hiding and reload. What comes back is parsed; what does not fit is left out. */
import * as v from 'valibot';
import { semanticSchemas } from '../../../src/protocol/methods/semantic.ts';
import type { FeatureSortKey } from '../../../src/protocol/methods/semantic.ts';
import type { FeatureGrade } from '../../../src/protocol/views/panel.ts';
import type { Params } from '../../../src/protocol/methods.ts';

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const sortKeys = semanticSchemas['semantic.features'].entries.sort.wrapped.entries.by.options;

/** How the list of features is made. */
const querySchema = v.variant('kind', [
  v.object({ kind: v.literal('words') }),
  v.object({ kind: v.literal('text'), selection: v.string(), other: v.optional(v.string()) }),
  v.object({ kind: v.literal('similar'), feature: whole }),
  v.object({ kind: v.literal('token'), token: v.string() }),
  v.object({ kind: v.literal('direction'), values: v.pipe(v.array(v.pipe(v.number(), v.finite())), v.maxLength(65_536)) }),
  v.object({ kind: v.literal('set'), features: v.array(whole), name: v.string() }),
]);
export type Query = v.InferOutput<typeof querySchema>;

const filterSchema = v.picklist(['all', 'alive', 'labelled', 'unlabelled', 'identified', 'dead', 'dense']);
export type Filter = v.InferOutput<typeof filterSchema>;
export const filters: readonly Filter[] = filterSchema.options;

const placeSchema = v.object({
  v: v.literal(1),
  page: v.fallback(v.picklist(['features', 'dictionary', 'train', 'harvest']), 'features'),
  list: v.fallback(v.picklist(['table', 'map']), 'table'),
  feature: v.fallback(v.optional(whole), undefined),
  store: v.fallback(v.optional(v.string()), undefined),
  search: v.fallback(v.string(), ''),
  filter: v.fallback(filterSchema, 'alive'),
  sort: v.fallback(v.object({ by: v.picklist(sortKeys), descending: v.boolean() }), { by: 'detection', descending: true }),
  query: v.fallback(querySchema, { kind: 'words' }),
  band: v.fallback(v.picklist(['top', 'quantile', 'random', 'zero']), 'top'),
  heat: v.fallback(v.picklist(['activation', 'loss']), 'activation'),
  ownText: v.fallback(v.optional(v.string()), undefined),
});
export type Place = v.InferOutput<typeof placeSchema>;

export const firstPlace: Place = v.parse(placeSchema, { v: 1 });

export function parsePlace(kept: unknown): Place {
  const parsed = v.safeParse(placeSchema, kept);
  return parsed.success ? parsed.output : firstPlace;
}

/** A dictionary of an open model, its store, the workspace's labels: what nearly every request names. */
export interface Target {
  readonly model: string;
  readonly dictionary: string;
  readonly store?: string;
  readonly labels?: string;
}

/** Share of tokens from which a feature counts as dense. */
const denseFrom = 0.1;

export function tableRequest(target: Target, { search, filter, sort, query }: Place, offset: number, limit: number, grades: readonly FeatureGrade[] = []): Params<'semantic.features'> {
  return {
    ...target, offset, limit, search, sort, grades: grades.slice(0, 10_000).map((grade) => ({ ...grade })),
    filter: { ...filterOf(filter), ...(query.kind === 'set' ? { features: [...query.features] } : {}) },
  };
}

function filterOf(filter: Filter): NonNullable<Params<'semantic.features'>['filter']> {
  switch (filter) {
    case 'all': return {};
    case 'alive': return { dead: false };
    case 'dead': return { dead: true };
    case 'labelled': return { labelled: true };
    case 'unlabelled': return { labelled: false, dead: false };
    case 'identified': return { identified: true };
    case 'dense': return { minDensity: denseFrom };
  }
}

export function isSortKey(key: string): key is FeatureSortKey {
  return (sortKeys as readonly string[]).includes(key);
}
