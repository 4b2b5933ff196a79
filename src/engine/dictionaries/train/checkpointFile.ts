/** Training checkpoints on disk: one safetensors file, with everything that is not a tensor in its metadata. */
import { MechanistError } from '../../errors.ts';
import { parseJson } from '../../formats/json.ts';
import { openSafetensors } from '../../formats/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensorsWriter.ts';
import type { Tensor } from '../../tensor.ts';
import type { TrainingOptions } from './options.ts';
import type { TrainingCheckpoint } from './trainer.ts';

/** Writes a checkpoint with the options it belongs to; the file appears whole or not at all. */
export function writeCheckpoint(path: string, { tensors, ...rest }: TrainingCheckpoint, options: TrainingOptions): void {
  writeSafetensors(path, tensors, { metadata: { mechanist: JSON.stringify(rest), options: JSON.stringify(options) } });
}

/**
 * Reads a checkpoint. Errors: `not-found`; `parse` when it is none; `argument` when it was made with other options.
 */
export function readCheckpoint(path: string, options: TrainingOptions): TrainingCheckpoint {
  const file = openSafetensors(path);
  try {
    const made = fieldsOf(file.metadata.get('options'), path);
    for (const [name, value] of Object.entries(options)) {
      if (JSON.stringify(value) !== JSON.stringify(made[name])) {
        throw new MechanistError('argument', `The checkpoint was made with ${name} ${JSON.stringify(made[name])}, not ${JSON.stringify(value)}.`, { file: path, field: name });
      }
    }
    const { step, units, buffer, threshold } = fieldsOf(file.metadata.get('mechanist'), path);
    if (!isUnits(units) || !isBuffer(buffer) || !isCount(step) || (threshold !== undefined && typeof threshold !== 'number')) throw notACheckpoint(path);
    const tensors = new Map<string, Tensor>([...file.names()].map((name) => [name, file.read(name)]));
    return { step, units, buffer, threshold, tensors };
  } finally {
    file.close();
  }
}

function fieldsOf(text: string | undefined, path: string): Record<string, unknown> {
  if (text === undefined) throw notACheckpoint(path);
  // Parsed strictly once for its limits; the plain form is easier to compare with options.
  parseJson(text, { file: path });
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw notACheckpoint(path);
  return value as Record<string, unknown>;
}

function isUnits(value: unknown): value is TrainingCheckpoint['units'] {
  const { x, y } = (value ?? {}) as { x?: unknown; y?: unknown };
  return [x, y].every((list) => Array.isArray(list) && list.every((v) => typeof v === 'number' && v > 0));
}

function isBuffer(value: unknown): value is TrainingCheckpoint['buffer'] {
  const { chunk, offset, fill, used } = (value ?? {}) as Record<string, unknown>;
  return [chunk, offset, fill, used].every(isCount);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function notACheckpoint(path: string): MechanistError {
  return new MechanistError('parse', 'This is not a checkpoint of dictionary training.', { file: path });
}
