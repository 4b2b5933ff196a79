/**
 * A map of a dictionary: its decoder directions on a plane, beside the same projection of random directions. Principal
 * components give the start; neighbours are then drawn together and everything else pushed apart (a force layout on the
 * nearest-neighbour graph, fixed seed). What such a picture keeps is measured: the share of each point's nearest
 * directions that are among its nearest points. Distances between far points mean nothing.
 */
import { Random } from '../../engine/random.ts';
import type { Products } from '../metrics/products.ts';

export interface Projection {
  /** x, y in −1…1 [2·n] */
  readonly points: Float32Array;
  /** Share of the nearest directions that are among the nearest points. */
  readonly preserved: number;
}

export const neighboursKept = 10;
export const mapMethod = 'first two principal components of the decoder directions, then a force layout on the graph of their 10 nearest neighbours by cosine';

/** Directions above which neighbours are looked for among a random sample only. */
const mostCompared = 3000;
const rounds = 60;
/** Points each point is pushed away from in a round. */
const pushed = 8;
/** Points whose neighbours are compared. */
const measured = 400;

/** Yields between rounds, 0…1. `unit`: unit vectors [n, width]. */
export async function* project(unit: Float32Array, width: number, seed: number, products: Products): AsyncGenerator<number, Projection> {
  const count = unit.length / width;
  const random = new Random(seed);
  const points = principalPlane(unit, width, random);
  const neighbours = yield* nearestNeighbours(unit, width, random, products);
  normalize(points);
  for (let round = 0; round < rounds; round++) {
    const step = 0.5 * (1 - round / rounds);
    relax(points, neighbours, step, random);
    yield 0.5 + (0.5 * round) / rounds;
  }
  normalize(points);
  return { points, preserved: await preservedShare(points, unit, width, Math.min(count, measured), random, products) };
}

/** Unit vectors of random directions [n, width]: what the map of a dictionary is compared with. */
export function randomUnit(count: number, width: number, seed: number): Float32Array {
  const random = new Random(seed);
  const unit = new Float32Array(count * width);
  for (let f = 0; f < count; f++) {
    let square = 0;
    for (let i = f * width; i < (f + 1) * width; i++) square += (unit[i] = random.normal()) ** 2;
    for (let i = f * width; i < (f + 1) * width; i++) unit[i]! /= Math.sqrt(square);
  }
  return unit;
}

/** Coordinates on the first two principal components, by subspace iteration [2·n]. */
function principalPlane(unit: Float32Array, width: number, random: Random): Float32Array {
  const count = unit.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < unit.length; i++) mean[i % width]! += unit[i]! / count;
  let axes: Float64Array[] = [0, 1].map(() => Float64Array.from({ length: width }, () => random.normal()));
  const points = new Float32Array(2 * count);
  for (let iteration = 0; iteration < 30; iteration++) {
    const next = [new Float64Array(width), new Float64Array(width)];
    for (let f = 0; f < count; f++) {
      for (const a of [0, 1]) {
        let dot = 0;
        for (let i = 0; i < width; i++) dot += (unit[f * width + i]! - mean[i]!) * axes[a]![i]!;
        points[2 * f + a] = dot;
        for (let i = 0; i < width; i++) next[a]![i]! += dot * (unit[f * width + i]! - mean[i]!);
      }
    }
    axes = orthonormal(next[0]!, next[1]!);
  }
  return points;
}

function orthonormal(a: Float64Array, b: Float64Array): Float64Array[] {
  const scale = (v: Float64Array): Float64Array => {
    const norm = Math.hypot(...v) || 1;
    return v.map((value) => value / norm);
  };
  const first = scale(a);
  const dot = b.reduce((sum, value, i) => sum + value * first[i]!, 0);
  return [first, scale(b.map((value, i) => value - dot * first[i]!))];
}

/** Directions whose neighbours are found at once. */
const block = 256;

