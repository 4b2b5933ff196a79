/** Opening a model that is given by its place: a folder with weights, a folder with an ONNX export, or an ONNX file. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MechanistError } from '../errors.ts';
import { openHuggingFace } from './huggingface.ts';
import type { Model } from './model.ts';
import { openOnnx } from './onnx/openOnnx.ts';
import { loadTokenizer } from './tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Errors: those of `openHuggingFace` and `openOnnx`. */
export async function openModelAt(path: string): Promise<Model> {
  const file = await onnxFileAt(path);
  return file === undefined ? openHuggingFace(path) : openOnnx(file);
}

/** The ONNX file that `openModelAt` would read: the path itself, or the export in a folder that has no weights of its own. */
export async function onnxFileAt(path: string): Promise<string | undefined> {
  if (!(await stat(path)).isDirectory()) return path;
  for (const name of ['model.safetensors', 'model.safetensors.index.json']) if (await isFile(join(path, name))) return undefined;
  for (const name of ['onnx/model.onnx', 'model.onnx']) if (await isFile(join(path, name))) return join(path, name);
  return undefined;
}

/** The folder with the tokenizer and other descriptions of a model. Exports for transformers.js have the file in `onnx/`. */
export async function descriptionFolder(model: Model): Promise<string> {
  if ((await stat(model.source)).isDirectory()) return model.source;
  const folder = dirname(model.source);
  return basename(folder) === 'onnx' ? join(folder, '..') : folder;
}

/** The tokenizer of a model, or undefined when it has none. Errors: `parse`, `unsupported`, `memory` for one that cannot be used. */
export async function tokenizerOf(model: Model): Promise<Tokenizer | undefined> {
  try {
    return await loadTokenizer(await descriptionFolder(model));
  } catch (error) {
    // Token ids can be given without one; who needs a text says what is missing.
    if (MechanistError.is(error, 'not-found')) return undefined;
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then((status) => status.isFile(), () => false);
}
