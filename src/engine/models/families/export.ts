/** Saving a model as an ordinary Hugging Face folder, by reading the family's weight map backwards. */
import { join } from 'node:path';
import { MechanistError } from '../../errors.ts';
import { makeFolder, writeFileAtomically } from '../../formats/atomicFile.ts';
import { float32ToFloat16 } from '../../formats/half.ts';
import type { JsonValue } from '../../formats/json.ts';
import { writeSafetensors } from '../../formats/safetensorsWriter.ts';
import { elementCount } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { FamilyModel } from './familyModel.ts';
import { packInto, unpack } from './weightLayout.ts';
import type { WeightSource } from './weights.ts';

export interface ExportOptions {
  /** Storage type of the weights. Default `float32`. */
  readonly dtype?: 'float16' | 'float32';
}

/**
 * Writes `config.json` and `model.safetensors`; the folder is made if need be. The tokenizer is not part of a model.
 * Errors: `argument` when parameters that one stored tensor holds (tied embeddings) disagree; as `writeFileAtomically`.
 */
export function exportHuggingFace(model: FamilyModel, folder: string, { dtype = 'float32' }: ExportOptions = {}): void {
  const tensors = storedTensors(model).map(([name, value]): [string, Tensor] => (
    [name, dtype === 'float16' ? { dtype, dims: value.dims, data: float32ToFloat16(value.data) } : value]
  ));
  const config = plainJson(model.json) as Record<string, unknown>;
  makeFolder(folder);
  writeFileAtomically(join(folder, 'config.json'), [Buffer.from(`${JSON.stringify({ ...config, torch_dtype: dtype }, undefined, 2)}\n`)]);
  writeSafetensors(join(folder, 'model.safetensors'), tensors, { metadata: { format: 'pt' } });
}

function storedTensors(model: FamilyModel): [string, Tensor<'float32'>][] {
  const sources = new Map<string, [string, WeightSource][]>();
  for (const [parameter, source] of model.definition.weights) sources.set(source.from, [...(sources.get(source.from) ?? []), [parameter, source]]);
  return Array.from(sources, ([name, parts]) => {
    const { stored } = parts[0]![1];
    const data = new Float32Array(elementCount(stored));
    for (const [parameter, source] of parts) packInto(data, valuesOf(model, parameter), source);
    for (const [parameter, source] of parts) checkAgreement(model, parameter, unpack(data, source), name);
    return [name, { dtype: 'float32', dims: stored, data }];
  });
}

/** Rounding of a scaled or shifted parameter is not a disagreement. */
const tolerance = 1e-6;

function checkAgreement(model: FamilyModel, parameter: string, restored: Float32Array, name: string): void {
  const values = valuesOf(model, parameter);
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]! - restored[i]!) <= tolerance * Math.max(1, Math.abs(values[i]!)))) {
      throw new MechanistError('argument', `This parameter differs from another that is also stored in ${name}.`, { field: `parameter ${parameter}` });
    }
  }
}

function valuesOf(model: FamilyModel, parameter: string): Float32Array {
  return model.parameters.get(parameter).data as Float32Array;
}

function plainJson(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([key, entry]) => [key, plainJson(entry)]));
  return Array.isArray(value) ? value.map(plainJson) : value;
}
