/**
 * The models that are open in the engine, which of them the editor's surfaces use, and which of its dictionaries.
 * The engine is asked for nothing before somebody needs a model; then the default one is opened.
 */
import { failureText } from '../../protocol/failureText.ts';
import type { DictionarySummary, ModelSource, ModelSummary } from '../../protocol/methods.ts';
import type { OpeningState } from '../../protocol/views/panel.ts';
import type { EngineCallOptions } from '../../protocol/engineClient.ts';
import { Disposables } from '../disposables.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { Listeners } from '../listeners.ts';

export interface ActiveModel {
  readonly model: ModelSummary;
  readonly dictionary: DictionarySummary | undefined;
}

/** As of an engine's call; `insist` opens what ended the engine the last time. */
export type OpenOptions = Pick<EngineCallOptions, 'insist' | 'signal' | 'onProgress'>;

export interface OpenModelsOptions {
  /** What is opened when a model is needed and none is open, and the id of the dictionary to use with it. */
  readonly defaultSource: () => { readonly source: ModelSource; readonly dictionary?: string | undefined };
  /** Bytes. */
  readonly memoryLimit: () => number | undefined;
}

export class OpenModels {
  private readonly engine: EnginePort;
  private readonly options: OpenModelsOptions;
  private readonly owned = new Disposables();
  private readonly changes = this.owned.add(new Listeners<void>());
  private readonly dictionaryChoices = new Map<string, string>();
  private models: readonly ModelSummary[] = [];
  private activeKey: string | undefined;
  private opening: Promise<ActiveModel> | undefined;
  private failure: string | undefined;
  private readonly steps = this.owned.add(new Listeners<void>());

  constructor(engine: EnginePort, options: OpenModelsOptions) {
    this.engine = engine;
    this.options = options;
    this.owned.add(engine.onCondition((condition) => {
      // What a process held goes with it.
      if (condition.kind !== 'ready') this.replace([]);
    }));
  }

  readonly onChange = this.changes.event;

  /** Fired when the opening of the default model begins or has failed, beside `onChange`: who reacts to that one may need a model again. */
  readonly onOpening = this.steps.event;

  /** How far the default model is where none is open. */
  get progress(): OpeningState {
    if (this.opening !== undefined) return { kind: 'running' };
    return this.failure === undefined ? { kind: 'none' } : { kind: 'failed', message: this.failure };
  }

  get all(): readonly ModelSummary[] {
    return this.models;
  }

  get active(): ActiveModel | undefined {
    const model = this.models.find((candidate) => candidate.model === this.activeKey);
    return model === undefined ? undefined : { model, dictionary: this.dictionaryOf(model) };
  }

  /** The active model; the default one is opened where there is none. Rejects with `PeerError`. */
  async need(): Promise<ActiveModel> {
    const { active } = this;
    if (active !== undefined) return active;
    if (this.opening === undefined) {
      this.failure = undefined;
      this.opening = this.openDefault().catch((error: unknown) => {
        this.failure = failureText(error);
        throw error;
      }).finally(() => {
        this.opening = undefined;
        this.steps.fire();
      });
      this.steps.fire();
    }
    return this.opening;
  }

  /** Opens a model and makes it the active one. Rejects with `PeerError`. */
  async open(source: ModelSource, { insist = false, ...options }: OpenOptions = {}): Promise<ActiveModel> {
    const limit = this.options.memoryLimit();
    const model = await this.engine.call('model.open', { source, ...(limit === undefined ? {} : { memoryLimit: limit }) }, { insist, ...options });
    this.failure = undefined;
    this.activeKey = model.model;
    this.replace([...this.models.filter((known) => known.model !== model.model), model]);
    return { model, dictionary: this.dictionaryOf(model) };
  }

  async close(key: string): Promise<void> {
    await this.engine.call('model.close', { model: key });
    const rest = this.models.filter(({ model }) => model !== key);
    if (this.activeKey === key) this.activeKey = rest.at(-1)?.model;
    this.replace(rest);
  }

  use(key: string): void {
    this.activeKey = key;
    this.changes.fire();
  }

  /** Chooses the dictionary that the model's features are read from, and makes the model active. */
  useDictionary(modelKey: string, dictionaryKey: string): void {
    this.dictionaryChoices.set(modelKey, dictionaryKey);
    this.use(modelKey);
  }

  async openDictionary(modelKey: string, path: string): Promise<DictionarySummary> {
    const dictionary = await this.engine.call('dictionary.open', { model: modelKey, path });
    this.dictionaryChoices.set(modelKey, dictionary.dictionary);
    this.replace(this.models.map((model) => (model.model === modelKey ? withDictionary(model, dictionary) : model)));
    return dictionary;
  }

  dispose(): void {
    this.owned.dispose();
  }

  private async openDefault(): Promise<ActiveModel> {
    const { source, dictionary } = this.options.defaultSource();
    const { model } = await this.open(source);
    const wanted = model.dictionaries.find(({ id }) => id === dictionary);
    if (wanted !== undefined) this.useDictionary(model.model, wanted.dictionary);
    return { model, dictionary: this.dictionaryOf(model) };
  }

  private dictionaryOf(model: ModelSummary): DictionarySummary | undefined {
    const chosen = this.dictionaryChoices.get(model.model);
    return model.dictionaries.find(({ dictionary }) => dictionary === chosen) ?? model.dictionaries[0];
  }

  private replace(models: readonly ModelSummary[]): void {
    if (models.length === 0 && this.models.length === 0) return;
    this.models = models;
    if (models.length === 0) this.activeKey = undefined;
    this.changes.fire();
  }
}

function withDictionary(model: ModelSummary, dictionary: DictionarySummary): ModelSummary {
  const others = model.dictionaries.filter((known) => known.dictionary !== dictionary.dictionary);
  return { ...model, dictionaries: [...others, dictionary] };
}
