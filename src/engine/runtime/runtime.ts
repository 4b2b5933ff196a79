/**
 * Compiles graphs once and keeps the most recently used programs.
 * Each program holds native memory for its peak activations, so the number kept is bounded and evicted ones are released.
 */
import { MechanistError } from '../errors.ts';
import { encodeModel } from '../graph/codec/encode.ts';
import type { Graph } from '../graph/ir.ts';
import { prune } from '../graph/prune.ts';
import type { Tensor } from '../tensor.ts';
import { estimateMemory } from './memory.ts';
import { Program, programKey } from './program.ts';
import type { CompileOptions, Feeds, ParameterSource } from './program.ts';

export interface RuntimeOptions extends CompileOptions {
  /** Programs kept compiled. Default 24. */
  readonly maxPrograms?: number;
  /** Refuse a run whose estimate exceeds this many bytes. Default: no limit. */
  readonly memoryLimit?: number;
}

interface Slot {
  readonly program: Promise<Program>;
  users: number;
  evicted: boolean;
}

export class Runtime {
  private readonly options: RuntimeOptions;
  private readonly slots = new Map<string, Slot>();
  private readonly encodings = new WeakMap<Graph, { pruned: Graph; key: string; bytes: WeakRef<Uint8Array> }>();

  constructor(options: RuntimeOptions = {}) {
    this.options = options;
  }

  /**
   * Runs `graph` (pruned to its outputs), compiling it unless an equal one is at hand.
   * Errors: `memory` when the estimate exceeds the limit; those of `Program.compile` and `Program.run`.
   */
  async run(graph: Graph, feeds: Feeds, parameters?: ParameterSource): Promise<Map<string, Tensor>> {
    const { pruned, key, bytes } = this.encode(graph);
    this.checkMemory(pruned, feeds);
    const slot = this.slot(pruned, key, bytes);
    slot.users++;
    try {
      return await (await slot.program).run(feeds, parameters);
    } finally {
      slot.users--;
      await this.releaseIfUnused(slot);
    }
  }

  /** Compiles `graph` ahead of its first run. */
  async prepare(graph: Graph): Promise<void> {
    const { pruned, key, bytes } = this.encode(graph);
    await this.slot(pruned, key, bytes).program;
  }

  /** Number of programs currently compiled. */
  get size(): number {
    return this.slots.size;
  }

  /** Releases every program. The runtime can be used again afterwards. */
  async dispose(): Promise<void> {
    const all = [...this.slots.values()];
    this.slots.clear();
    for (const slot of all) {
      slot.evicted = true;
      await this.releaseIfUnused(slot);
    }
  }

  private encode(graph: Graph): { pruned: Graph; key: string; bytes: Uint8Array | undefined } {
    const known = this.encodings.get(graph);
    if (known !== undefined) return { pruned: known.pruned, key: known.key, bytes: known.bytes.deref() };
    const pruned = prune(graph, graph.outputs);
    const bytes = encodeModel(pruned);
    const key = programKey(bytes, this.options);
    this.encodings.set(graph, { pruned, key, bytes: new WeakRef(bytes) });
    return { pruned, key, bytes };
  }

  private slot(pruned: Graph, key: string, bytes: Uint8Array | undefined): Slot {
    const known = this.slots.get(key);
    if (known !== undefined) {
      this.slots.delete(key);
      this.slots.set(key, known);
      return known;
    }
    const slot: Slot = { program: Program.fromEncoded(pruned, bytes ?? encodeModel(pruned), this.options), users: 0, evicted: false };
    // A failed compilation is reported to whoever awaits it and forgotten, so that a later try starts afresh.
    slot.program.catch(() => this.slots.delete(key));
    this.slots.set(key, slot);
    this.evictOldest();
    return slot;
  }

  private evictOldest(): void {
    const limit = this.options.maxPrograms ?? 24;
    for (const [key, slot] of this.slots) {
      if (this.slots.size <= limit) return;
      this.slots.delete(key);
      slot.evicted = true;
      void this.releaseIfUnused(slot);
    }
  }

  private async releaseIfUnused(slot: Slot): Promise<void> {
    if (!slot.evicted || slot.users > 0) return;
    const program = await slot.program.catch(() => undefined);
    // A failed program has nothing to release; its error went to the caller that compiled it.
    await program?.release();
  }

  private checkMemory(pruned: Graph, feeds: Feeds): void {
    const limit = this.options.memoryLimit;
    if (limit === undefined) return;
    const estimate = estimateMemory(pruned, feeds);
    if (estimate.total <= limit) return;
    const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
    throw new MechanistError('memory', `This run needs about ${mib(estimate.total)}; the limit is ${mib(limit)}.`, {
      hint: 'Shorten the input, capture fewer hook points, or raise the memory limit.',
    });
  }
}
