/** Nearest features by decoder and by firing together, and what that says about splitting and absorption (algorithms reference §19). */
import { fewestTogether } from '../store/sample.ts';
import type { FeatureStore } from '../store/store.ts';
import type { Directions } from './directions.ts';

export interface Neighbour {
  readonly feature: number;
  readonly cosine: number;
  /** Tokens on which both fire, over those on which either does; undefined where neither feature's list of partners keeps the other. */
  readonly jaccard?: number;
  /** Share of this feature's tokens on which the other fires, and what independence would give. */
  readonly given?: number;
  readonly expected?: number;
}

export interface NeighbourWarning {
  readonly kind: 'splitting' | 'absorption';
  readonly feature: number;
  readonly cosine: number;
  /** Exact where the pair was counted; otherwise the most that the lists of partners leave possible. */
  readonly jaccard: number;
}

/** Cosine from which another feature may be part of the same concept, and overlap below which the two do not fire together. */
const related = { cosine: 0.4, jaccard: 0.1 } as const;
/** A feature that fires this many times less often than another may have taken over some of its cases. */
const rarer = 3;

/** The nearest by cosine of the decoder rows, features that never fired left out. */
export function decoderNeighbours(store: FeatureStore, directions: Directions, feature: number, count: number): Neighbour[] {
  const cosines = directions.cosines(directions.row(feature));
  return largest(cosines, count, (other) => other !== feature && store.isAlive(other)).map((other) => ({ feature: other, cosine: cosines[other]!, ...overlap(store, feature, other) }));
}

/** The features that overlap most with it on the tokens of the store. */
export function coactiveNeighbours(store: FeatureStore, directions: Directions, feature: number): Neighbour[] {
  const row = directions.row(feature);
  return store.record(feature).partners.map(({ feature: other }) => {
    const there = directions.row(other);
    let cosine = 0;
    for (let i = 0; i < row.length; i++) cosine += row[i]! * there[i]!;
    return { feature: other, cosine, ...overlap(store, feature, other) };
  });
}

/**
 * Features of nearly the same direction that do not fire together: of about equal frequency, one concept split in parts;
 * a much rarer one may have absorbed cases of the other. A hint for looking, not a finding.
 */
export function neighbourWarnings(store: FeatureStore, feature: number, neighbours: readonly Neighbour[], randomCosine: number): NeighbourWarning[] {
  const { fired } = store.overview;
  return neighbours
    .map(({ feature: other, cosine, jaccard = mostOverlap(store, feature, other) }) => ({ feature: other, cosine, jaccard }))
    .filter(({ cosine, jaccard }) => cosine >= Math.max(related.cosine, 1.5 * randomCosine) && jaccard < related.jaccard)
    .map(({ feature: other, cosine, jaccard }) => {
      const ratio = Math.max(fired[feature]! / fired[other]!, fired[other]! / fired[feature]!);
      return { kind: ratio > rarer ? 'absorption' : 'splitting', feature: other, cosine, jaccard };
    });
}

/** Indices of the `count` largest values among those wanted, largest first. */
export function largest(values: Float32Array, count: number, wanted: (index: number) => boolean = () => true): number[] {
  const kept: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if ((kept.length === count && values[i]! <= values[kept[count - 1]!]!) || Number.isNaN(values[i]!) || !wanted(i)) continue;
    let at = kept.length;
    while (at > 0 && values[kept[at - 1]!]! < values[i]!) at--;
    kept.splice(at, 0, i);
    if (kept.length > count) kept.pop();
  }
  return kept;
}

/** A pair is counted in the list of either feature: one may have the other among its best partners and not be among the best of that. */
function overlap(store: FeatureStore, feature: number, other: number): Pick<Neighbour, 'jaccard' | 'given' | 'expected'> {
  const [own, there] = [store.sampled(feature), store.sampled(other)];
  const pair = store.partners(feature).find((partner) => partner.feature === other) ?? store.partners(other).find((partner) => partner.feature === feature);
  if (pair === undefined) return {};
  return { jaccard: pair.both / (own + there - pair.both), given: pair.both / own, expected: there / store.sampledTokens };
}

/** Jaccard index that a pair in neither list can have at most: a full list has no better partner outside, one that is not full lacks only what was counted too rarely. */
function mostOverlap(store: FeatureStore, feature: number, other: number): number {
  const bound = (of: number): number => {
    const partners = store.partners(of);
    if (partners.length < store.manifest.options.coactive) {
      const both = fewestTogether - 1;
      return both / Math.max(both, store.sampled(feature) + store.sampled(other) - both);
    }
    return Math.min(...partners.map((partner) => partner.both / (store.sampled(of) + partner.other - partner.both)));
  };
  return Math.min(bound(feature), bound(other));
}
