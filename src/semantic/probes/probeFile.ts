/** A probe as a safetensors file: its direction and bias, and in the metadata what it was trained on and how it scored. */
import { createHash } from 'node:crypto';
import { MechanistError } from '../../engine/errors.ts';
import type { ByteSource } from '../../engine/formats/byteSource.ts';
import { isJsonMap, parseJson } from '../../engine/formats/json.ts';
import type { JsonMap, JsonValue } from '../../engine/formats/json.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import { f32 } from '../../engine/tensor.ts';
import { widestHook } from './hook.ts';
import type { ProbeScores, TrainedProbe } from './train.ts';

/** What is known of a probe besides its numbers. */
export interface ProbeDescription {
  readonly name: string;
  readonly model: { readonly id: string; readonly hash: string };
  readonly hook: string;
  readonly variable: string;
  readonly question: string;
  /** The labels it was trained on: name and SHA-256. */
  readonly data: { readonly name: string; readonly hash: string };
  readonly examples: number;
  readonly seed: number;
  readonly trained: number;
  readonly penalty: number;
  readonly scores: ProbeScores;
}

export interface Probe extends ProbeDescription {
  readonly weights: Float32Array;
  readonly bias: number;
  /** SHA-256 over hook point, direction and bias. */
  readonly hash: string;
}

const format = 'mechanist-probe/1';
const limits = { metadata: 64 * 1024, name: 200, hook: 500 } as const;

/** Writes a probe. Errors: as `writeSafetensors`. */
export function saveProbe(file: string, { weights, bias, trained, penalty, scores }: TrainedProbe, about: Omit<ProbeDescription, 'trained' | 'penalty' | 'scores'>): void {
  const description: ProbeDescription = { ...about, trained, penalty, scores };
  writeSafetensors(file, [['weight', f32([weights.length], weights)], ['bias', f32([1], [bias])]], { metadata: { format, probe: JSON.stringify(description) } });
}

/** Errors: `not-found`; `parse` and `unsupported` naming tensor or field. */
export function readProbe(place: string | ByteSource): Probe {
  const source = openSafetensors(place);
  const { file } = source;
  try {
    const found = source.metadata.get('format');
    if (found !== format) throw new MechanistError(found?.startsWith('mechanist-probe/') === true ? 'unsupported' : 'parse', found === undefined ? 'This is not a probe.' : `This is not a probe of the format ${format}.`, { file, field: 'format' });
    const numbers = (name: string, most: number): Float32Array => {
      const entry = source.tensors.get(name);
      if (entry?.dtype !== 'float32' || entry.dims.length !== 1 || entry.dims[0]! < 1 || entry.dims[0]! > most) throw new MechanistError('parse', `Expected float32 with 1 to ${most} numbers.`, { file, field: `tensor ${name}` });
      const { data } = source.readFloat32(name);
      if (!data.every((value) => Number.isFinite(value))) throw new MechanistError('parse', 'Every number must be finite.', { file, field: `tensor ${name}` });
      return data;
    };
    const weights = numbers('weight', widestHook);
    const [bias] = numbers('bias', 1) as Float32Array & [number];
    const json = parseJson(source.metadata.get('probe') ?? 'null', { file, field: 'probe', maxBytes: limits.metadata, maxDepth: 6 });
    const description = descriptionOf(new Fields(json, file, 'probe'));
    const hash = createHash('sha256').update(`${description.hook}\n`).update(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength)).update(String(bias)).digest('hex');
    return { ...description, weights, bias, hash };
  } finally {
    source.close();
  }
}

/** Errors: `argument` for a probe that was trained on another model, whatever its name. */
export function requireModel({ name, model }: Pick<Probe, 'name' | 'model'>, present: { readonly id: string; readonly hash: string }, file: string): void {
  if (model.hash === present.hash) return;
  throw new MechanistError('argument', `The probe "${name}" was trained on ${model.id} (${model.hash.slice(0, 12)}), not on the model that is open, ${present.id} (${present.hash.slice(0, 12)}).`, {
    file, field: 'model hash', hint: 'Open that model, or train the probe again on this one.',
  });
}

function descriptionOf(fields: Fields): ProbeDescription {
  const [model, data, scores] = [fields.inside('model'), fields.inside('data'), fields.inside('scores')];
  const [control, shuffled, coordinate] = [scores.inside('control'), scores.inside('shuffled'), scores.inside('coordinate')];
  return {
    name: fields.text('name'), hook: fields.text('hook', limits.hook), variable: fields.text('variable'), question: fields.text('question'),
    model: { id: model.text('id'), hash: model.text('hash') }, data: { name: data.text('name'), hash: data.text('hash') },
    examples: fields.number('examples', 1), seed: fields.number('seed', 0), trained: fields.number('trained', 0), penalty: fields.number('penalty', 0),
    scores: {
      auroc: scores.share('auroc'), interval: scores.pair('interval'), accuracy: scores.share('accuracy'), majority: scores.share('majority'),
      control: { auroc: control.share('auroc'), accuracy: control.share('accuracy') }, selectivity: scores.number('selectivity', -1, 1),
      shuffled: { auroc: shuffled.share('auroc'), highest: shuffled.share('highest'), draws: shuffled.number('draws', 1) },
      coordinate: { index: coordinate.number('index', 0), sign: coordinate.number('sign', -1, 1) < 0 ? -1 : 1, auroc: coordinate.share('auroc') },
      positive: scores.number('positive', 0), negative: scores.number('negative', 0),
    },
  };
}

/** Members of one JSON object, checked as they are read. Errors: `parse` with the path of the member. */
class Fields {
  private readonly json: JsonMap;
  private readonly file: string;
  private readonly path: string;

  constructor(value: JsonValue | undefined, file: string, path: string) {
    if (!isJsonMap(value)) throw new MechanistError('parse', 'Expected an object.', { file, field: path });
    this.json = value;
    this.file = file;
    this.path = path;
  }

  inside(name: string): Fields {
    return new Fields(this.json.get(name), this.file, `${this.path}.${name}`);
  }

  text(name: string, most: number = limits.name): string {
    const value = this.json.get(name);
    if (typeof value !== 'string' || value === '' || value.length > most) throw this.problem(name, `Expected a text of 1 to ${most} characters.`);
    return value;
  }

  number(name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.json.get(name);
    if (typeof value !== 'number' || !(value >= least && value <= most)) throw this.problem(name, `Expected a number from ${least} to ${most}.`);
    return value;
  }

  share(name: string): number {
    return this.number(name, 0, 1);
  }

  pair(name: string): [number, number] {
    const value = this.json.get(name);
    const list: readonly JsonValue[] = Array.isArray(value) ? value : [];
    const [low, high] = list;
    if (list.length !== 2 || typeof low !== 'number' || typeof high !== 'number') throw this.problem(name, 'Expected two numbers.');
    return [low, high];
  }

  private problem(name: string, statement: string): MechanistError {
    return new MechanistError('parse', statement, { file: this.file, field: `${this.path}.${name}` });
  }
}
