/** What the engine process holds: open models with their dictionaries, compiled programs and cached encodings. */
import { MechanistError } from '../engine/errors.ts';
import type { Graph } from '../engine/graph/ir.ts';
import type { Model } from '../engine/models/model.ts';
import type { Tokenizer } from '../engine/models/tokenizer.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import type { DictionarySummary, ModelSource, ModelSummary } from '../protocol/methods.ts';
import type { OpenDictionary } from './dictionaries.ts';
import { tokenize } from './text/tokens.ts';
import type { TokenizedText } from './text/tokens.ts';

export interface SessionOptions {
  /** Folder of the bundled models. */
  readonly zoo: string | undefined;
  /** Threads inside one operator. */
  readonly threads: number;
}

export interface OpenModelParts {
  readonly key: string;
  readonly model: Model;
  readonly source: ModelSource;
  /** Real path that was opened: the identity by which opening again gives the same. */
  readonly path: string;
  readonly hash: string;
  readonly tokenizer: Tokenizer | undefined;
  readonly runtime: Runtime;
  /** Bytes, or undefined for no limit. */
  readonly memoryLimit: number | undefined;
}

export class Session {
  readonly options: SessionOptions;
  private readonly models = new Map<string, OpenModel>();
  private opened = 0;

  constructor(options: SessionOptions) {
    this.options = options;
  }

  /** A key that nothing in this process has. */
  newKey(kind: 'model' | 'dictionary'): string {
    return `${kind}-${++this.opened}`;
  }

  /** Errors: `not-found`. */
  model(key: string): OpenModel {
    const found = this.models.get(key);
    if (found === undefined) throw new MechanistError('not-found', 'No model of this key is open.', { field: 'model' });
    return found;
  }

  modelAt(path: string): OpenModel | undefined {
    return this.list().find((open) => open.path === path);
  }

  add(open: OpenModel): void {
    this.models.set(open.key, open);
  }

  /** Errors: `not-found`. */
  async close(key: string): Promise<void> {
    const open = this.model(key);
    this.models.delete(key);
    await open.dispose();
  }

  list(): OpenModel[] {
    return [...this.models.values()];
  }

  /** Bytes of the weights of everything that is open. */
  get weightBytes(): number {
    return this.list().reduce((sum, open) => sum + open.weightBytes, 0);
  }

  /** Errors: `memory` when `bytes` more weights would exceed the limit. */
  allow(bytes: number, limit: number | undefined, file: string): void {
    const total = this.weightBytes + bytes;
    if (limit === undefined || total <= limit) return;
    const mib = (amount: number): string => `${Math.ceil(amount / 2 ** 20)} MiB`;
    const held = total === bytes ? '' : `, ${mib(total)} with what is open`;
    throw new MechanistError('memory', `The weights take ${mib(bytes)}${held}; the limit is ${mib(limit)}.`, {
      file, hint: 'Close other models or raise the memory limit.',
    });
  }
}

export class OpenModel {
  readonly key: string;
  readonly model: Model;
  readonly path: string;
  readonly runtime: Runtime;
  readonly memoryLimit: number | undefined;
  private readonly parts: OpenModelParts;
  private readonly graphs = new Map<string, Graph>();
  private readonly texts = new Map<string, TokenizedText>();
  private readonly byPath = new Map<string, OpenDictionary>();
  private dictionaries: readonly OpenDictionary[] = [];
  private closed = false;

  constructor(parts: OpenModelParts) {
    this.parts = parts;
    this.key = parts.key;
    this.model = parts.model;
    this.path = parts.path;
    this.runtime = parts.runtime;
    this.memoryLimit = parts.memoryLimit;
  }

  get hasTokenizer(): boolean {
    return this.parts.tokenizer !== undefined;
  }

  /** Errors: `unsupported` for a model that has no tokenizer. */
  get tokenizer(): Tokenizer {
    const { tokenizer, model } = this.parts;
    if (tokenizer === undefined) throw new MechanistError('unsupported', 'The model has no tokenizer, so it cannot read a text.', { file: model.source });
    return tokenizer;
  }

  /** The tokens of a text; the last few texts are kept. Errors: as `tokenizer`. */
  tokens(text: string): TokenizedText {
    let known = this.texts.get(text);
    if (known === undefined) {
      known = tokenize(this.tokenizer, text);
      this.texts.set(text, known);
      if (this.texts.size > keptTexts) this.texts.delete(this.texts.keys().next().value!);
    }
    return known;
  }

  /** A graph made once per key, so that its program is found again. */
  graph(key: string, make: () => Graph): Graph {
    let known = this.graphs.get(key);
    if (known === undefined) this.graphs.set(key, (known = make()));
    return known;
  }

  /** Errors: `not-found`. */
  dictionary(key: string): OpenDictionary {
    const found = this.dictionaries.find(({ summary }) => summary.dictionary === key);
    if (found === undefined) throw new MechanistError('not-found', 'No dictionary of this key is open for the model.', { field: 'dictionary' });
    return found;
  }

  /** What features are shown by when a request names no dictionary. */
  get defaultDictionary(): OpenDictionary | undefined {
    return this.dictionaries[0];
  }

  get dictionarySummaries(): DictionarySummary[] {
    return this.dictionaries.map(({ summary }) => summary);
  }

  /** The dictionary that opening `path` gave. */
  dictionaryAt(path: string): OpenDictionary | undefined {
    return this.byPath.get(path);
  }

  /** The model owns them from here on. `path`: where they were opened, the first standing for all of them. */
  addDictionaries(more: readonly OpenDictionary[], path?: string): void {
    const before = this.dictionaries.length;
    for (const dictionary of more) this.dictionaries = [...this.dictionaries, this.withOwnId(dictionary)];
    const first = this.dictionaries[before];
    if (path !== undefined && first !== undefined) this.byPath.set(path, first);
  }

  /** Folders may have the same name: the second `sae` becomes `sae~2`. */
  private withOwnId(dictionary: OpenDictionary): OpenDictionary {
    const taken = new Set(this.dictionaries.map(({ summary }) => summary.id));
    const { summary } = dictionary;
    let id = summary.id;
    for (let n = 2; taken.has(id); n++) id = `${summary.id}~${n}`;
    return id === summary.id ? dictionary : { ...dictionary, summary: { ...summary, id } };
  }

  get weightBytes(): number {
    const stores = new Set([this.model.parameters, ...this.dictionaries.map(({ weights }) => weights.parameters)]);
    return [...stores].reduce((sum, store) => sum + store.bytes, 0);
  }

  summary(): ModelSummary {
    const { model, source, hash, tokenizer } = this.parts;
    return {
      model: this.key, id: model.id, family: model.family, source, hash,
      layers: model.config?.nLayers, width: model.config?.dModel, heads: model.config?.nHeads,
      parameters: model.parameters.count, memory: this.weightBytes, hasTokenizer: tokenizer !== undefined,
      hookPoints: model.hookPoints().map(({ name }) => name),
      dictionaries: this.dictionarySummaries,
    };
  }

  /** Errors: `cancelled` once the model has been closed under a job that uses it. */
  requireOpen(): void {
    if (this.closed) throw new MechanistError('cancelled', 'The model was closed.');
  }

  async dispose(): Promise<void> {
    this.closed = true;
    for (const { weights } of this.dictionaries) weights.parameters.close();
    this.model.parameters.close();
    await this.runtime.dispose();
  }
}

const keptTexts = 16;
