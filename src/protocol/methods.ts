/**
 * What the engine process can be asked. Parameters are validated on receipt with these schemas; results are plain
 * data whose types both sides share. Token offsets are UTF-16 units of the text that was sent, end exclusive.
 */
import * as v from 'valibot';
import { semanticSchemas } from './methods/semantic.ts';
import type { SemanticResults } from './methods/semanticResults.ts';
import { algorithmicParams } from './methods/algorithmic.ts';
import type { AlgorithmicResults } from './methods/algorithmicResults.ts';
import { findingsSchemas } from './methods/findings.ts';
import type { FindingsResults } from './methods/findings.ts';
import { graphSchemas } from './methods/graph.ts';
import type { GraphResults } from './methods/graphResults.ts';
import { probeSchemas } from './methods/probes.ts';
import type { ProbeResults } from './methods/probes.ts';

const text = v.pipe(v.string(), v.maxLength(200_000));
const identifier = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));

/** OWNER/NAME. */
export const hubIdPattern = /^\w[\w.-]*\/\w[\w.-]*$/;

export const modelSourceSchema = v.variant('kind', [
  /** A model that comes with the extension. */
  v.object({ kind: v.literal('zoo'), id: identifier }),
  /** A Hugging Face folder. */
  v.object({ kind: v.literal('folder'), path: identifier }),
  v.object({ kind: v.literal('onnx'), path: identifier }),
  /** A repository of the hub; opening it downloads what is not in the cache, so it is sent only when a person asked for it. */
  v.object({
    kind: v.literal('hub'), id: v.pipe(v.string(), v.regex(hubIdPattern), v.maxLength(200)),
    revision: v.optional(v.pipe(v.string(), v.regex(/^\w[\w./-]*$/), v.maxLength(200))),
  }),
]);
export type ModelSource = v.InferOutput<typeof modelSourceSchema>;

export const paramsSchemas = {
  'engine.status': v.object({}),
  'zoo.list': v.object({}),
  /** Opens a model and its bundled dictionaries; opening it again returns the same. `memoryLimit` in bytes. */
  'model.open': v.object({ source: modelSourceSchema, memoryLimit: v.optional(v.pipe(v.number(), v.minValue(1))) }),
  'model.close': v.object({ model: identifier }),
  'dictionary.open': v.object({ model: identifier, path: identifier }),
  /** Tokens of a text with surprise, predictions and top features at one hook point. */
  'text.inspect': v.object({
    model: identifier, text, dictionary: v.optional(identifier), topFeatures: v.optional(count(100), 5), topPredictions: v.optional(count(50), 3),
  }),
  /** The logit lens at every layer for one token position (counted without special tokens). */
  'text.lens': v.object({ model: identifier, text, token: v.pipe(v.number(), v.integer(), v.minValue(0)), topPredictions: v.optional(count(50), 3) }),
  /** One number per token, to colour a document by. */
  'text.paint': v.object({
    model: identifier, text,
    by: v.variant('kind', [
      v.object({ kind: v.literal('surprise') }),
      v.object({ kind: v.literal('feature'), dictionary: identifier, feature: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
      /** The file of a probe, which must have been trained on this very model. */
      v.object({ kind: v.literal('probe'), file: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)) }),
    ]),
  }),
  ...algorithmicParams,
  ...semanticSchemas,
  ...graphSchemas,
  ...findingsSchemas,
  ...probeSchemas,
} as const;

export type MethodName = keyof typeof paramsSchemas;
export type Params<M extends MethodName> = v.InferInput<(typeof paramsSchemas)[M]>;
/** Parameters as the engine sees them, defaults filled in. */
export type ParsedParams<M extends MethodName> = v.InferOutput<(typeof paramsSchemas)[M]>;

export interface Results extends AlgorithmicResults, SemanticResults, GraphResults, FindingsResults, ProbeResults {
  'engine.status': EngineStatus;
  'zoo.list': readonly ZooEntry[];
  'model.open': ModelSummary;
  'model.close': null;
  'dictionary.open': DictionarySummary;
  'text.inspect': TextInspection;
  'text.lens': LensReading;
  'text.paint': TokenValues;
}

export interface EngineStatus {
  readonly models: readonly ModelSummary[];
  /** Resident memory of the engine process, bytes. */
  readonly memory: number;
  /** Programs compiled, and jobs not finished. */
  readonly programs: number;
  readonly jobs: number;
}

export interface ZooEntry {
  readonly id: string;
  readonly path: string;
  readonly parameters: number;
}

export interface ModelSummary {
  /** Key for further requests, unique in the engine process. */
  readonly model: string;
  readonly id: string;
  readonly family: string;
  readonly source: ModelSource;
  readonly hash: string;
  readonly layers: number | undefined;
  readonly width: number | undefined;
  /** Attention heads of a layer, those of queries. */
  readonly heads: number | undefined;
  readonly parameters: number;
  /** Bytes of its weights and those of its dictionaries. */
  readonly memory: number;
  readonly hasTokenizer: boolean;
  readonly hookPoints: readonly string[];
  /** The default one first. */
  readonly dictionaries: readonly DictionarySummary[];
}

export interface DictionarySummary {
  /** Key for further requests. */
  readonly dictionary: string;
  /** Its name in subject URIs, `mechanist:feature/MODEL/ID/INDEX`: that of its folder, with the layer for one of a set; unique within the model. */
  readonly id: string;
  readonly kind: 'sae' | 'transcoder' | 'clt';
  readonly architecture: string;
  /** Hook point it reads. */
  readonly hook: string;
  readonly latents: number;
  readonly hash: string;
  readonly source: string;
}

export interface Prediction {
  readonly token: string;
  readonly id: number;
  readonly probability: number;
}

export interface FeatureActivation {
  readonly feature: number;
  readonly activation: number;
}

export interface InspectedToken {
  readonly text: string;
  readonly id: number;
  readonly start: number;
  readonly end: number;
  /** −log2 of the probability the model gave this token, bits; undefined where nothing precedes it, and for models that do not predict the next token. */
  readonly surprise: number | undefined;
  /** What the model expected here, and what it expects next. */
  readonly expected: readonly Prediction[];
  readonly next: readonly Prediction[];
  /** Strongest features at this token, strongest first; empty without a dictionary. */
  readonly features: readonly FeatureActivation[];
}

export interface TextInspection {
  readonly tokens: readonly InspectedToken[];
  readonly dictionary: DictionarySummary | undefined;
  /** Tokens at the end of a very long text that were left out. A text longer than the model's context is read in overlapping windows. */
  readonly leftOut: number;
}

export interface LensReading {
  readonly layers: readonly {
    readonly hook: string;
    readonly top: readonly Prediction[];
    /** Probability and rank (1 is the top) of the token that follows in the text, or of the final prediction at the end. */
    readonly target: { readonly token: string; readonly probability: number; readonly rank: number };
    /** Nats. */
    readonly entropy: number;
    readonly klToOutput: number;
  }[];
}

export interface TokenValues {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** NaN where there is none: the surprise of a first token. */
  readonly values: Float32Array;
  /** Unit for the legend: "bits", "activation" or "probability". */
  readonly unit: string;
}

/** Parses the parameters of a request. Throws valibot's error, whose message names the field. */
export function parseParams<M extends MethodName>(method: M, params: unknown): ParsedParams<M> {
  return v.parse(paramsSchemas[method], params) as ParsedParams<M>;
}

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(paramsSchemas, name);
}
