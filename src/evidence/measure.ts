/** Runs a method and makes the record that a finding keeps. */
import { setHash } from '../algorithmic/attributionGraph/featureLayers.ts';
import type { Transcoders } from '../algorithmic/attributionGraph/featureLayers.ts';
import type { Dictionary } from '../engine/dictionaries/dictionary.ts';
import { MechanistError, throwIfCancelled } from '../engine/errors.ts';
import type { EvidenceDraft } from '../notes/format/schema.ts';
import { resolveInputs } from './inputs.ts';
import type { ResolvedInput } from './inputs.ts';
import type { EvidenceMethod, Measurement, MethodContext, OpenedModel } from './method.ts';
import { rounded } from './numbers.ts';
import { checkParameters } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import { methodNamed, nameOf } from './registry.ts';

/** Where models come from: the command line opens them, the engine process has them open. */
export interface ModelProvider {
  /** Errors: `not-found` for a model that is not at hand. */
  open(id: string): Promise<OpenedModel>;
}

export interface MeasureRequest {
  /** `id@version`, or `id` for the latest. */
  readonly method: string;
  readonly models: readonly string[];
  /** By name in subject URIs, in the order of the models. */
  readonly dictionaries: readonly string[];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly seed: number;
}

export interface MeasureOptions {
  readonly provider: ModelProvider;
  /** Folder of the note, for inputs that are files. */
  readonly folder: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Time of the record; now, if not given. */
  readonly date?: string;
}

/** Errors: `argument` for a request that does not fit its method; `not-found` for models, dictionaries and files; those of the method; `cancelled`. */
export async function measure(request: MeasureRequest, options: MeasureOptions): Promise<EvidenceDraft> {
  const method = methodNamed(request.method);
  const parameters = checkParameters(method, request.parameters);
  const inputs = resolveInputs(method, request.inputs, options.folder);
  const used = await opening(method, request, options.provider);
  const { opened } = used;
  const found = await method.run(contextOf(used, inputs, parameters, request.seed, options));
  return {
    method: nameOf(method), date: options.date ?? `${new Date().toISOString().slice(0, 19)}Z`,
    models: opened.map(({ id, hash }) => ({ id, hash })),
    dictionaries: request.dictionaries.map((id, i) => ({ model: opened[i]!.id, id, hash: used.transcoders === undefined ? used.dictionaries[i]!.hash() : setHash(used.transcoders) })),
    inputs: { ...request.inputs }, parameters: { ...parameters }, seed: request.seed, ...numbersOf(found),
  };
}

/** The values of a measurement as a record keeps them. Errors: `runtime` when the model gave no finite number. */
function numbersOf({ metric, unit, value, interval, control, measures }: Measurement): Pick<EvidenceDraft, 'metric' | 'unit' | 'value' | 'interval' | 'control' | 'measures' | 'tolerance'> {
  const all = [value, ...(interval ?? []), ...(control === undefined ? [] : [control.value, ...(control.interval ?? [])]), ...Object.values(measures ?? {})];
  if (!all.every(Number.isFinite)) throw new MechanistError('runtime', 'The result is not a finite number.', { field: metric });
  const range = ([low, high]: readonly [number, number]): [number, number] => [rounded(low), rounded(high)];
  return {
    metric, ...(unit === undefined ? {} : { unit }), value: rounded(value), ...(interval === undefined ? {} : { interval: range(interval) }),
    ...(control === undefined ? {} : { control: { name: control.name, value: rounded(control.value), ...(control.interval === undefined ? {} : { interval: range(control.interval) }) } }),
    measures: Object.fromEntries(Object.entries(measures ?? {}).map(([name, number]) => [name, rounded(number)])),
    tolerance: usualTolerance(value),
  };
}

/** Another processor or number of threads sums in another order: a thousandth of the value, at least 0.0001. */
export function usualTolerance(value: number): number {
  return rounded(Math.max(1e-4, Math.abs(value) / 1000));
}

interface Opening {
  readonly opened: readonly OpenedModel[];
  readonly dictionaries: readonly Dictionary[];
  readonly transcoders: Transcoders | undefined;
}

async function opening(method: EvidenceMethod, { models, dictionaries }: MeasureRequest, provider: ModelProvider): Promise<Opening> {
  if (models.length !== method.models) throw new MechanistError('argument', `${method.id} takes ${method.models === 1 ? 'one model' : 'two models'}, not ${models.length}.`, { field: 'models' });
  const wanted = method.dictionary === false || (method.dictionary === 'optional' && dictionaries.length === 0) ? 0 : method.models;
  if (dictionaries.length !== wanted) throw new MechanistError('argument', `${method.id} takes ${wanted} dictionaries, not ${dictionaries.length}.`, { field: 'dictionaries' });
  const opened: OpenedModel[] = [];
  for (const id of models) opened.push(await provider.open(id));
  if (method.dictionary === 'set') return { opened, dictionaries: [], transcoders: await requireDictionary(opened[0]!, dictionaries[0]!, 'transcoders') };
  const found: Dictionary[] = [];
  for (const [i, id] of dictionaries.entries()) found.push(await requireDictionary(opened[i]!, id, 'dictionary'));
  return { opened, dictionaries: found, transcoders: undefined };
}

/** Errors: `not-found`. */
async function requireDictionary<K extends 'dictionary' | 'transcoders'>(model: OpenedModel, id: string, kind: K): Promise<K extends 'dictionary' ? Dictionary : Transcoders>;
async function requireDictionary(model: OpenedModel, id: string, kind: 'dictionary' | 'transcoders'): Promise<Dictionary | Transcoders> {
  const found = await model[kind](id);
  if (found === undefined) throw new MechanistError('not-found', `The model ${model.id} has no ${kind === 'dictionary' ? 'dictionary' : 'transcoders of all layers named'} "${id}".`, { field: 'dictionaries' });
  return found;
}

function contextOf(
  { opened: [model, other], dictionaries, transcoders }: Opening, inputs: ReadonlyMap<string, ResolvedInput>, parameters: Parameters, seed: number, { signal, onProgress }: MeasureOptions,
): MethodContext {
  const parameter = <T>(name: string, type: string): T | undefined => {
    const value: unknown = parameters[name];
    return typeof value === type ? (value as T) : undefined;
  };
  return {
    model: model!, other, dictionaries, transcoders, seed, signal,
    async step(done, total) {
      onProgress?.(done, total);
      await new Promise((resolve) => setImmediate(resolve));
      throwIfCancelled(signal);
    },
    progress: (done, total) => onProgress?.(done, total),
    text: (name) => inputs.get(name)?.text,
    file: (name) => inputs.get(name)!.file!,
    integer: (name) => parameter(name, 'number'),
    number: (name) => parameter(name, 'number'),
    word: (name) => parameter(name, 'string'),
    words: (name) => parameter(name, 'object'),
  };
}
