/**
 * Reading graph files of circuit-tracer and Neuronpedia, of any size: the text is cut into nodes and links as it comes,
 * and only typed arrays are kept (formats reference §2, §13).
 */
import { MechanistError, throwIfCancelled } from '../../../engine/errors.ts';
import { openFile } from '../../../engine/formats/byteSource.ts';
import { isJsonMap, parseJson } from '../../../engine/formats/json.ts';
import type { JsonMap } from '../../../engine/formats/json.ts';
import type { AttributionGraph } from '../graph.ts';
import { GraphAssembler } from './graphAssembler.ts';
import { JsonPieces } from './pieces.ts';

export interface ReadOptions {
  /** Opens files whose links dangle or whose ids repeat, leaving out those links and the later nodes. Default false: refused. */
  readonly repair?: boolean;
  /** Default 4 GiB. */
  readonly maxBytes?: number;
  readonly maxNodes?: number;
  readonly maxLinks?: number;
  readonly signal?: AbortSignal;
  /** Bytes read and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ReadGraph {
  readonly graph: AttributionGraph;
  /** Cumulative influence shares that the file gives, NaN elsewhere; undefined when it gives none. */
  readonly cumulative: Float64Array | undefined;
  /** Labels of features by `layer/feature`. */
  readonly labels: ReadonlyMap<string, string>;
  /** Types of nodes that circuit-tracer does not write (attention features), by node. */
  readonly types: ReadonlyMap<number, string>;
  readonly metadata: JsonMap;
  readonly qParams: JsonMap;
  /** What was repaired or is ambiguous, in words. */
  readonly remarks: readonly string[];
}

const readLimits = { maxBytes: 4 * 2 ** 30, maxNodes: 1_000_000, maxLinks: 20_000_000 } as const;

const chunkBytes = 4 * 2 ** 20;

/**
 * Errors: `not-found`; `parse` for what does not follow the format, naming the place; `memory` above a limit, with the
 * limit; `cancelled`.
 */
export async function readGraphFile(file: string, options: ReadOptions = {}): Promise<ReadGraph> {
  const source = openFile(file);
  try {
    const { size } = source;
    const limit = options.maxBytes ?? readLimits.maxBytes;
    if (size > limit) {
      throw new MechanistError('memory', `The graph file has ${Math.ceil(size / 2 ** 20)} MiB; at most ${Math.floor(limit / 2 ** 20)} are read.`, { file, hint: 'Write it again with lower thresholds.' });
    }
    const reader = new GraphReader(options, file);
    for (let at = 0; at < size; at += chunkBytes) {
      throwIfCancelled(options.signal);
      reader.push(Buffer.from(source.read(at, Math.min(chunkBytes, size - at)).buffer));
      options.onProgress?.(Math.min(size, at + chunkBytes), size);
      // Lets a cancellation be heard.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return reader.finish();
  } finally {
    source.close();
  }
}

/** The same for a text at hand. */
export function readGraphText(text: string, options: ReadOptions = {}): ReadGraph {
  const reader = new GraphReader(options, undefined);
  reader.push(Buffer.from(text, 'utf8'));
  return reader.finish();
}

class GraphReader {
  private readonly file: string | undefined;
  private readonly assembler: GraphAssembler;
  private readonly pieces: JsonPieces;
  private readonly members = new Map<string, JsonMap>();
  private readonly seen = new Set<string>();

  constructor(options: ReadOptions, file: string | undefined) {
    this.file = file;
    this.assembler = new GraphAssembler({
      repair: options.repair ?? false, maxNodes: options.maxNodes ?? readLimits.maxNodes, maxLinks: options.maxLinks ?? readLimits.maxLinks, file,
    });
    this.pieces = new JsonPieces({
      streamed: new Set(['nodes', 'links']),
      begin: (member) => this.begin(member),
      element: (member, text) => this.element(member, text),
      member: (name, text) => this.member(name, text),
    }, file);
  }

  push(chunk: Buffer): void {
    this.pieces.push(chunk);
  }

  finish(): ReadGraph {
    this.pieces.end();
    for (const name of ['nodes', 'links']) {
      if (!this.seen.has(name)) throw new MechanistError('parse', `The file has no "${name}", so it is no attribution graph.`, { file: this.file, hint: 'Graph files are written by circuit-tracer, Neuronpedia and "mechanist graph".' });
    }
    const metadata = this.members.get('metadata') ?? new Map();
    return { ...this.assembler.finish(metadata), metadata, qParams: this.members.get('qParams') ?? new Map() };
  }

  private begin(member: string): void {
    if (this.seen.has(member)) throw new MechanistError('parse', 'This member is there twice.', { file: this.file, field: member });
    this.seen.add(member);
  }

  private element(member: string, text: string): void {
    const count = member === 'nodes' ? this.assembler.nodes : this.assembler.links;
    const value = this.parsed(text, `${member}[${count}]`);
    if (member === 'nodes') this.assembler.addNode(value);
    else this.assembler.addLink(value);
  }

  private member(name: string, text: string): void {
    if (this.members.has(name)) throw new MechanistError('parse', 'This member is there twice.', { file: this.file, field: name });
    if (name === 'nodes' || name === 'links') throw new MechanistError('parse', 'A list is expected.', { file: this.file, field: name });
    if (name !== 'metadata' && name !== 'qParams') return;
    const value = parseJson(text, { field: name, ...(this.file === undefined ? {} : { file: this.file }) });
    if (!isJsonMap(value)) throw new MechanistError('parse', 'An object is expected.', { file: this.file, field: name });
    this.members.set(name, value);
  }

  private parsed(text: string, field: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new MechanistError('parse', `This is not valid JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown'}`, { file: this.file, field });
    }
  }
}
