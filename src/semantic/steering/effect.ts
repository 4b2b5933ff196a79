/** What a change of one feature does to the next token and to the text that follows, beside no change and a random direction of equal norm. */
import { throwIfCancelled } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { int } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { requireCausal } from '../../engine/models/causal.ts';
import type { Model } from '../../engine/models/model.ts';
import { Random } from '../../engine/random.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { i64 } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { FeatureSource } from '../store/source.ts';
import { activationOutput, addedOutput, steeringProgram } from './steer.ts';
import type { FeatureAction } from './steer.ts';

export interface EffectRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly source: FeatureSource;
  /** Token ids of the text, special ones included. */
  readonly ids: readonly number[];
  readonly feature: number;
  readonly action: FeatureAction;
  /** Positions of `ids` that are changed; left out: all, and every token of the continuation. */
  readonly positions?: readonly number[];
  /** Tokens to continue by; fewer when the model's context is full or it ends the text. */
  readonly continuation: number;
  /** 0 takes the likeliest token; above, all three continuations are drawn with the same random numbers. */
  readonly temperature: number;
  readonly seed: number;
  readonly endOfText?: number | undefined;
  readonly signal?: AbortSignal;
}

export interface EffectRun {
  /** Log-probabilities of the next token, nats, by id. */
  readonly logProbabilities: Float32Array;
  /** KL(unchanged ‖ this), nats. */
  readonly kl: number;
  readonly continuation: readonly number[];
}

export interface Effect {
  /** The feature's activation before the change [ids]. */
  readonly activations: Float32Array;
  readonly default: EffectRun;
  readonly changed: EffectRun;
  readonly random: EffectRun;
  /** Largest norm of what is added at a position; the random direction has the same. */
  readonly norm: number;
}

const variants = ['default', 'changed', 'random'] as const;

/** Yields after every run. Errors: `unsupported` for a model that does not predict the next token; those of `steeringProgram`. */
export async function* featureEffect(request: EffectRequest): AsyncGenerator<void, Effect> {
  const { model, runtime, source, ids, feature, action, positions, temperature, seed, signal } = request;
  requireCausal(model, 'the effect on it');
  const program = steeringProgram(model, source);
  const outputs = lastLogProbabilities(program.graph, model, [activationOutput, addedOutput]);
  const plain = lastLogProbabilities(model.graph(), model, []);
  const changedAt = positions === undefined ? undefined : new Set(positions);
  const run = async (variant: (typeof variants)[number], sequence: readonly number[]): Promise<Map<string, Tensor>> => {
    const feeds = new Map(model.feeds(new Map([['input_ids', i64([1, sequence.length], sequence)]])));
    if (variant === 'default') return runtime.run(plain, feeds, model.parameters);
    const where = Float32Array.from(sequence, (_, position) => (changedAt?.has(position) ?? true ? 1 : 0));
    for (const [name, value] of program.feeds(feature, action, where, [1, sequence.length], variant === 'random' ? { seed } : undefined)) feeds.set(name, value);
    return runtime.run(outputs, feeds, program.parameters);
  };
  const runs = {} as Record<(typeof variants)[number], EffectRun>;
  let [activations, norm] = [new Float32Array(ids.length), 0];
  const longest = Math.min(request.continuation, (model.config?.nCtx ?? Infinity) - ids.length);
  for (const variant of variants) {
    const random = new Random(seed);
    const sequence = [...ids];
    let first: Float32Array | undefined;
    for (let step = 0; step <= Math.max(0, longest); step++) {
      throwIfCancelled(signal);
      const results = await run(variant, sequence);
      const logProbabilities = results.get(logOutput)!.data as Float32Array;
      if (first === undefined) {
        first = logProbabilities.slice();
        if (variant === 'changed') {
          activations = (results.get(activationOutput)!.data as Float32Array).slice();
          norm = (results.get(addedOutput)!.data as Float32Array).reduce((a, b) => Math.max(a, b), 0);
        }
      }
      yield;
      if (step === longest || longest <= 0) break;
      const next = drawn(logProbabilities, temperature, random);
      sequence.push(next);
      if (next === request.endOfText) break;
    }
    runs[variant] = { logProbabilities: first!, kl: divergence(variant === 'default' ? first! : runs.default.logProbabilities, first!), continuation: sequence.slice(ids.length) };
  }
  return { activations, norm, ...runs };
}

const logOutput = 'steering/log_probabilities';

function lastLogProbabilities(graph: Graph, model: Model, others: readonly string[]): Graph {
  const b = new GraphBuilder(graph);
  const last = b.slice(model.output, 1, -1);
  b.node('LogSoftmax', [last], { attributes: { axis: int(-1) }, outputs: [logOutput] });
  return b.build([logOutput, ...others]);
}

function drawn(logProbabilities: Float32Array, temperature: number, random: Random): number {
  let best = 0;
  logProbabilities.forEach((value, id) => { if (value > logProbabilities[best]!) best = id; });
  if (temperature <= 0) return best;
  const weights = logProbabilities.map((value) => Math.exp((value - logProbabilities[best]!) / temperature));
  let left = random.uniform() * weights.reduce((a, b) => a + b, 0);
  for (let id = 0; id < weights.length; id++) {
    left -= weights[id]!;
    if (left < 0) return id;
  }
  return best;
}

function divergence(p: Float32Array, q: Float32Array): number {
  let sum = 0;
  p.forEach((value, id) => { sum += Math.exp(value) * (value - q[id]!); });
  return Math.max(0, sum);
}
