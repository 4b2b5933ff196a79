/** What a model is run on: a text, an image, or tensors of a safetensors file. */
import { MechanistError } from '../engine/errors.ts';
import type { ValueType } from '../engine/graph/ir.ts';
import type { Model } from '../engine/models/model.ts';
import { descriptionFolder } from '../engine/models/openPath.ts';
import { loadImageProcessor } from '../engine/models/processor.ts';
import { loadTokenizer } from '../engine/models/tokenizer.ts';
import { i64, numbersOf } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';
import { UsageError } from './command.ts';
import type { Option, OptionValues } from './command.ts';
import { readTensors } from './files.ts';

export const inputOptions = {
  text: { type: 'string', value: 'TEXT', description: "Text to run on, through the model's tokenizer with its special tokens." },
  image: { type: 'string', value: 'FILE', description: "Image to run on, through the model's image processor." },
  inputs: { type: 'string', value: 'FILE', description: 'safetensors file with input_ids [batch, pos] (or pixel_values, …) and optionally attention_mask [batch, pos].' },
} as const satisfies Readonly<Record<string, Option>>;

export type Inputs = ReadonlyMap<string, Tensor>;

/** The inputs that `--text`, `--image` or `--inputs` give. Errors: `UsageError` unless exactly one way is used (text and image may go together). */
export async function modelInputs(model: Model, options: OptionValues): Promise<Inputs> {
  const [text, image, inputs] = [options.text('text'), options.text('image'), options.text('inputs')];
  if (inputs !== undefined) {
    if (text !== undefined || image !== undefined) throw new UsageError('--inputs cannot be combined with --text or --image.');
    return inputsFromFile(model, inputs);
  }
  if (text === undefined && image === undefined) throw new UsageError('Give --text, --image or --inputs.');
  return new Map([
    ...(text === undefined ? [] : await textInputs(model, text)),
    ...(image === undefined ? [] : await imageInputs(model, image)),
  ]);
}

/**
 * The tensors of a file that are inputs of the model, as the types the model takes.
 * Errors: `argument` when none of them is, or when a type cannot be converted.
 */
export function inputsFromFile(model: Model, file: string): Inputs {
  const accepted = model.graph().inputs;
  const tensors = readTensors(file, (name) => accepted.has(name));
  if (tensors.size === 0) {
    throw new MechanistError('argument', 'The file has no tensor that the model takes as input.', { file, hint: `It takes ${[...accepted.keys()].join(', ')}.` });
  }
  return new Map([...tensors].map(([name, value]) => [name, converted(value, accepted.get(name)!, file, name)]));
}

async function textInputs(model: Model, text: string): Promise<Inputs> {
  const tokenizer = await loadTokenizer(await descriptionFolder(model));
  const { ids } = tokenizer.encode(text);
  if (ids.length === 0) throw new MechanistError('argument', 'The text has no tokens.', { field: '--text' });
  return new Map([['input_ids', i64([1, ids.length], ids)]]);
}

async function imageInputs(model: Model, image: string): Promise<Inputs> {
  const processor = await loadImageProcessor(await descriptionFolder(model));
  return new Map([['pixel_values', await processor.process(image)]]);
}

function converted(value: Tensor, { dtype }: ValueType, file: string, name: string): Tensor {
  if (value.dtype === dtype) return value;
  const numbers = numbersOf(value);
  switch (dtype) {
    case 'int64': return { dtype, dims: value.dims, data: BigInt64Array.from(wholeNumbers(numbers, file, name), BigInt) };
    case 'int32': return { dtype, dims: value.dims, data: Int32Array.from(wholeNumbers(numbers, file, name)) };
    case 'bool': return { dtype, dims: value.dims, data: Uint8Array.from(numbers, (number) => (number === 0 ? 0 : 1)) };
    case 'float32': return { dtype, dims: value.dims, data: Float32Array.from(numbers) };
    case 'float64': return { dtype, dims: value.dims, data: Float64Array.from(numbers) };
    default: throw new MechanistError('argument', `The model takes ${dtype} here, not ${value.dtype}.`, { file, field: `tensor ${name}` });
  }
}

function wholeNumbers(numbers: ArrayLike<number>, file: string, name: string): number[] {
  return Array.from(numbers, (number) => {
    if (!Number.isSafeInteger(number)) throw new MechanistError('argument', `${number} is not a whole number.`, { file, field: `tensor ${name}` });
    return number;
  });
}
