/**
 * Opening a foreign ONNX file as a model: read, brought to our operator set, specialised to a plain forward pass,
 * typed, and with standard hook names where the exporter's module paths allow it.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { MechanistError } from '../../errors.ts';
import { decodeFile } from '../../graph/codec/decode.ts';
import type { DecodedModel } from '../../graph/codec/decode.ts';
import { importGraph } from '../../graph/import/importGraph.ts';
import { foldShapes } from '../../graph/import/fold.ts';
import { isPresent, withEmptyPast } from '../../graph/import/inputs.ts';
import { localizeShapes } from '../../graph/import/localize.ts';
import { traceTypes } from '../../graph/import/trace.ts';
import { unmergeBatch } from '../../graph/import/unmerge.ts';
import type { Graph } from '../../graph/ir.ts';
import { estimateMemory } from '../../runtime/memory.ts';
import { Program } from '../../runtime/program.ts';
import type { DType, Tensor } from '../../tensor.ts';
import { readJsonObject } from '../jsonFile.ts';
import type { JsonObject } from '../jsonFile.ts';
import { cachedModelId } from '../hub/cache.ts';
import type { Model } from '../model.ts';
import { ParameterStore } from '../parameters.ts';
import { nameHooks } from './nameHooks.ts';
import { mainInput, traceFeeds, withStandardSymbols } from './inputRoles.ts';
import { OnnxModel } from './onnxModel.ts';
import { pixelShapes } from './pixels.ts';
import { isHalf, widened, widenHalf } from './widen.ts';

/**
 * Opens an `.onnx` file. A `config.json` beside it (or above its folder `onnx`) is used for head counts and image sizes.
 * Errors: `not-found`, `parse` and `unsupported` naming the file and the node or field; `runtime` when the graph
 * cannot be executed.
 */
export async function openOnnx(file: string): Promise<Model> {
  const path = resolve(file);
  const folder = modelFolder(path);
  const config = await readJsonObject(join(folder, 'config.json'));
  try {
    const decoded = decodeFile(path);
    const { graph, promoted } = importGraph(decoded);
    const parameters = parametersOf(decoded.weights, promoted);
    const typed = await typedForward(widenHalf(graph), parameters, config);
    const named = nameHooks(typed, config);
    return new OnnxModel({ id: idOf(path, folder), source: path, parameters, ...named });
  } catch (error) {
    throw MechanistError.is(error) ? error.within(path) : error;
  }
}

/** The folder with config.json and tokenizer: the file's own, or the one above a folder that is called "onnx". */
function modelFolder(path: string): string {
  const folder = dirname(path);
  return basename(folder) === 'onnx' ? dirname(folder) : folder;
}

/** Weights stay in the file until they are read; half-precision ones are widened then. */
function parametersOf(weights: DecodedModel['weights'], promoted: ReadonlyMap<string, Tensor>): ParameterStore {
  const parameters = new ParameterStore();
  const declare = (name: string, dtype: DType, dims: readonly number[], load: () => Tensor): void =>
    parameters.declare(name, isHalf(dtype) ? 'float32' : dtype, dims, isHalf(dtype) ? () => widened(load()) : load);
  for (const [name, { dtype, dims, load }] of weights) declare(name, dtype, dims, load);
  for (const [name, value] of promoted) declare(name, value.dtype, value.dims, () => value);
  return parameters;
}

/** The graph as a plain forward pass, with the types of all its tensors. */
async function typedForward(graph: Graph, parameters: ParameterStore, config: JsonObject | undefined): Promise<Graph> {
  const main = mainInput(graph);
  const shaped = withStandardSymbols(graph, main, pixelShapes(graph, config));
  const plain = withEmptyPast(shaped, main);
  const kept = plain.outputs.filter((name) => !isPresent(name));
  const folded = foldShapes({ ...plain, outputs: kept.length > 0 ? kept : plain.outputs });
  const typed = await traceTypes(folded, (traced, feeds) => runOnce(traced, feeds, parameters), (sizes) => traceFeeds(folded, sizes));
  return localizeShapes(unmergeBatch(foldShapes(typed)));
}

/** Tracing uses a handful of positions; no real model needs more memory for that. */
const traceLimit = 2 ** 32;

async function runOnce(graph: Graph, feeds: ReadonlyMap<string, Tensor>, parameters: ParameterStore): Promise<Map<string, Tensor>> {
  if (estimateMemory(graph, feeds).activations > traceLimit) {
    throw new MechanistError('memory', 'A first run on the smallest inputs would need more than 4 GiB.', { hint: 'The sizes in this file are probably wrong.' });
  }
  const program = await Program.compile(graph, { optimization: 'disabled', threads: 1 });
  try {
    return await program.run(feeds, parameters);
  } finally {
    await program.release();
  }
}

/** `model.onnx` says nothing; then the folder names the model. */
function idOf(path: string, folder: string): string {
  const name = basename(path, '.onnx');
  return /^(model|decoder|encoder)/.test(name) ? (cachedModelId(folder) ?? basename(folder)) : name;
}
