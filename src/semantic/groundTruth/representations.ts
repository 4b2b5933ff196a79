/** A dictionary's latents beside what they are compared with: neurons, principal directions, a random dictionary. */
import { MechanistError } from '../../engine/errors.ts';
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { denseActivations } from './columns.ts';
import type { Activations } from './columns.ts';
import { harvest } from './harvest.ts';
import type { Harvest } from './harvest.ts';
import { principalDirections, project } from './principal.ts';
import { randomDictionary } from './randomDictionary.ts';
import type { Representation } from './score.ts';
import type { LabelledText } from './variables.ts';

export interface RepresentationsRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly dictionary: Dictionary;
  readonly selection: LabelledText;
  readonly heldOut: LabelledText;
  /** Hook point whose coordinates are the neurons; without it, and without `controls`, only the latents are returned. */
  readonly neurons?: string;
  readonly controls?: boolean;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface Representations {
  /** Token-major activations [tokens, d] of the dictionary's hook point. */
  readonly hook: { readonly selection: Float32Array; readonly heldOut: Float32Array; readonly d: number };
  /** `latents`, and where asked for `neurons`, `principal`, `random`. */
  readonly representations: ReadonlyMap<string, Representation>;
}

/** Errors: `argument` for hook points the model lacks; `cancelled`. */
export async function representationsOf(request: RepresentationsRequest): Promise<Representations> {
  const { model, runtime, dictionary, selection, heldOut, neurons, controls = false, seed, signal } = request;
  const hookName = dictionary.hooks.input;
  if (hookName === undefined) throw new MechanistError('argument', 'The dictionary does not say which hook point it reads.', { field: `dictionary ${dictionary.id}` });
  const of = (text: LabelledText, hooks: readonly string[], dictionaries: readonly Dictionary[]): Promise<Harvest> =>
    harvest({ model, runtime, contexts: text.contexts, hooks, dictionaries, ...(signal === undefined ? {} : { signal }) });
  const hooks = [hookName, ...(neurons === undefined ? [] : [neurons])];
  const [fitted, tested] = [await of(selection, hooks, [dictionary]), await of(heldOut, hooks, [dictionary])];
  const d = dictionary.dIn;
  const [x, y] = [fitted.dense.get(hookName)!, tested.dense.get(hookName)!];
  const representations = new Map<string, Representation>([['latents', paired(fitted.features.get(dictionary.id)!, tested.features.get(dictionary.id)!)]]);
  if (neurons !== undefined) {
    const width = (harvested: Harvest, text: LabelledText): Activations => {
      const data = harvested.dense.get(neurons)!;
      return denseActivations(data, data.length / text.contexts.data.length, true);
    };
    representations.set('neurons', paired(width(fitted, selection), width(tested, heldOut)));
  }
  if (controls) {
    const principal = principalDirections(withoutFirst(x, d, selection.contexts.dims[1]!), d);
    representations.set('principal', paired(denseActivations(project(principal, x), d, true), denseActivations(project(principal, y), d, true)));
    const random = randomDictionary(dictionary, meanActive(fitted.features.get(dictionary.id)!), principal.mean, seed);
    const [left, right] = [await of(selection, [], [random]), await of(heldOut, [], [random])];
    representations.set('random', paired(left.features.get(random.id)!, right.features.get(random.id)!));
  }
  return { hook: { selection: x, heldOut: y, d }, representations };
}

/** Leaves out the first token of every context, whose activations are huge in many models. */
function withoutFirst(data: Float32Array, d: number, positions: number): Float32Array {
  const contexts = data.length / (d * positions);
  const kept = new Float32Array(contexts * (positions - 1) * d);
  for (let context = 0; context < contexts; context++) {
    kept.set(data.subarray((context * positions + 1) * d, (context + 1) * positions * d), context * (positions - 1) * d);
  }
  return kept;
}

function paired(selection: Activations, heldOut: Activations): Representation {
  return { selection, heldOut };
}

/** Latents active per token, rounded. */
function meanActive(activations: Activations): number {
  let active = 0;
  for (let feature = 0; feature < activations.width; feature++) active += activations.column(feature).rows.length;
  return Math.max(1, Math.round(active / activations.rows));
}
