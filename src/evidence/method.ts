/**
 * What a method is that a finding can record and anyone can run again: a name with a version, a description of what it takes
 * as data, and a function to one number with its interval and its null. The same inputs, parameters and seed give the same
 * number; a change of the definition is a new version.
 */
import type { Transcoders } from '../algorithmic/attributionGraph/featureLayers.ts';
import type { Dictionary } from '../engine/dictionaries/dictionary.ts';
import type { Model } from '../engine/models/model.ts';
import type { Tokenizer } from '../engine/models/tokenizer.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';

export interface OpenedModel {
  /** Name in subject URIs. */
  readonly id: string;
  readonly hash: string;
  readonly model: Model;
  readonly tokenizer: Tokenizer | undefined;
  readonly runtime: Runtime;
  /** A dictionary by its name in subject URIs; undefined when the model has none of it. */
  dictionary(id: string): Promise<Dictionary | undefined>;
  /** Transcoders of all layers by the name of their folder; undefined when the model has none of it. */
  transcoders(id: string): Promise<Transcoders | undefined>;
}

export type InputKind =
  /** Lines of text, each read on its own. */
  | 'text'
  /** Prompt pairs, one JSON object a line. */
  | 'pairs'
  /** safetensors file with `input_ids` and one tensor of classes per variable. */
  | 'labelled';

export interface InputField {
  readonly name: string;
  readonly kind: InputKind;
  readonly optional?: boolean;
  readonly description: string;
}

export interface ParameterField {
  readonly name: string;
  readonly type: 'integer' | 'number' | 'text' | 'texts';
  readonly choices?: readonly string[];
  /** Without a default a parameter must be given, unless it is optional. */
  readonly default?: number | string | readonly string[];
  readonly optional?: boolean;
  readonly description: string;
}

export interface Measurement {
  readonly metric: string;
  readonly unit?: string;
  readonly value: number;
  readonly interval?: readonly [number, number];
  readonly control?: { readonly name: string; readonly value: number; readonly interval?: readonly [number, number] };
  readonly measures?: Readonly<Record<string, number>>;
}

export interface MethodContext {
  readonly model: OpenedModel;
  /** The second model of a method that takes two. */
  readonly other: OpenedModel | undefined;
  /** Dictionaries in the order of the models. */
  readonly dictionaries: readonly Dictionary[];
  /** Of a method that takes a set. */
  readonly transcoders: Transcoders | undefined;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Awaited between steps of long work: tells the progress and lets messages in. Rejects with `cancelled`. */
  readonly step: (done: number, total: number) => Promise<void>;
  /** Tells the progress from inside work that watches the signal itself. */
  readonly progress: (done: number, total: number) => void;
  /** Content of a text input, undefined for an optional one that was not given. */
  text(name: string): string | undefined;
  /** Path of an input that is read from disk. */
  file(name: string): string;
  integer(name: string): number | undefined;
  number(name: string): number | undefined;
  word(name: string): string | undefined;
  words(name: string): readonly string[] | undefined;
}

export interface EvidenceMethod {
  /** Without version. */
  readonly id: string;
  readonly version: number;
  /** What older records of it measured otherwise, in one sentence. */
  readonly changed?: string;
  readonly title: string;
  /** One sentence: what is measured, and beside which control. */
  readonly summary: string;
  readonly models: 1 | 2;
  /** One for each model; one or none where features are only one of the things that can be asked about; or transcoders of all layers. */
  readonly dictionary: boolean | 'optional' | 'set';
  readonly inputs: readonly InputField[];
  readonly parameters: readonly ParameterField[];
  run(context: MethodContext): Promise<Measurement>;
}
