/** Tensors in the safetensors files that a command reads. */
import { openSafetensors } from '../engine/formats/safetensors.ts';
import type { Tensor } from '../engine/tensor.ts';

/** The tensors of a file whose names are wanted; floating-point ones widened to float32 where they are stored in half precision. */
export function readTensors(file: string, wanted: (name: string) => boolean): Map<string, Tensor> {
  const source = openSafetensors(file);
  try {
    return new Map([...source.names()].filter(wanted).map((name) => [name, widened(source, name)]));
  } finally {
    source.close();
  }
}

/** One tensor of a file. Errors: `not-found`. */
export function readTensor(file: string, name: string): Tensor {
  const source = openSafetensors(file);
  try {
    return widened(source, name);
  } finally {
    source.close();
  }
}

function widened(source: ReturnType<typeof openSafetensors>, name: string): Tensor {
  return ['float16', 'bfloat16', 'float8_e4m3fn', 'float8_e5m2'].includes(source.info(name).dtype) ? source.readFloat32(name) : source.read(name);
}
