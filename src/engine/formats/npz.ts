/** Reading `.npz` archives: a zip of `.npy` arrays. Headers are checked on opening; elements are read one array at a time. */
import { totalmem } from 'node:os';
import { MechanistError } from '../errors.ts';
import { elementCount } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import { toByteSource } from './byteSource.ts';
import type { ByteSource } from './byteSource.ts';
import { largestNpyHeader, npyBytesNeeded, npyTensor, parseNpyHeader } from './npy.ts';
import type { NpyHeader } from './npy.ts';
import type { TensorInfo, TensorSource } from './tensorSource.ts';
import { toFloat32 } from './toFloat32.ts';
import { openZip } from './zip.ts';
import type { ZipArchive } from './zip.ts';
import type { ZipEntry, ZipLimits } from './zipDirectory.ts';

export interface NpzLimits extends ZipLimits {
  /** Bytes that reading one array may allocate, its converted copies included. Default: the memory of the machine. */
  readonly maxTensorBytes?: number;
}

/**
 * Opens an archive of arrays; names come without `.npy`. The caller closes it.
 * Errors: `not-found`; `parse`, `unsupported` or `memory` as the zip and npy rules say, with file and entry.
 */
export function openNpz(pathOrSource: string | ByteSource, limits: NpzLimits = {}): TensorSource {
  const source = toByteSource(pathOrSource);
  try {
    return new NpzFile(source, openZip(source, limits), limits.maxTensorBytes ?? totalmem());
  } catch (error) {
    source.close();
    throw error;
  }
}

class NpzFile implements TensorSource {
  private readonly source: ByteSource;
  private readonly archive: ZipArchive;
  private readonly maxTensorBytes: number;
  private readonly arrays = new Map<string, { readonly entry: ZipEntry; readonly header: NpyHeader }>();

  constructor(source: ByteSource, archive: ZipArchive, maxTensorBytes: number) {
    this.source = source;
    this.archive = archive;
    this.maxTensorBytes = maxTensorBytes;
    for (const entry of archive.entries.values()) {
      const where = { file: source.file, field: entry.name };
      if (!entry.name.endsWith('.npy')) throw new MechanistError('parse', 'The archive has an entry that is not an array (.npy).', where);
      const header = parseNpyHeader(archive.readStart(entry, largestNpyHeader), entry.size, where);
      this.arrays.set(entry.name.slice(0, -'.npy'.length), { entry, header });
    }
  }

  get file(): string {
    return this.source.file;
  }

  names(): Iterable<string> {
    return this.arrays.keys();
  }

  has(name: string): boolean {
    return this.arrays.has(name);
  }

  info(name: string): TensorInfo {
    const { dtype, dims } = this.array(name).header;
    return { dtype, dims };
  }

  read(name: string): Tensor {
    const { entry, header } = this.array(name);
    this.allow(name, this.needed(entry, header));
    return npyTensor(header, this.archive.read(entry, header.dataOffset));
  }

  readFloat32(name: string): Tensor<'float32'> {
    const { entry, header } = this.array(name);
    this.allow(name, this.needed(entry, header) + (header.dtype === 'float32' ? 0 : 4 * elementCount(header.dims)));
    return toFloat32(this.read(name));
  }

  close(): void {
    this.source.close();
  }

  private array(name: string): { readonly entry: ZipEntry; readonly header: NpyHeader } {
    const array = this.arrays.get(name);
    if (array === undefined) throw new MechanistError('not-found', 'The archive has no array of this name.', { file: this.file, field: name });
    return array;
  }

  private needed(entry: ZipEntry, header: NpyHeader): number {
    return npyBytesNeeded(header) + (entry.method === 'deflated' ? entry.compressedSize + entry.size : 0);
  }

  private allow(name: string, needed: number): void {
    if (needed > this.maxTensorBytes) {
      throw new MechanistError('memory', `Reading the array takes ${needed} bytes; the limit is ${this.maxTensorBytes}.`, { file: this.file, field: name });
    }
  }
}
