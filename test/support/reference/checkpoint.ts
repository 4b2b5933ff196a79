/**
 * A random checkpoint that comes into being as a reference asks for tensors by their Hugging Face names and shapes.
 * Saved as an ordinary folder, it shows whether the engine reads the same names, shapes and layouts.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { f32 } from '../../../src/engine/tensor.ts';
import type { Tensor } from '../../../src/engine/tensor.ts';
import { normal } from '../random.ts';

export class RandomCheckpoint {
  readonly tensors = new Map<string, Tensor<'float32'>>();
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Values around 0 with a spread that keeps activations near 1; one-dimensional weights lie around `centre`. */
  get(name: string, dims: readonly number[], centre = 0): Tensor<'float32'> {
    const known = this.tensors.get(name);
    if (known !== undefined) {
      if (known.dims.join() !== dims.join()) throw new Error(`${name} asked for as [${dims.join()}] and as [${known.dims.join()}]`);
      return known;
    }
    const count = dims.reduce((a, b) => a * b, 1);
    const spread = dims.length === 2 ? 0.9 / Math.sqrt(dims[1]!) : 0.3;
    const seed = [...name].reduce((hash, character) => (Math.imul(hash, 31) + character.charCodeAt(0)) | 0, this.seed);
    const value = f32(dims, normal(count, seed).map((x) => centre + spread * x));
    this.tensors.set(name, value);
    return value;
  }

  /** Writes config.json and model.safetensors into a new temporary folder and returns its path. */
  save(config: Readonly<Record<string, unknown>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'mechanist-family-'));
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    writeSafetensors(join(folder, 'model.safetensors'), this.tensors);
    return folder;
  }
}
