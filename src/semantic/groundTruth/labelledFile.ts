/** Labelled text from a safetensors file, split into contexts to choose on and contexts to score on. */
import { MechanistError } from '../../engine/errors.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import type { SafetensorsFile } from '../../engine/formats/safetensors.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { notApplicable } from './variables.ts';
import type { LabelledText, LatentVariable } from './variables.ts';

export interface LabelledFile {
  readonly variables: readonly LatentVariable[];
  /** The contexts of even and of odd index. */
  readonly selection: LabelledText;
  readonly heldOut: LabelledText;
}

const tokens = 'input_ids';

/**
 * Reads `input_ids` (int64 [contexts, positions]) and one int64 tensor of the same shape per variable: the class of each
 * token from 0, or −1 where the variable does not apply. A variable with classes 0 and 1 is one yes/no question, any other
 * one question per class. Errors: `not-found`; `parse` naming the tensor.
 */
export function readLabelled(file: string): LabelledFile {
  const source = openSafetensors(file);
  try {
    const ids = read(source, tokens);
    const [contexts, positions] = ids.dims as [number, number];
    if (contexts < 2) throw new MechanistError('parse', 'Expected at least two contexts, one to choose on and one to score on.', { file, field: `tensor ${tokens}` });
    const names = [...source.names()].filter((name) => name !== tokens);
    if (names.length === 0) throw new MechanistError('parse', `Expected a tensor of classes per variable beside ${tokens}.`, { file });
    const columns = names.map((name) => {
      const values = read(source, name);
      if (values.dims.join() !== ids.dims.join()) throw new MechanistError('parse', `Expected shape [${ids.dims.join(', ')}], got [${values.dims.join(', ')}].`, { file, field: `tensor ${name}` });
      return codesOf(values, name, file);
    });
    const half = (parity: number): LabelledText => {
      const chosen = Array.from({ length: contexts }, (_, context) => context).filter((context) => context % 2 === parity);
      const data = new BigInt64Array(chosen.length * positions);
      chosen.forEach((context, i) => data.set(ids.data.subarray(context * positions, (context + 1) * positions), i * positions));
      const part = (codes: Uint8Array): Uint8Array => {
        const kept = new Uint8Array(chosen.length * positions);
        chosen.forEach((context, i) => kept.set(codes.subarray(context * positions, (context + 1) * positions), i * positions));
        return kept;
      };
      return { contexts: { dtype: 'int64', dims: [chosen.length, positions], data }, codes: new Map(columns.map(({ name, codes }) => [name, part(codes)])) };
    };
    return { variables: columns.map(({ name, classes }) => variableOf(name, classes)), selection: half(0), heldOut: half(1) };
  } finally {
    source.close();
  }
}

function read(source: SafetensorsFile, name: string): Tensor<'int64'> {
  const value = source.has(name) ? source.read(name) : undefined;
  if (value?.dtype !== 'int64' || value.dims.length !== 2) {
    throw new MechanistError('parse', 'Expected int64 [contexts, positions].', { file: source.file, field: `tensor ${name}` });
  }
  return value as Tensor<'int64'>;
}

function codesOf({ data }: Tensor<'int64'>, name: string, file: string): { name: string; codes: Uint8Array; classes: number } {
  let classes = 0;
  const codes = Uint8Array.from(data, (value) => {
    const code = Number(value);
    if (code < -1 || code >= notApplicable) throw new MechanistError('parse', `Classes run from 0 to ${notApplicable - 1}, and -1 means "does not apply"; found ${value}.`, { file, field: `tensor ${name}` });
    classes = Math.max(classes, code + 1);
    return code === -1 ? notApplicable : code;
  });
  return { name, codes, classes };
}

function variableOf(name: string, count: number): LatentVariable {
  const classes = Array.from({ length: count }, (_, c) => String(c));
  const questions = count === 2 ? [{ name: 'yes', classes: [1] }] : classes.map((label, c) => ({ name: `= ${label}`, classes: [c] }));
  return { name, classes, questions };
}
