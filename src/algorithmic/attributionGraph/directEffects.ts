/** Rows of the adjacency: direct effects of all sources on given targets, many targets per backward pass. */
import { MechanistError, throwIfCancelled } from '../../engine/errors.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { i64, repeatRows, stridesOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { PromptRun } from './promptRun.ts';
import { backwardProgram } from './replacementGraph.ts';
import type { BackwardProgram, ReplacementGraph } from './replacementGraph.ts';
import type { Columns, SourceBlocks } from './sources.ts';

export interface Target {
  readonly position: number;
  /** Gradient of the target with respect to what it reads at its position. */
  readonly vector: Float32Array;
}

/** Called with each row as it is finished: the target's place in the list, and its effects in the order of the columns. */
export type TakeRow = (target: number, effects: Float32Array) => void;

export interface DirectEffectsOptions {
  /** Targets per run. Default 32: more gains nothing once the products are large, and costs memory. */
  readonly rowsPerRun?: number;
  readonly signal?: AbortSignal;
}

/** Backward programs of one replacement model, one per tensor that targets read. Their forward values come from `run`. */
export class DirectEffects {
  private readonly replacement: ReplacementGraph;
  private readonly runtime: Runtime;
  private readonly blocks: readonly SourceBlocks[];
  private readonly columns: Columns;
  private readonly programs: ReadonlyMap<string, BackwardProgram>;
  private run: PromptRun | undefined;

  /** `readers`: tensors that targets read, with the slots before each. Errors: as `backwardProgram`. */
  constructor(replacement: ReplacementGraph, runtime: Runtime, blocks: readonly SourceBlocks[], columns: Columns, readers: ReadonlyMap<string, readonly number[]>) {
    this.replacement = replacement;
    this.runtime = runtime;
    this.blocks = blocks;
    this.columns = columns;
    this.programs = new Map([...readers].map(([tensor, slots]) => [tensor, backwardProgram(replacement, tensor, slots, blocks.map(({ vectorsPerBlock }) => vectorsPerBlock))]));
  }

  /** Tensors of the prompt's run that the programs read. */
  get boundary(): string[] {
    return [...new Set([...this.programs.values()].flatMap(({ boundary }) => boundary))];
  }

  /** Gives the programs the prompt's values of `boundary`. */
  use(run: PromptRun): void {
    this.run = run;
  }

  /** Computes a row for each target of one tensor, latest positions first. Errors: `cancelled`. */
  async rows(tensor: string, targets: readonly Target[], take: TakeRow, options: DirectEffectsOptions = {}): Promise<void> {
    const program = this.programs.get(tensor);
    if (program === undefined || this.run === undefined) throw new MechanistError('argument', 'No backward pass was prepared for this tensor.', { field: `tensor ${tensor}` });
    const order = [...targets.keys()].toSorted((a, b) => targets[b]!.position - targets[a]!.position);
    const perRun = options.rowsPerRun ?? 32;
    for (let start = 0; start < order.length; start += perRun) {
      throwIfCancelled(options.signal);
      const chosen = order.slice(start, start + perRun);
      const rows = await this.pass(program, chosen.map((index) => targets[index]!));
      chosen.forEach((index, row) => take(index, rows[row]!));
    }
  }

  private async pass(program: BackwardProgram, targets: readonly Target[]): Promise<Float32Array[]> {
    // Nothing after a target can act on it: attention is causal, and the forward values are those of the whole prompt.
    const positions = program.positionAxes === undefined ? this.columns.positions : targets[0]!.position + 1;
    const width = targets[0]!.vector.length;
    const vectors = new Float32Array(targets.length * width);
    targets.forEach(({ vector }, row) => vectors.set(vector, row * width));
    const feeds = new Map<string, Tensor>([
      ['target', { dtype: 'float32', dims: [targets.length, width], data: vectors }],
      ['position', i64([targets.length], targets.map(({ position }) => position))],
      ['positions', i64([positions], Array.from({ length: positions }, (_, i) => i))],
    ]);
    for (const name of program.boundary) {
      const value = firstPositions(this.run!.get(name)!, program.positionAxes?.get(name) ?? [], positions);
      feeds.set(name, program.repeated && value.dims.length > 0 ? repeatRows(value, targets.length) : value);
    }
    const counts = program.slots.map((slot) => this.feedBlocks(slot, positions, feeds));
    const results = await this.runtime.run(program.graph, feeds, this.replacement.parameters);
    const rows = targets.map(() => new Float32Array(this.columns.total));
    program.slots.forEach((slot, i) => scatter(results.get(`effects/${slot}`)!.data as Float32Array, this.blocks[slot]!, counts[i]!, rows));
    return rows;
  }

  /** Feeds the blocks of the first positions; returns how many. */
  private feedBlocks(slot: number, positions: number, feeds: Map<string, Tensor>): number {
    const { positions: places, vectors, vectorsPerBlock, width } = this.blocks[slot]!;
    const later = places.findIndex((position) => position >= positions);
    const count = later < 0 ? places.length : later;
    feeds.set(`sources/${slot}`, { dtype: 'float32', dims: [count, vectorsPerBlock, width], data: vectors.subarray(0, count * vectorsPerBlock * width) });
    feeds.set(`blocks/${slot}`, i64([count], places.subarray(0, count)));
    return count;
  }
}

/** Adds effects [blocks,rows,k] to the rows' columns: a source that writes to several slots adds up. */
function scatter(effects: Float32Array, { columns, vectorsPerBlock }: SourceBlocks, blocks: number, rows: readonly Float32Array[]): void {
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    const first = block * vectorsPerBlock;
    for (const row of rows) {
      for (let k = 0; k < vectorsPerBlock; k++, at++) {
        const column = columns[first + k]!;
        if (column >= 0) row[column]! += effects[at]!;
      }
    }
  }
}

/** The leading part of a tensor along some axes. */
function firstPositions(value: Tensor, axes: readonly number[], count: number): Tensor {
  if (axes.length === 0 || value.dims[axes[0]!] === count) return value;
  const dims = value.dims.map((size, axis) => (axes.includes(axis) ? count : size));
  const [from, to] = [stridesOf(value.dims), stridesOf(dims)];
  const last = Math.max(...axes);
  const run = to[last]! * dims[last]!;
  const source = value.data as Float32Array;
  const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
  for (let flat = 0; flat < data.length; flat += run) {
    let offset = 0;
    for (let axis = 0; axis < last; axis++) offset += (Math.floor(flat / to[axis]!) % dims[axis]!) * from[axis]!;
    data.set(source.subarray(offset, offset + run), flat);
  }
  return { dtype: 'float32', dims, data };
}