/** By cosine, [n · neighboursKept]; of many directions, among a random sample that holds every direction's share. */
async function* nearestNeighbours(unit: Float32Array, width: number, random: Random, products: Products): AsyncGenerator<number, Uint32Array> {
  const count = unit.length / width;
  const candidates = Array.from(count <= mostCompared ? new Uint32Array(count).keys() : random.permutation(count).slice(0, mostCompared));
  const others = rowsOf(unit, width, candidates);
  const kept = Math.min(neighboursKept, Math.max(0, candidates.length - 1));
  const found = new Uint32Array(count * kept);
  for (let from = 0; from < count; from += block) {
    const to = Math.min(count, from + block);
    const cosines = await products(unit.subarray(from * width, to * width), others, width);
    for (let f = from; f < to; f++) {
      const row = (f - from) * candidates.length;
      found.set(nearestOf((i) => cosines[row + i]!, candidates, f, kept), f * kept);
    }
    yield (0.5 * to) / count;
  }
  return found;
}

function rowsOf(unit: Float32Array, width: number, chosen: readonly number[]): Float32Array {
  const rows = new Float32Array(chosen.length * width);
  chosen.forEach((f, i) => rows.set(unit.subarray(f * width, (f + 1) * width), i * width));
  return rows;
}

/** Those of the candidates that are most similar; `similarity` is asked for the place among them. */
function nearestOf(similarity: (place: number) => number, candidates: readonly number[], self: number, kept: number): number[] {
  const best: { other: number; value: number }[] = [];
  for (let place = 0; place < candidates.length; place++) {
    const other = candidates[place]!;
    if (other === self) continue;
    const value = similarity(place);
    if (best.length === kept && value <= best[kept - 1]!.value) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]!.value < value) at--;
    best.splice(at, 0, { other, value });
    if (best.length > kept) best.pop();
  }
  return best.map(({ other }) => other);
}

function relax(points: Float32Array, neighbours: Uint32Array, step: number, random: Random): void {
  const count = points.length / 2;
  const kept = neighbours.length / count;
  const reach = 1 / Math.sqrt(count);
  for (let f = 0; f < count; f++) {
    let [x, y] = [0, 0];
    for (let k = 0; k < kept; k++) {
      const g = neighbours[f * kept + k]!;
      x += (points[2 * g]! - points[2 * f]!) / kept;
      y += (points[2 * g + 1]! - points[2 * f + 1]!) / kept;
    }
    for (let k = 0; k < pushed; k++) {
      const g = random.integer(count);
      const [dx, dy] = [points[2 * f]! - points[2 * g]!, points[2 * f + 1]! - points[2 * g + 1]!];
      const force = (reach * reach * count) / (pushed * 40 * (dx * dx + dy * dy + reach * reach));
      x += dx * force;
      y += dy * force;
    }
    points[2 * f]! += step * x;
    points[2 * f + 1]! += step * y;
  }
}

function normalize(points: Float32Array): void {
  for (const a of [0, 1]) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = a; i < points.length; i += 2) [low, high] = [Math.min(low, points[i]!), Math.max(high, points[i]!)];
    const scale = high > low ? 2 / (high - low) : 0;
    for (let i = a; i < points.length; i += 2) points[i] = (points[i]! - low) * scale - 1;
  }
}

async function preservedShare(points: Float32Array, unit: Float32Array, width: number, sample: number, random: Random, products: Products): Promise<number> {
  const count = points.length / 2;
  const kept = Math.min(neighboursKept, count - 1);
  if (kept <= 0) return Number.NaN;
  const chosen = random.permutation(count).slice(0, sample);
  const all = Array.from({ length: count }, (_, i) => i);
  let shared = 0;
  for (let from = 0; from < chosen.length; from += measuredAtOnce) {
    const some = chosen.slice(from, from + measuredAtOnce);
    const cosines = await products(rowsOf(unit, width, some), unit, width);
    for (const [i, f] of some.entries()) {
      const near = new Set(nearestOf((g) => cosines[i * count + g]!, all, f, kept));
      shared += nearestOf((g) => -((points[2 * f]! - points[2 * g]!) ** 2 + (points[2 * f + 1]! - points[2 * g + 1]!) ** 2), all, f, kept).filter((g) => near.has(g)).length;
    }
  }
  return shared / (chosen.length * kept);
}

const measuredAtOnce = 50;
