/** Random circuits to compare a circuit with: any edges of the same number, or edges with the same degrees of every node. */
import type { Random } from '../../engine/random.ts';
import type { EdgeGraph } from '../edges/edgeGraph.ts';

/** `count` edges drawn without replacement from all that exist. */
export function randomCircuit(edges: EdgeGraph, count: number, random: Random): Uint8Array {
  const existing = Array.from(edges.exists.keys()).filter((edge) => edges.exists[edge] === 1);
  const mask = new Uint8Array(edges.exists.length);
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(existing.length - i);
    [existing[i], existing[j]] = [existing[j]!, existing[i]!];
    mask[existing[i]!] = 1;
  }
  return mask;
}

/**
 * The circuit with its edges rewired at random, every sender keeping its number of edges out and every receiver its
 * number of edges in (double-edge swaps; Maslov & Sneppen 2002), 10 swaps tried per edge. Where a circuit is so small or
 * so full that no swap is possible, it stays as it is.
 */
export function degreeMatchedCircuit(edges: EdgeGraph, circuit: Uint8Array, random: Random): Uint8Array {
  const mask = circuit.slice();
  const members = Array.from(mask.keys()).filter((edge) => mask[edge] === 1);
  const width = edges.receivers.length;
  if (members.length < 2) return mask;
  for (let attempt = 0; attempt < 10 * members.length; attempt++) {
    const [i, j] = [random.integer(members.length), random.integer(members.length)];
    const [a, b] = [members[i]!, members[j]!];
    const first = Math.floor(a / width) * width + (b % width);
    const second = Math.floor(b / width) * width + (a % width);
    const free = (edge: number): boolean => edges.exists[edge] === 1 && mask[edge] === 0;
    if (!free(first) || !free(second)) continue;
    mask[a] = mask[b] = 0;
    mask[first] = mask[second] = 1;
    members[i] = first;
    members[j] = second;
  }
  return mask;
}
