/** Builds container files byte by byte, well-formed or not, for the tests of their readers. */
import { crc32, deflateRawSync } from 'node:zlib';

/** A safetensors file from header text and data; `length` replaces the true header length. */
export function safetensorsBytes(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0), length?: bigint): Uint8Array {
  const text = Buffer.from(header as string);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([prefix, text, data]);
}

/** A NumPy array, format version 1.0, from its literal and elements. */
export function npyBytes(literal: string, data: Uint8Array): Uint8Array {
  const text = Buffer.from(`${literal.padEnd(Math.ceil((literal.length + 11) / 64) * 64 - 11, ' ')}\n`, 'latin1');
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0, 0]);
  prefix.writeUInt16LE(text.length, 8);
  return Buffer.concat([prefix, text, data]);
}

/** A float32 array as NumPy writes it. */
export function npyOf(dims: readonly number[], values: ArrayLike<number>): Uint8Array {
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
  return npyBytes(`{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`, new Uint8Array(Float32Array.from(values).buffer));
}

export interface ZipPart {
  readonly name: string | Uint8Array;
  readonly content: Uint8Array;
  readonly deflate?: boolean;
  /** Overrides of what the headers say. */
  readonly method?: number;
  readonly flags?: number;
  readonly mode?: number;
  readonly size?: number;
  readonly crc?: number;
  /** The data as stored. */
  readonly stored?: Uint8Array;
  readonly localName?: string;
  readonly localOffset?: number;
  /** Gives sizes and offset in the zip64 extra field. */
  readonly zip64?: boolean;
}

/** A zip archive of the parts. */
export function zipBytes(parts: readonly ZipPart[], { comment = '', count = parts.length }: { comment?: string; count?: number } = {}): Uint8Array {
  const locals: Uint8Array[] = [];
  const records: Uint8Array[] = [];
  let offset = 0;
  for (const part of parts) {
    const name = Buffer.from(part.name as string);
    const localName = part.localName === undefined ? name : Buffer.from(part.localName);
    const data = part.stored ?? (part.deflate === true ? deflateRawSync(part.content) : part.content);
    const size = part.size ?? part.content.length;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(part.zip64 === true ? 45 : 20, 0);
    common.writeUInt16LE(part.flags ?? 0, 2);
    common.writeUInt16LE(part.method ?? (part.deflate === true ? 8 : 0), 4);
    common.writeUInt32LE(part.crc ?? crc32(part.content), 10);
    common.writeUInt32LE(part.zip64 === true ? 0xffffffff : data.length, 14);
    common.writeUInt32LE(part.zip64 === true ? 0xffffffff : size, 18);
    common.writeUInt16LE(localName.length, 22);
    const extra = part.zip64 === true ? extra64(size, data.length, part.localOffset ?? offset) : Buffer.alloc(0);
    common.writeUInt16LE(part.zip64 === true ? 20 : 0, 24);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, localName, part.zip64 === true ? localExtra(extra) : extra, data]);
    const head = Buffer.from(common);
    head.writeUInt16LE(name.length, 22);
    head.writeUInt16LE(extra.length, 24);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((part.mode ?? 0o100600) << 16) >>> 0, 6);
    tail.writeUInt32LE(part.zip64 === true ? 0xffffffff : part.localOffset ?? offset, 10);
    // Version made by: Unix, so that the mode counts.
    records.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), head, tail, name, extra]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(records);
  const wide = parts.some(({ zip64 }) => zip64 === true);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(wide ? 0xffff : count, 8);
  end.writeUInt16LE(wide ? 0xffff : count, 10);
  end.writeUInt32LE(wide ? 0xffffffff : directory.length, 12);
  end.writeUInt32LE(wide ? 0xffffffff : offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, directory, ...(wide ? [end64(count, directory.length, offset)] : []), end, Buffer.from(comment)]);
}

function extra64(size: number, compressed: number, offset: number): Buffer {
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  [size, compressed, offset].forEach((value, i) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i));
  return extra;
}

/** A local header has no offset of its own. */
function localExtra(extra: Buffer): Buffer {
  const local = Buffer.from(extra.subarray(0, 20));
  local.writeUInt16LE(16, 2);
  return local;
}

function end64(count: number, size: number, offset: number): Buffer {
  const record = Buffer.alloc(56);
  record.write('PK\x06\x06', 'latin1');
  record.writeBigUInt64LE(44n, 4);
  [count, count, size, offset].forEach((value, i) => record.writeBigUInt64LE(BigInt(value), 24 + 8 * i));
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator]);
}
