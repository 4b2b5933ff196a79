/**
 * Reads documents in windows and keeps the results. A request for an offset answers from the cache or computes; windows
 * around the cursor are computed ahead, at low priority, once a model is open.
 */
import type { TextInspection } from '../../protocol/methods.ts';
import { Disposables } from '../disposables.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { Listeners } from '../listeners.ts';
import type { ActiveModel, OpenModels } from '../models/openModels.ts';
import { InspectionCache } from './inspectionCache.ts';
import type { InspectedWindow, InspectionKey } from './inspectionCache.ts';
import type { TextSource } from './textSource.ts';
import { defaultPlan, shrunk, windowAt, windowsAround } from './windows.ts';
import type { TextWindow, WindowPlan } from './windows.ts';

export interface InspectedDocument extends TextSource {
  /** Its URI. */
  readonly id: string;
  readonly version: number;
}

export interface Inspected extends InspectedWindow {
  readonly active: ActiveModel;
}

/** Windows kept; each holds some hundred tokens. */
const capacity = 96;
/** Windows computed ahead on either side of the cursor. */
const reach = 1;
const topFeatures = 20;
const topPredictions = 3;

export class Inspector {
  private readonly engine: EnginePort;
  private readonly models: OpenModels;
  private readonly owned = new Disposables();
  private readonly results = this.owned.add(new Listeners<string>());
  private readonly cache = new InspectionCache(capacity);
  private readonly running = new Map<string, Promise<Inspected>>();
  private readonly plans = new Map<string, WindowPlan>();
  private ahead: AbortController | undefined;

  constructor(engine: EnginePort, models: OpenModels) {
    this.engine = engine;
    this.models = models;
    this.owned.add(models.onChange(() => {
      if (models.all.length > 0) return;
      // Another process may give the same keys to other models.
      this.cache.clear();
      this.plans.clear();
    }));
  }

  /** Fired with the document's id when another of its windows is ready. */
  readonly onResult = this.results.event;

  /** What is known already about an offset. Costs no computation. */
  cached(document: InspectedDocument, offset: number): Inspected | undefined {
    const { active } = this.models;
    if (active === undefined) return undefined;
    const plan = this.planFor(active);
    const found = this.cache.get(keyOf(document, active, plan), windowAt(document, offset, plan).index);
    return found && { ...found, active };
  }

  /** The window that answers for an offset. Opens the default model where none is open. Rejects with `PeerError`. */
  async inspect(document: InspectedDocument, offset: number): Promise<Inspected> {
    const active = await this.models.need();
    for (;;) {
      const plan = this.planFor(active);
      const result = await this.read(document, windowAt(document, offset, plan), active, plan);
      if (this.planFor(active) === plan) return result;
    }
  }

  /** Computes the windows around the cursor, unless nobody has opened a model yet. Calling it again drops the earlier wish. */
  async computeAhead(document: InspectedDocument, offset: number): Promise<void> {
    this.ahead?.abort();
    const { active } = this.models;
    if (active === undefined || document.length === 0) return;
    const wish = new AbortController();
    this.ahead = wish;
    const plan = this.planFor(active);
    for (const window of windowsAround(document, offset, plan, reach)) {
      if (wish.signal.aborted || this.planFor(active) !== plan) return;
      await this.read(document, window, active, plan, wish.signal, 'batch');
    }
  }

  forget(document: string): void {
    this.cache.forgetDocument(document);
  }

  planFor({ model }: ActiveModel): WindowPlan {
    return this.plans.get(model.model) ?? defaultPlan;
  }

  dispose(): void {
    this.ahead?.abort();
    this.owned.dispose();
  }

  private async read(
    document: InspectedDocument, window: TextWindow, active: ActiveModel, plan: WindowPlan, signal?: AbortSignal, priority: 'interactive' | 'batch' = 'interactive',
  ): Promise<Inspected> {
    const key = keyOf(document, active, plan);
    const known = this.cache.get(key, window.index);
    if (known !== undefined) return { ...known, active };
    const name = JSON.stringify([key, window.index, priority]);
    const waiting = signal === undefined ? this.running.get(name) : undefined;
    if (waiting !== undefined) return waiting;
    const request = this.compute(document, window, active, key, plan, signal, priority);
    if (signal !== undefined) return request;
    this.running.set(name, request);
    return request.finally(() => this.running.delete(name));
  }

  private async compute(
    document: InspectedDocument, window: TextWindow, active: ActiveModel, key: InspectionKey, plan: WindowPlan, signal: AbortSignal | undefined, priority: 'interactive' | 'batch',
  ): Promise<Inspected> {
    const { model, dictionary } = active;
    const sent = document.slice(window.start, window.end);
    const inspection = await this.engine.call(
      'text.inspect',
      { model: model.model, text: sent, topFeatures, topPredictions, ...(dictionary === undefined ? {} : { dictionary: dictionary.dictionary }) },
      { priority, ...(signal === undefined ? {} : { signal }) },
    );
    this.fitPlan(model.model, plan, window, inspection);
    const entry: InspectedWindow = { window, inspection };
    this.cache.set(key, entry);
    this.results.fire(document.id);
    return { ...entry, active };
  }

  /** Shortens the windows for a model whose context they exceed. */
  private fitPlan(model: string, plan: WindowPlan, window: TextWindow, { tokens, leftOut }: TextInspection): void {
    const read = tokens.at(-1)?.end ?? 0;
    if (leftOut === 0 || window.start + read >= window.ownEnd) return;
    const fitting = shrunk(plan, read);
    if (fitting.span < plan.span) this.plans.set(model, fitting);
  }
}

function keyOf(document: InspectedDocument, { model, dictionary }: ActiveModel, plan: WindowPlan): InspectionKey {
  return { document: document.id, version: document.version, model: model.model, dictionary: dictionary?.dictionary, span: plan.span };
}
