/** Graph and weights → `.onnx` file, with large weights in a file of their own where asked for or where one file cannot hold them. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { MechanistError } from '../../errors.ts';
import { bytesPerElement, elementCount } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { Graph } from '../ir.ts';
import { modelWriter } from './encode.ts';
import type { WeightEntry } from './encode.ts';

export interface SaveOptions {
  /** Write weights beside the model, to `<name>.data`. Default: when they would exceed what one protobuf file holds (2 GB). */
  readonly externalData?: boolean;
}

/** Protobuf messages end at 2 GiB; this leaves room for the graph. */
const largestEmbedded = 2 ** 31 - 2 ** 26;
/** Smaller weights stay in the model file. */
const smallestExternal = 1024;
/** Page alignment lets runtimes map the file. */
const alignment = 4096;

/**
 * Writes a model file that any ONNX runtime opens. The parameters' values become initializers, in the order of
 * their names; one weight is held in memory at a time when they go to a side file.
 * Errors: those of `parameters`, `argument` when a value has another shape than declared, `runtime` when writing fails.
 */
export function saveModel(graph: Graph, parameters: { get(name: string): Tensor }, path: string, options: SaveOptions = {}): void {
  const names = [...graph.parameters.keys()].sort();
  const external = options.externalData ?? totalBytes(graph) > largestEmbedded;
  const location = `${basename(path)}.data`;
  const partial = `${path}.partial`;
  const side = external ? new SideFile(`${path}.data.partial`, location) : undefined;
  try {
    const weights = names.map((name): WeightEntry => {
      const value = parameters.get(name);
      const declared = graph.parameters.get(name)!;
      if (value.dtype !== declared.dtype || value.dims.join() !== (declared.shape ?? value.dims).join()) {
        throw new MechanistError('argument', 'The value has another type or shape than the graph declares.', { field: `parameter ${name}` });
      }
      const bytes = new Uint8Array(value.data.buffer, value.data.byteOffset, value.data.byteLength);
      return { name, type: { dtype: value.dtype, dims: value.dims }, data: side !== undefined && bytes.length >= smallestExternal ? side.append(bytes) : bytes };
    });
    writeAll(partial, modelWriter(graph, weights).finish());
    side?.close();
    if (side !== undefined) renameSync(side.path, `${path}.data`);
    renameSync(partial, path);
  } catch (error) {
    side?.close();
    for (const leftover of [partial, side?.path]) if (leftover !== undefined) rmSync(leftover, { force: true });
    throw MechanistError.is(error) ? error : new MechanistError('runtime', 'The model could not be written.', { file: path, cause: error });
  }
}

function totalBytes(graph: Graph): number {
  let sum = 0;
  for (const { dtype, shape } of graph.parameters.values()) sum += elementCount((shape ?? []).map(Number)) * bytesPerElement(dtype);
  return sum;
}

class SideFile {
  readonly path: string;
  private readonly location: string;
  private readonly descriptor: number;
  private position = 0;
  private isOpen = true;

  constructor(path: string, location: string) {
    this.path = path;
    this.location = location;
    this.descriptor = openSync(path, 'w');
  }

  append(bytes: Uint8Array): { location: string; offset: number; length: number } {
    const offset = Math.ceil(this.position / alignment) * alignment;
    writeFully(this.descriptor, new Uint8Array(offset - this.position), this.position);
    writeFully(this.descriptor, bytes, offset);
    this.position = offset + bytes.length;
    return { location: this.location, offset, length: bytes.length };
  }

  close(): void {
    if (this.isOpen) closeSync(this.descriptor);
    this.isOpen = false;
  }
}

function writeAll(path: string, chunks: readonly Uint8Array[]): void {
  const descriptor = openSync(path, 'w');
  try {
    let position = 0;
    for (const chunk of chunks) {
      writeFully(descriptor, chunk, position);
      position += chunk.length;
    }
  } finally {
    closeSync(descriptor);
  }
}

function writeFully(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
}
