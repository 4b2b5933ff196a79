/** Opening the model that a command names. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openHuggingFace } from '../engine/models/huggingface.ts';
import type { Model } from '../engine/models/model.ts';
import { openOnnx } from '../engine/models/onnx/openOnnx.ts';
import type { OptionValues, Output } from './command.ts';
import { locateModel } from './locateModel.ts';

/** Errors: those of `locateModel` and of the readers of model folders and ONNX files. */
export async function openModel(name: string, options: OptionValues, output: Output, signal: AbortSignal): Promise<Model> {
  const place = await locateModel(name, {
    download: options.flag('download'), revision: options.text('revision'), note: (text) => output.note(text), signal,
  });
  if (!(await stat(place)).isDirectory()) return openOnnx(place);
  const exported = await exportIn(place);
  return exported === undefined ? openHuggingFace(place) : openOnnx(exported);
}

/** The ONNX file of a folder that has no weights of its own, as exports for transformers.js are laid out. */
async function exportIn(folder: string): Promise<string | undefined> {
  for (const name of ['model.safetensors', 'model.safetensors.index.json']) if (await isFile(join(folder, name))) return undefined;
  for (const name of ['onnx/model.onnx', 'model.onnx']) if (await isFile(join(folder, name))) return join(folder, name);
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then((status) => status.isFile(), () => false);
}
