/** What the lens tab asks for: lens grids, direct attribution, training of a tuned lens. No DOM. */
import type { DirectAttributionReport, LensGrid } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import { Resource } from '../../shared/resource.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';

export const trainJob = 'lens.train';

export interface Attribution {
  readonly clean: DirectAttributionReport;
  /** The same parts on the other prompt, as control. */
  readonly corrupted: DirectAttributionReport | undefined;
}

export class LensWork {
  readonly grid: Resource<LensGrid>;
  readonly tuned: Resource<LensGrid>;
  readonly attribution: Resource<Attribution>;
  /** The cell that is looked at: index of the hook and position. */
  cell: { readonly hook: number; readonly position: number } | undefined;
  private readonly inquiry: Inquiry;
  private asked = new Set<'grid' | 'attribution'>();

  constructor(inquiry: Inquiry) {
    this.inquiry = inquiry;
    this.grid = new Resource<LensGrid>(inquiry);
    this.tuned = new Resource<LensGrid>(inquiry);
    this.attribution = new Resource<Attribution>(inquiry);
    inquiry.onQuestion(() => this.reset());
  }

  /** Whether there is a question to read: a prompt that the model has read. */
  get ready(): boolean {
    return this.inquiry.suggestions.state.kind === 'ready' && this.inquiry.question.target !== undefined;
  }

  /** Whether the other prompt, on which the control is measured, is still being read. */
  private get waiting(): boolean {
    const { question, corrupted } = this.inquiry;
    return question.corrupted !== '' && (corrupted.state.kind === 'idle' || corrupted.state.kind === 'loading');
  }

  /** Runs what has not been run for this question; one that was stopped stays stopped. */
  ensure(part: 'grid' | 'attribution'): void {
    if (!this.ready || this.asked.has(part) || (part === 'attribution' && this.waiting)) return;
    this.asked.add(part);
    void (part === 'grid' ? this.runGrid() : this.runAttribution());
  }

  async runGrid(): Promise<void> {
    const { session, question, place, modelKey } = this.inquiry;
    const { hooks, tuned } = place.lens;
    const params: Params<'lens.grid'> = { model: modelKey, text: question.text, hooks, top: 5, ...(question.target === undefined ? {} : { target: question.target.id }) };
    await this.grid.load((signal, onProgress) => session.channel.call('lens.grid', params, { signal, onProgress }), { keep: true });
    if (tuned === undefined) this.tuned.reset();
    else await this.tuned.load((signal, onProgress) => session.channel.call('lens.grid', { ...params, hooks: 'layers', tuned }, { signal, onProgress }), { keep: true });
  }

  async runAttribution(): Promise<void> {
    const { session, question, place, modelKey, alignment } = this.inquiry;
    const { target, distractor } = question;
    if (target === undefined) return;
    const metric = question.metric === 'logit_diff' && distractor !== undefined ? { kind: 'logit_diff', target: target.id, distractor: distractor.id } as const : { kind: 'logit', target: target.id } as const;
    const { dictionary } = session.context;
    const common = { model: modelKey, metric, by: place.lens.by, ...(place.lens.by === 'feature' && dictionary !== undefined ? { dictionary } : {}) };
    await this.attribution.load(async (signal) => ({
      clean: await session.channel.call('dla.run', { ...common, text: question.text }, { signal }),
      corrupted: alignment?.differing === undefined ? undefined : await session.channel.call('dla.run', { ...common, text: question.corrupted, top: 5000 }, { signal }),
    }), { keep: true });
  }

  /** Trains a tuned lens on a text that the user chooses, as a job that goes on while the page is hidden. */
  async train(): Promise<void> {
    const { session, modelKey } = this.inquiry;
    const { folders } = session.context;
    const [text] = await session.channel.ask('panel.pick', { what: 'file', title: t('Text to train the lens on'), extensions: ['txt', 'md', 'jsonl'] });
    if (text === undefined || folders === undefined) return;
    const out = `${folders.dictionaries.replace(/dictionaries$/, 'lenses')}/${session.model!.id.replace(/[^\w.-]+/g, '-')}`;
    await session.channel.ask('panel.job.start', { id: trainJob, method: 'lens.train', params: { model: modelKey, text, out } });
  }

  /** Uses a folder with a tuned lens; undefined leaves it. */
  async useTuned(tuned: string | undefined): Promise<void> {
    this.inquiry.choose('lens', { tuned, lens: tuned === undefined ? 'logit' : 'tuned' });
    await this.runGrid();
  }

  private reset(): void {
    this.asked.clear();
    this.cell = undefined;
    this.grid.reset();
    this.tuned.reset();
    this.attribution.reset();
  }
}
