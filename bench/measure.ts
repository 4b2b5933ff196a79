/** Timing: wall and CPU time of repeated runs, interleaved so that a busy moment hits every candidate alike. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Timing {
  /** Medians, milliseconds. CPU time counts all threads of this process. */
  readonly wall: number;
  readonly cpu: number;
  readonly runs: number;
}

export interface Candidate {
  readonly name: string;
  run(): Promise<unknown>;
}

/** Runs every candidate once to warm up, then `rounds` times in turn. */
export async function interleaved(candidates: readonly Candidate[], rounds: number): Promise<Map<string, Timing>> {
  const samples = new Map(candidates.map(({ name }) => [name, { wall: [] as number[], cpu: [] as number[] }]));
  for (const candidate of candidates) await candidate.run();
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of candidates) {
      const { wall, cpu } = await timed(run);
      samples.get(name)!.wall.push(wall);
      samples.get(name)!.cpu.push(cpu);
    }
  }
  return new Map([...samples].map(([name, { wall, cpu }]) => [name, { wall: median(wall), cpu: median(cpu), runs: rounds }]));
}

/** One run. */
export async function timed(run: () => Promise<unknown>): Promise<{ wall: number; cpu: number }> {
  const cpuBefore = process.cpuUsage();
  const wallBefore = performance.now();
  await run();
  const wall = performance.now() - wallBefore;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall, cpu: (user + system) / 1000 };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Three significant digits: more would pretend to a precision the machine does not have. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** Resident memory in MiB after a garbage collection: without one, a program could reuse what another left behind and seem free. */
export function residentMiB(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage.rss() / 2 ** 20;
}
