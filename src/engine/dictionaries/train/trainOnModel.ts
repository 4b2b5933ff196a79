/** Training a dictionary on a model's activations from tokens to finished dictionary: what the CLI and the zoo call. */
import { existsSync } from 'node:fs';
import { MechanistError } from '../../errors.ts';
import type { Model } from '../../models/model.ts';
import type { CompileOptions } from '../../runtime/program.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Tensor } from '../../tensor.ts';
import type { CrossLayerTranscoder, Dictionary } from '../dictionary.ts';
import { readCheckpoint, writeCheckpoint } from './checkpointFile.ts';
import { modelActivations } from './modelActivations.ts';
import { trainingOptions } from './options.ts';
import type { TrainingRequest } from './options.ts';
import { trainedCrossLayer, trainedDictionary } from './result.ts';
import { DictionaryTrainer } from './trainer.ts';
import type { TrainingProgress } from './trainer.ts';

export interface ModelTrainingRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  /** int64 [contexts, positions] */
  readonly contexts: Tensor<'int64'>;
  /** One hook point for an autoencoder, input and output for a transcoder, lists of them for a cross-layer transcoder. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly training: Omit<TrainingRequest, 'dIn' | 'dOut' | 'nLayers' | 'kind'>;
  readonly id: string;
  /** Saved every `every` steps, on cancelling and at the end; an existing file is continued from. */
  readonly checkpoint?: { readonly file: string; readonly every: number };
  /** Memory for activations. Default 64 MiB. */
  readonly bufferBytes?: number;
  /** Contexts per run of the model. Default: about 2,048 positions. */
  readonly contextsPerRun?: number;
  readonly compile?: CompileOptions;
  readonly formulation?: 'sparse' | 'dense';
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  /** Ends the training after the step under way; what has been learned is returned. */
  readonly finish?: AbortSignal;
}

/**
 * Yields after every step and returns the dictionary. Errors: `argument` for unknown hooks or a checkpoint of another
 * training, `memory`, `cancelled` (after saving the checkpoint), `runtime` when the numbers diverge.
 */
export async function* trainOnModel(request: ModelTrainingRequest): AsyncGenerator<TrainingProgress, Dictionary | CrossLayerTranscoder> {
  const { model, runtime, contexts, inputs, outputs, checkpoint, signal } = request;
  if (inputs.length !== outputs.length || inputs.length === 0) throw new MechanistError('argument', 'There must be as many output hooks as input hooks.');
  const kind = inputs.length > 1 ? 'clt' : inputs[0] === outputs[0] ? 'sae' : 'transcoder';
  const seed = request.training.seed ?? 0;
  const source = modelActivations({
    model, runtime, inputs, outputs, contexts, seed,
    contextsPerRun: request.contextsPerRun ?? Math.max(1, Math.round(2048 / contexts.dims[1]!)),
  });
  const training = trainingOptions({ ...request.training, kind, dIn: source.xShape.at(-1)!, dOut: source.yShape.at(-1)!, nLayers: inputs.length });
  const resumed = checkpoint !== undefined && existsSync(checkpoint.file) ? readCheckpoint(checkpoint.file, training) : undefined;
  const trainer = await DictionaryTrainer.create({
    training, source,
    ...(request.bufferBytes === undefined ? {} : { bufferBytes: request.bufferBytes }),
    ...(request.compile === undefined ? {} : { compile: request.compile }),
    ...(request.formulation === undefined ? {} : { formulation: request.formulation }),
    ...(resumed === undefined ? {} : { checkpoint: resumed }),
    ...(signal === undefined ? {} : { signal }),
  });
  const save = (): void => {
    if (checkpoint !== undefined) writeCheckpoint(checkpoint.file, trainer.checkpoint(), training);
  };
  try {
    for await (const progress of trainer.run(signal)) {
      if (checkpoint !== undefined && progress.step % checkpoint.every === 0) save();
      yield progress;
      if (request.finish?.aborted) break;
    }
    save();
    const metadata = {
      model_name: model.id,
      context_size: contexts.dims[1],
      training: { ...training, inputs, outputs },
      ...request.metadata,
    };
    const parameters = trainer.parameters();
    return kind === 'clt'
      ? trainedCrossLayer(training, parameters, { id: request.id, metadata, hooks: { inputs, outputs } })
      : trainedDictionary(training, parameters, { id: request.id, metadata, hooks: { input: inputs[0], output: outputs[0] } });
  } catch (error) {
    if (MechanistError.is(error, 'cancelled')) save();
    throw error;
  } finally {
    await trainer.release();
  }
}
