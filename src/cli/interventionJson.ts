/**
 * Interventions written as JSON on a command line or in a file:
 *
 *   [{"hook": "blocks.0.attn.hook_z", "kind": "zero", "where": {"head": [1], "position": -1}},
 *    {"hook": "blocks.1.hook_resid_pre", "kind": "add", "value": {"file": "steer.safetensors", "tensor": "direction"}}]
 *
 * One intervention may stand without the brackets, one index without a list. Values are numbers, nested lists of
 * numbers, or tensors of a safetensors file.
 */
import { MechanistError } from '../engine/errors.ts';
import { isJsonMap, parseJson } from '../engine/formats/json.ts';
import type { JsonArray, JsonMap, JsonValue } from '../engine/formats/json.ts';
import { checkIntervention, interventionKinds } from '../engine/interventions/intervention.ts';
import type { Intervention, InterventionKind, Selection } from '../engine/interventions/intervention.ts';
import { meanRules } from '../engine/interventions/meanAblation.ts';
import type { MeanRule } from '../engine/interventions/meanAblation.ts';
import { f32 } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';

/** Reads one tensor of a safetensors file. */
export type TensorReader = (file: string, tensor: string) => Tensor;

/** Reads interventions. Errors: `parse` for text that is not JSON, `argument` naming the offending field. */
export function parseInterventions(text: string, readTensor: TensorReader): Intervention[] {
  const json = parseJson(text, { field: '--intervene', maxDepth: 16 });
  const list = isList(json) ? json : [json];
  return list.map((item, i) => parseOne(item, `--intervene [${i}]`, readTensor));
}

const fields: ReadonlySet<string> = new Set(['hook', 'kind', 'where', 'value', 'over', 'seed']);
/** `feature` is the word for entries of a dictionary's latent axis. */
const selections: Readonly<Record<string, keyof Selection>> = { row: 'row', position: 'position', key: 'key', head: 'head', neuron: 'neuron', feature: 'neuron' };

const isList = (value: JsonValue): value is JsonArray => Array.isArray(value);

function parseOne(item: JsonValue, at: string, readTensor: TensorReader): Intervention {
  if (!isJsonMap(item)) throw malformed(at, 'An intervention is an object with "hook" and "kind".');
  const unknown = [...item.keys()].find((key) => !fields.has(key));
  if (unknown !== undefined) throw malformed(at, `"${unknown}" is not a field of an intervention; there are ${[...fields].join(', ')}.`);
  const [hook, kind, where, value, over, seed] = ['hook', 'kind', 'where', 'value', 'over', 'seed'].map((name) => item.get(name));
  if (typeof hook !== 'string' || hook === '') throw malformed(`${at}.hook`, 'The name of a hook point is missing.');
  if (!interventionKinds.includes(kind as InterventionKind)) throw malformed(`${at}.kind`, `The kind is one of ${interventionKinds.join(', ')}.`);
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw malformed(`${at}.seed`, 'The seed is an integer.');
  if (over !== undefined && !meanRules.includes(over as MeanRule)) throw malformed(`${at}.over`, `A mean is over ${meanRules.join(' or ')}.`);
  const intervention: Intervention = {
    hook,
    kind: kind as InterventionKind,
    ...(where === undefined ? {} : { where: parseWhere(where, `${at}.where`) }),
    ...(value === undefined ? {} : { value: parseValue(value, `${at}.value`, readTensor) }),
    ...(over === undefined ? {} : { over: over as MeanRule }),
    ...(seed === undefined ? {} : { seed: seed as number }),
  };
  checkIntervention(intervention);
  return intervention;
}

function parseWhere(where: JsonValue, at: string): Selection {
  if (!isJsonMap(where)) throw malformed(at, 'A selection is an object of index lists.');
  const selection: Partial<Record<keyof Selection, number[]>> = {};
  for (const [key, indices] of where) {
    const name = Object.hasOwn(selections, key) ? selections[key] : undefined;
    if (name === undefined) throw malformed(at, `"${key}" is not a way to select; there are ${Object.keys(selections).join(', ')}.`);
    const list = isList(indices) ? indices : [indices];
    if (list.length === 0 || !list.every((index) => Number.isSafeInteger(index))) throw malformed(`${at}.${key}`, 'An index is an integer; give one or a list.');
    selection[name] = list as number[];
  }
  return selection;
}

function parseValue(value: JsonValue, at: string, readTensor: TensorReader): number | Tensor {
  if (typeof value === 'number') return value;
  if (isList(value)) {
    const dims: number[] = [];
    for (let level: JsonValue | undefined = value; level !== undefined && isList(level); level = level[0]) dims.push(level.length);
    return f32(dims, flatten(value, dims, 0, at));
  }
  if (isJsonMap(value)) return readTensor(...reference(value, at));
  throw malformed(at, 'A value is a number, a list of numbers, or {"file", "tensor"}.');
}

function flatten(value: JsonValue, dims: readonly number[], level: number, at: string): number[] {
  if (level === dims.length && typeof value === 'number') return [value];
  if (!isList(value) || value.length !== dims[level]) throw malformed(at, 'The lists of a value have unequal lengths or hold something that is no number.');
  return value.flatMap((part) => flatten(part, dims, level + 1, at));
}

function reference(value: JsonMap, at: string): [file: string, tensor: string] {
  const [file, tensor] = [value.get('file'), value.get('tensor')];
  if (typeof file !== 'string' || typeof tensor !== 'string') throw malformed(at, 'A tensor is named by "file" and "tensor".');
  return [file, tensor];
}

function malformed(field: string, statement: string): MechanistError {
  return new MechanistError('argument', statement, { field });
}
