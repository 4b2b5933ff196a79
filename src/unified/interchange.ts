/**
 * Interchange interventions (Geiger et al. 2021, 2024): a part of the model takes the value that it has on another prompt, and
 * the behaviour is watched. If the part carries the variable in which the two prompts differ, the answer follows the prompt that
 * the value comes from. The part is a component (a hook point, some of its heads, positions or neurons), or what a dictionary's
 * feature adds to its hook point; then the feature's activation at each token is exchanged and everything else stays.
 */
import { metricPerPrompt } from '../algorithmic/metricRuns.ts';
import { withDictionaries } from '../engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../engine/dictionaries/dictionary.ts';
import { spliceDictionary } from '../engine/dictionaries/splice.ts';
import { MechanistError } from '../engine/errors.ts';
import type { Graph } from '../engine/graph/ir.ts';
import { prune } from '../engine/graph/prune.ts';
import { intervene } from '../engine/interventions/intervene.ts';
import type { Intervention, Selection } from '../engine/interventions/intervention.ts';
import type { Metric } from '../engine/metrics/parse.ts';
import type { Model } from '../engine/models/model.ts';
import type { ParameterSource } from '../engine/runtime/program.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { f32 } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';

export interface Opened {
  readonly model: Model;
  readonly runtime: Runtime;
}

/** Prompts in rows, base and source aligned; the metric tells the two answers apart by its sign. */
export interface Exchange {
  readonly base: ReadonlyMap<string, Tensor>;
  readonly source: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
}

export type Part =
  | { readonly kind: 'component'; readonly hook: string; readonly where: Selection }
  | { readonly kind: 'feature'; readonly dictionary: Dictionary; readonly feature: number };

/** Metric of each row as it is, on the source, and after the exchange. */
export interface Exchanged {
  readonly base: readonly number[];
  readonly source: readonly number[];
  readonly after: readonly number[];
}

/** Errors: `argument` for a hook that the model lacks, and for a dictionary that is no autoencoder of one hook point. */
export async function interchange(opened: Opened, exchange: Exchange, part: Part): Promise<Exchanged> {
  const { base, source, metric } = exchange;
  const [before, there] = [await metricPerPrompt(opened, { inputs: base, metric, interventions: [] }), await metricPerPrompt(opened, { inputs: source, metric, interventions: [] })];
  const { intervention, graph, parameters } = await exchanging(opened, exchange, part);
  return { base: before, source: there, after: await metricPerPrompt(opened, { inputs: base, metric, interventions: [intervention], graph, parameters }) };
}

/** The same step at each token in another direction: what a feature's exchange is compared with. `direction` has length 1. Returns the metric of each row. */
export async function interchangeAlong(opened: Opened, exchange: Exchange, part: Extract<Part, { kind: 'feature' }>, direction: ArrayLike<number>): Promise<number[]> {
  const { model, runtime } = opened;
  const { output } = hooksOf(part.dictionary);
  const { intervention, graph, parameters } = await exchanging(opened, exchange, part);
  const feeds = model.feeds(exchange.base);
  const before = (await runtime.run(prune(model.graph(), [output]), feeds, model.parameters)).get(output)!;
  const changed = intervene(graph, [intervention], feeds);
  const spliced = `${output}.hook_sae_output`;
  const moved = (await runtime.run(prune(changed.graph, [spliced]), changed.feeds, parameters)).get(spliced)!;
  const width = direction.length;
  const sizes = stepSizes(before, moved, width);
  const value = f32(before.dims, Float32Array.from({ length: before.data.length }, (_, at) => sizes[Math.floor(at / width)]! * direction[at % width]!));
  return metricPerPrompt(opened, { inputs: exchange.base, metric: exchange.metric, interventions: [{ hook: output, kind: 'add', value }] });
}

interface Exchanging {
  readonly intervention: Intervention;
  readonly graph: Graph;
  readonly parameters: ParameterSource;
}

async function exchanging({ model, runtime }: Opened, { source }: Exchange, part: Part): Promise<Exchanging> {
  const feeds = model.feeds(source);
  if (part.kind === 'component') {
    const value = (await runtime.run(prune(model.graph(), [part.hook]), feeds, model.parameters)).get(part.hook)!;
    return { intervention: { hook: part.hook, kind: 'patch', value, where: part.where }, graph: model.graph(), parameters: model.parameters };
  }
  const { dictionary, feature } = part;
  const { output } = hooksOf(dictionary);
  const acts = `${output}.hook_sae_acts_post`;
  const graph = spliceDictionary(model.graph(), dictionary, { errorTerm: true });
  const parameters = withDictionaries(model.parameters, [dictionary]);
  const value = (await runtime.run(prune(graph, [acts]), feeds, parameters)).get(acts)!;
  return { intervention: { hook: acts, kind: 'patch', value, where: { neuron: [feature] } }, graph, parameters };
}

function hooksOf({ kind, hooks: { input, output }, source }: Dictionary): { readonly output: string } {
  if (kind !== 'sae' || output === undefined || input !== output) throw new MechanistError('argument', 'Features of sparse autoencoders are exchanged; this dictionary reads one hook point and writes another.', { file: source });
  return { output };
}

function stepSizes(before: Tensor, after: Tensor, width: number): Float64Array {
  const [a, b] = [before.data as Float32Array, after.data as Float32Array];
  return Float64Array.from({ length: a.length / width }, (_, token) => {
    let sum = 0;
    for (let i = token * width; i < (token + 1) * width; i++) sum += (b[i]! - a[i]!) ** 2;
    return Math.sqrt(sum);
  });
}
