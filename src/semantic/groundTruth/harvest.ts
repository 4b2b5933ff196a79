/** Activations of hook points and dictionaries over labelled text: one run of the model per few contexts. */
import { MechanistError, throwIfCancelled } from '../../engine/errors.ts';
import { withDictionaries } from '../../engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { appendEncode } from '../../engine/dictionaries/encode.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { unknownHook } from '../../engine/models/hookPattern.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Activations } from './columns.ts';
import { SparseCollector } from './columns.ts';

export interface HarvestRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  /** int64 [contexts, positions] */
  readonly contexts: Tensor<'int64'>;
  /** Hook points whose activations are kept in full. */
  readonly hooks: readonly string[];
  readonly dictionaries: readonly Dictionary[];
  readonly signal?: AbortSignal;
}

export interface Harvest {
  /** By hook: token-major activations [tokens, d], heads concatenated. */
  readonly dense: ReadonlyMap<string, Float32Array>;
  /** By dictionary id. */
  readonly features: ReadonlyMap<string, Activations>;
}

const tokensPerRun = 2048;

/** Errors: `argument` for hook points the model lacks and dictionaries without one; `cancelled`. */
export async function harvest({ model, runtime, contexts, hooks, dictionaries, signal }: HarvestRequest): Promise<Harvest> {
  const known = model.hookPoints().map(({ name }) => name);
  const b = new GraphBuilder(model.graph());
  const hookOutputs = hooks.map((hook) => {
    if (!known.includes(hook)) throw unknownHook(hook, known);
    return b.identity(hook, `harvest/hook/${hook}`);
  });
  const featureOutputs = dictionaries.map((dictionary) => {
    const { input } = dictionary.hooks;
    if (input === undefined) throw new MechanistError('argument', 'The dictionary does not say which hook point it reads.', { field: `dictionary ${dictionary.id}` });
    if (!known.includes(input)) throw unknownHook(input, known);
    return b.identity(appendEncode(b, dictionary, input).acts, `harvest/features/${dictionary.id}`);
  });
  const graph = b.build([...hookOutputs, ...featureOutputs]);
  const parameters = withDictionaries(model.parameters, dictionaries);
  const [count, positions] = contexts.dims as [number, number];
  const collectors = dictionaries.map(({ nLatents }) => new SparseCollector(nLatents));
  const dense = new Map<string, Float32Array>();
  const perRun = Math.max(1, Math.floor(tokensPerRun / positions));
  for (let from = 0; from < count; from += perRun) {
    throwIfCancelled(signal);
    const rows = Math.min(perRun, count - from);
    const ids: Tensor = { dtype: 'int64', dims: [rows, positions], data: contexts.data.subarray(from * positions, (from + rows) * positions) };
    const results = await runtime.run(graph, model.feeds(new Map([['input_ids', ids]])), parameters);
    const read = (name: string): Float32Array => results.get(name)!.data as Float32Array;
    hooks.forEach((hook, i) => {
      const values = read(hookOutputs[i]!);
      const width = values.length / (rows * positions);
      if (!dense.has(hook)) dense.set(hook, new Float32Array(count * positions * width));
      dense.get(hook)!.set(values, from * positions * width);
    });
    collectors.forEach((collector, i) => collector.add(read(featureOutputs[i]!)));
  }
  return { dense, features: new Map(dictionaries.map(({ id }, i) => [id, collectors[i]!.finish()])) };
}
