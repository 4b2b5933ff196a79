/** Opening the model that a command names. */
import type { Model } from '../engine/models/model.ts';
import { openModelAt } from '../engine/models/openPath.ts';
import type { OptionValues, Output } from './command.ts';
import { locateModel } from './locateModel.ts';

/** Errors: those of `locateModel` and of the readers of model folders and ONNX files. */
export async function openModel(name: string, options: OptionValues, output: Output, signal: AbortSignal): Promise<Model> {
  return openModelAt(await locateModel(name, {
    download: options.flag('download'), revision: options.text('revision'), note: (text) => output.note(text), signal,
  }));
}
