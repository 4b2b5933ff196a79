/**
 * Tuned lens: an affine translator for each stream before the readout (Belrose et al. 2023; algorithms reference §2).
 *
 *   p_l = softmax(U(h + h A_l + b_l)),  U = final norm and unembedding
 *
 * With A = 0 and b = 0 it is the logit lens.
 */
import { join } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { makeFolder, writeFileAtomically } from '../../engine/formats/atomicFile.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import type { GraphBuilder } from '../../engine/graph/builder.ts';
import { readJsonObject } from '../../engine/models/jsonFile.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Feeds } from '../../engine/runtime/program.ts';
import type { Tensor } from '../../engine/tensor.ts';

export interface Translator {
  /** [d, d]. */
  readonly matrix: Tensor<'float32'>;
  /** [d]. */
  readonly bias: Tensor<'float32'>;
}

export interface TunedLens {
  /** By hook. */
  readonly translators: ReadonlyMap<string, Translator>;
}

const matrixInput = 'lens/matrix';
const biasInput = 'lens/bias';

/** Declares a translator as inputs and applies it to a stream [b,p,d]. */
export function appendTranslator(b: GraphBuilder, stream: string): string {
  const width = b.shapeOf(stream).at(-1)!;
  const moved = b.matmul(stream, b.input(matrixInput, 'float32', [width, width]));
  return b.add(stream, b.add(moved, b.input(biasInput, 'float32', [width])));
}

export function translatorFeeds({ matrix, bias }: Translator): Feeds {
  return new Map<string, Tensor>([[matrixInput, matrix], [biasInput, bias]]);
}

/** Writes a lens to a folder: the translators, and which model they are for. */
export async function saveTunedLens(folder: string, lens: TunedLens, model: Model): Promise<void> {
  makeFolder(folder);
  writeSafetensors(join(folder, weightsFile), [...lens.translators].flatMap(([hook, { matrix, bias }]): [string, Tensor][] => [[`${hook}/matrix`, matrix], [`${hook}/bias`, bias]]));
  writeFileAtomically(join(folder, settingsFile), [Buffer.from(`${JSON.stringify({ kind: 'tuned_lens', model: model.id, model_hash: await model.hash(), hooks: [...lens.translators.keys()] }, undefined, 2)}\n`)]);
}

/** Errors: `not-found`; `parse` for other files; `argument` for a lens of another model. */
export async function loadTunedLens(folder: string, model: Model): Promise<TunedLens> {
  const file = join(folder, settingsFile);
  const settings = await readSettings(file);
  if (settings.hash !== await model.hash()) {
    throw new MechanistError('argument', `This lens was trained for ${settings.model}, or for other weights of it, not for ${model.id}.`, { file, hint: 'Train one for this model.' });
  }
  const source = openSafetensors(join(folder, weightsFile));
  try {
    const width = model.config?.dModel;
    return { translators: new Map(settings.hooks.map((hook) => {
      const [matrix, bias] = [source.read(`${hook}/matrix`), source.read(`${hook}/bias`)] as [Tensor<'float32'>, Tensor<'float32'>];
      if (matrix.dtype !== 'float32' || bias.dtype !== 'float32' || matrix.dims.join() !== `${width},${width}` || bias.dims.join() !== `${width}`) {
        throw new MechanistError('parse', `A translator has shape [${matrix.dims.join(', ')}] and [${bias.dims.join(', ')}].`, { file: join(folder, weightsFile), field: hook });
      }
      return [hook, { matrix, bias }];
    })) };
  } finally {
    source.close();
  }
}

const weightsFile = 'translators.safetensors';
const settingsFile = 'tuned_lens.json';

async function readSettings(file: string): Promise<{ model: string; hash: string; hooks: string[] }> {
  const json = await readJsonObject(file);
  if (json === undefined) throw new MechanistError('not-found', 'There is no tuned lens in this folder.', { file });
  const { kind, model, model_hash: hash, hooks } = json;
  if (kind !== 'tuned_lens' || typeof model !== 'string' || typeof hash !== 'string' || !Array.isArray(hooks) || !hooks.every((hook) => typeof hook === 'string')) {
    throw new MechanistError('parse', 'This is not the description of a tuned lens.', { file });
  }
  return { model, hash, hooks };
}
