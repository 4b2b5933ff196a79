/**
 * What a panel's page knows of the world: the host's context, the editor's selection, jobs, its own place. Elements
 * subscribe as controllers' hosts; there is one session per page.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { DictionarySummary, ModelSummary } from '../../src/protocol/methods.ts';
import type { EditorSelection, PanelContext, PanelJob, ShowRequest, Subject } from '../../src/protocol/views/panel.ts';
import type { PanelChannel } from './channel.ts';
import type { StatefulHost } from './host.ts';
import { withJob } from './jobs.ts';

const emptyContext: PanelContext = { engine: { kind: 'idle' }, opening: { kind: 'none' }, trusted: true, models: [], model: undefined, dictionary: undefined, folders: undefined };

export class Session {
  readonly channel: PanelChannel;
  context: PanelContext = emptyContext;
  selection: EditorSelection | undefined;
  jobs: readonly PanelJob[] = [];
  /** Whether the host has answered. */
  started = false;
  private readonly host: StatefulHost;
  private readonly watchers = new Set<() => void>();
  private readonly showing = new Set<(request: ShowRequest) => void>();

  constructor(channel: PanelChannel, host: StatefulHost) {
    this.channel = channel;
    this.host = host;
    channel.on('context', (context) => this.set({ context }));
    channel.on('selection', (selection) => this.set({ selection }));
    channel.on('show', (request) => this.showing.forEach((listener) => listener(request)));
    channel.on('job', (job) => this.set({ jobs: withJob(this.jobs, job) }));
    channel.on('jobGone', ({ id }) => this.set({ jobs: this.jobs.filter((job) => job.id !== id) }));
  }

  /** Asks the host where we are. The request to show something, if there is one, comes after the first drawing. */
  async start(): Promise<void> {
    const { context, selection, show, jobs } = await this.channel.ask('panel.start', {});
    this.started = true;
    this.set({ context, selection, jobs });
    if (show !== undefined) this.showing.forEach((listener) => listener(show));
  }

  get model(): ModelSummary | undefined {
    return this.context.models.find(({ model }) => model === this.context.model);
  }

  get dictionary(): DictionarySummary | undefined {
    return this.model?.dictionaries.find(({ dictionary }) => dictionary === this.context.dictionary);
  }

  job(id: string): PanelJob | undefined {
    return this.jobs.find((job) => job.id === id);
  }

  /** Calls when anything here changes. Returns what ends it. */
  watch(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  onShow(listener: (request: ShowRequest) => void): () => void {
    this.showing.add(listener);
    return () => this.showing.delete(listener);
  }

  /** The page's place as it was left, over hiding and reload. Unchecked: whoever reads it parses it. */
  readPlace(): unknown {
    return this.host.readState();
  }

  /** Keeps navigation and choices, never data. */
  keepPlace(place: unknown): void {
    this.host.writeState(place);
  }

  /** Names the tab and what palette commands mean. */
  about(title: string | undefined, subject: Subject | undefined): void {
    this.channel.tell('about', { ...(title === undefined ? {} : { title: title.slice(0, 200) }), ...(subject === undefined ? {} : { subject }) });
  }

  private set(change: Partial<Pick<Session, 'context' | 'selection' | 'jobs'>>): void {
    Object.assign(this, change);
    for (const changed of this.watchers) changed();
  }
}

/** Redraws an element when the session changes. */
export class SessionController implements ReactiveController {
  private readonly element: ReactiveControllerHost;
  private readonly session: () => Session | undefined;
  private end: (() => void) | undefined;

  constructor(element: ReactiveControllerHost, session: () => Session | undefined) {
    this.element = element;
    this.session = session;
    element.addController(this);
  }

  hostUpdate(): void {
    this.end ??= this.session()?.watch(() => this.element.requestUpdate());
  }

  hostDisconnected(): void {
    this.end?.();
    this.end = undefined;
  }
}
