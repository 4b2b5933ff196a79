/** Fuzz target: opening an archive of arrays, or one bare array, and reading everything in it. */
import { crc32 } from 'node:zlib';
import { memorySource } from '../../src/engine/formats/byteSource.ts';
import { readNpy } from '../../src/engine/formats/npy.ts';
import { openNpz } from '../../src/engine/formats/npz.ts';
import { npyBytes, npyOf, zipBytes } from '../support/containers.ts';
import { onlyTypedErrors } from './target.ts';

export const fuzz = onlyTypedErrors((data) => {
  if (data[0] === 0x93) {
    readNpy(memorySource(data), { maxBytes: 2 ** 20 });
    return;
  }
  const file = openNpz(memorySource(data), { maxTensorBytes: 2 ** 20, maxInflatedBytes: 2 ** 22, maxEntries: 100 });
  for (const name of file.names()) {
    file.read(name);
    file.readFloat32(name);
  }
});

export function seeds(): readonly Uint8Array[] {
  const array = npyOf([2, 3], [1, 2, 3, 4, 5, 6]);
  const fortran = npyBytes("{'descr': '>f2', 'fortran_order': True, 'shape': (2, 2, 1)}", Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  const integers = npyBytes('{"shape": (), "descr": "<i8", "fortran_order": False, }', new Uint8Array(8));
  return [
    array, fortran, integers,
    zipBytes([{ name: 'W_enc.npy', content: array }, { name: 'b_enc.npy', content: integers }]),
    zipBytes([{ name: 'a.npy', content: array, deflate: true }, { name: 'd/', content: new Uint8Array(0), mode: 0o040755 }, { name: 'd/ü.npy', content: fortran, flags: 0x800 }], { comment: 'note' }),
    zipBytes([{ name: 'a.npy', content: array, zip64: true }, { name: 'b.npy', content: fortran, zip64: true, deflate: true }]),
    zipBytes([]),
  ];
}

/** Sets the checksum of each directory record to that of the stored bytes it points to. */
export function repair(data: Buffer): Buffer {
  for (let at = data.indexOf(recordSignature); at >= 0 && at + 46 <= data.length; at = data.indexOf(recordSignature, at + 1)) {
    const local = data.readUInt32LE(at + 42);
    if (local + 30 > data.length) continue;
    const start = local + 30 + data.readUInt16LE(local + 26) + data.readUInt16LE(local + 28);
    data.writeUInt32LE(crc32(data.subarray(start, start + data.readUInt32LE(at + 20))), at + 16);
  }
  return data;
}

const recordSignature = Buffer.from('PK\x01\x02', 'latin1');
