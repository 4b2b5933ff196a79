/**
 * A small mutation fuzzer for machines on which Jazzer.js does not load. Deterministic for a seed. An input that is
 * refused in a way not seen before joins the corpus, which stands in for coverage.
 */
import type { MechanistError } from '../../src/engine/errors.ts';
import { uniform } from '../support/random.ts';
import type { FuzzTarget } from './target.ts';

export interface FuzzReport {
  readonly inputs: number;
  readonly accepted: number;
  /** Kinds of refusal: reason and statement, without what is quoted from the input. */
  readonly refusals: ReadonlySet<string>;
  /** Longest time one input took. */
  readonly slowestMilliseconds: number;
  /** Highest resident memory seen, above that at the start. */
  readonly memoryBytes: number;
}

/** Feeds `count` mutated inputs to the target. Throws, with the input in the message, what the target throws. */
export function runFuzz({ fuzz, seeds, repair }: FuzzTarget, { count, seed }: { readonly count: number; readonly seed: number }): FuzzReport {
  const random = uniform(seed);
  const originals = seeds().map((bytes) => Buffer.from(bytes));
  const found: Buffer[] = [...originals];
  const refusals = new Set<string>();
  const memoryAtStart = process.memoryUsage.rss();
  let accepted = 0;
  let slowestMilliseconds = 0;
  let memoryBytes = 0;
  for (let i = 0; i < count; i++) {
    // Mostly from well-formed files: a change to one of these gets further than a change to a refused one.
    let input = mutate(random() < 0.7 ? originals : found, random);
    if (repair !== undefined && random() < 0.5) input = repair(input);
    const start = performance.now();
    const outcome = outcomeOf(fuzz, input);
    slowestMilliseconds = Math.max(slowestMilliseconds, performance.now() - start);
    memoryBytes = Math.max(memoryBytes, process.memoryUsage.rss() - memoryAtStart);
    if (outcome === undefined) accepted++;
    else {
      const kind = `${outcome.reason}: ${outcome.statement.replaceAll(/".*"|\d+/gs, '#')}`;
      if (!refusals.has(kind)) found.push(input);
      refusals.add(kind);
    }
  }
  return { inputs: count, accepted, refusals, slowestMilliseconds, memoryBytes };
}

/** One to four random changes to a member of the corpus, which is not empty. Inputs stay below 64 KiB. */
export function mutate(corpus: readonly Buffer[], random: () => number): Buffer {
  let data: Buffer = Buffer.from(pick(corpus, random));
  for (let rounds = 1 + below(4, random); rounds > 0; rounds--) data = pick(mutators, random)(data, corpus, random);
  return data.subarray(0, 2 ** 16);
}

type Mutator = (data: Buffer, corpus: readonly Buffer[], random: () => number) => Buffer;

const lengths = [0n, 1n, 2n, 7n, 8n, 255n, 256n, 0x7fffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
const tokens = ['0', '-1', '9', '99999999999', '9007199254740993', '1e999', '4.0', '"', '{', '}', '[', ']', ',', ':', '(', ')', "'", '\\u0000', '__proto__', 'null', ' ', '\0', 'PK\x01\x02'];

const mutators: readonly Mutator[] = [
  function flipBit(data, _, random) {
    if (data.length > 0) data[below(data.length, random)]! ^= 1 << below(8, random);
    return data;
  },
  function setByte(data, _, random) {
    if (data.length > 0) data[below(data.length, random)] = below(256, random);
    return data;
  },
  function tamperLength(data, _, random) {
    const width = pick([2, 4, 8], random);
    if (data.length < width) return data;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(random() < 0.5 ? pick(lengths, random) : BigInt(below(data.length + 9, random)));
    bytes.copy(data, random() < 0.3 ? 0 : below(data.length - width + 1, random), 0, width);
    return data;
  },
  function insertToken(data, _, random) {
    const at = below(data.length + 1, random);
    return Buffer.concat([data.subarray(0, at), Buffer.from(pick(tokens, random)), data.subarray(at + below(2, random))]);
  },
  /** Numbers in text: another value of the same width keeps the rest in place. */
  function changeDigit(data, _, random) {
    const digits = [...data.keys()].filter((at) => data[at]! >= 0x30 && data[at]! <= 0x39);
    if (digits.length > 0) data[pick(digits, random)] = 0x30 + below(10, random);
    return data;
  },
  function truncate(data, _, random) {
    return data.subarray(0, below(data.length + 1, random));
  },
  function repeatPart(data, _, random) {
    const [from, to] = range(data, random);
    return Buffer.concat([data.subarray(0, to), data.subarray(from)]);
  },
  function removePart(data, _, random) {
    const [from, to] = range(data, random);
    return Buffer.concat([data.subarray(0, from), data.subarray(to)]);
  },
  function splice(data, corpus, random) {
    const other = pick(corpus, random);
    return Buffer.concat([data.subarray(0, below(data.length + 1, random)), other.subarray(below(other.length + 1, random))]);
  },
];

function outcomeOf(fuzz: FuzzTarget['fuzz'], input: Buffer): MechanistError | undefined {
  try {
    return fuzz(input);
  } catch (error) {
    throw new Error(`The reader threw ${String(error)} for the input ${input.toString('base64')}`, { cause: error });
  }
}

function range(data: Buffer, random: () => number): [number, number] {
  const from = below(data.length + 1, random);
  return [from, Math.min(data.length, from + 1 + below(32, random))];
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[below(items.length, random)]!;
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}
