/** Fuzz target: opening a safetensors file and reading every tensor of it. */
import { memorySource } from '../../src/engine/formats/byteSource.ts';
import { openSafetensors } from '../../src/engine/formats/safetensors.ts';
import { encodeSafetensors } from '../../src/engine/formats/safetensorsWriter.ts';
import { f32, i64 } from '../../src/engine/tensor.ts';
import { safetensorsBytes } from '../support/containers.ts';
import { onlyTypedErrors } from './target.ts';

export const fuzz = onlyTypedErrors((data) => {
  const file = openSafetensors(memorySource(data), { maxTensorBytes: 2 ** 20 });
  for (const name of file.names()) {
    file.read(name);
    file.readFloat32(name);
  }
});

export function seeds(): readonly Uint8Array[] {
  const eightBit = '{"a\\u0041":{"dtype":"F8_E4M3","shape":[2,1],"data_offsets":[0,2]},"b":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[2,3]},"c":{"dtype":"BF16","shape":[],"data_offsets":[3,5]}}  ';
  return [
    encodeSafetensors([['a', f32([2, 3], [1, 2, 3, 4, 5, 6])], ['blocks.0.W_Q', f32([0, 4], [])], ['ids', i64([3], [1, 2, 3])]], { metadata: { format: 'pt' } }),
    encodeSafetensors([['h', { dtype: 'float16', dims: [2], data: Uint16Array.of(0x3c00, 0x7c00) }], ['mask', { dtype: 'bool', dims: [1, 2], data: Uint8Array.of(0, 1) }]]),
    encodeSafetensors([['__proto__', f32([], [1])]]),
    safetensorsBytes(eightBit, Uint8Array.of(0x38, 0x7f, 0x3c, 0x80, 0x3f)),
    safetensorsBytes('{}'),
  ];
}

/** Sets the header length to where the JSON ends. */
export function repair(data: Buffer): Buffer {
  const end = data.lastIndexOf('}') + 1;
  if (end > 8) data.writeBigUInt64LE(BigInt(end - 8));
  return data;
}
