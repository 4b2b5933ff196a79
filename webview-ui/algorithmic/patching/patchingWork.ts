/** What the patching tab asks for: a sweep, its control, the prediction behind a cell. No DOM. */
import type { Params } from '../../../src/protocol/methods.ts';
import type { SweepCell, SweepScores } from '../../../src/protocol/methods/algorithmicResults.ts';
import { Resource } from '../../shared/resource.ts';
import type { Inquiry } from '../inquiry.ts';
import { promptsOf } from '../question/question.ts';

export interface Sweep {
  readonly scores: SweepScores;
  readonly params: Params<'sweep.run'>;
}

export interface Place {
  readonly hook: number;
  /** One index for each axis of the scores. */
  readonly at: readonly number[];
}

export class PatchingWork {
  readonly sweep: Resource<Sweep>;
  /** The same sweep with values of other prompts in place of the right ones: what a patch does by disturbing alone. */
  readonly control: Resource<SweepScores>;
  readonly cell: Resource<SweepCell>;
  selected: Place | undefined;
  /** What was asked for from elsewhere, and is looked at once the sweep is there. */
  wanted: { readonly hook: string; readonly index: number | undefined } | undefined;
  private readonly inquiry: Inquiry;

  constructor(inquiry: Inquiry) {
    this.inquiry = inquiry;
    this.sweep = new Resource<Sweep>(inquiry);
    this.control = new Resource<SweepScores>(inquiry);
    this.cell = new Resource<SweepCell>(inquiry);
    inquiry.onQuestion(() => this.reset());
  }

  /** Why there is nothing to run yet; undefined when there is. */
  get missing(): 'prompt' | 'corrupted' | 'alignment' | undefined {
    const { question, alignment } = this.inquiry;
    if (promptsOf(question) === undefined) return question.text === '' ? 'prompt' : 'corrupted';
    if (question.pairs?.all === true) return undefined;
    return alignment !== undefined && alignment.differing === undefined ? 'alignment' : undefined;
  }

  async run(): Promise<void> {
    const { session, question, place, modelKey } = this.inquiry;
    const prompts = promptsOf(question);
    if (prompts === undefined || this.missing !== undefined) return;
    const { site, direction, replacement } = place.patching;
    const { dictionary } = session.context;
    const params: Params<'sweep.run'> = { model: modelKey, prompts, site, direction, replacement, ...(site === 'features' && dictionary !== undefined ? { dictionary } : {}) };
    this.selected = undefined;
    this.cell.reset();
    this.control.reset();
    await this.sweep.load(async (signal, onProgress) => ({ scores: await session.channel.call('sweep.run', params, { signal, onProgress }), params }));
    await this.lookAtWanted();
  }

  /** The control of the sweep that is shown. */
  async runControl(): Promise<void> {
    const { session } = this.inquiry;
    const { params } = this.sweep.value ?? {};
    if (params !== undefined) await this.control.load((signal, onProgress) => session.channel.call('sweep.run', { ...params, replacement: 'resample', seed: 1 }, { signal, onProgress, priority: 'batch' }));
  }

  /** Looks at a cell: where several pairs were measured, there is no single prediction behind it. */
  async select(place: Place): Promise<void> {
    const sweep = this.sweep.value;
    if (sweep === undefined) return;
    this.selected = place;
    const { params, scores } = sweep;
    if (params.prompts.kind === 'pairs') {
      this.inquiry.requestUpdate();
      return;
    }
    const where = whereOf(scores, place);
    const hook = scores.hooks[place.hook]!;
    await this.cell.load((signal) => this.inquiry.session.channel.call('sweep.cell', {
      model: params.model, prompts: params.prompts, hook, where, ...(params.dictionary === undefined ? {} : { dictionary: params.dictionary }), direction: params.direction, replacement: params.replacement, predictions: 30,
    }, { signal }), { keep: true });
  }

  /** At the last position, where the answer is. */
  private async lookAtWanted(): Promise<void> {
    const { wanted, sweep: { state } } = this;
    if (wanted === undefined || state.kind !== 'ready') return;
    this.wanted = undefined;
    const { hooks, axes } = state.value.scores;
    const hook = hooks.indexOf(wanted.hook);
    if (hook >= 0) await this.select({ hook, at: axes.map(({ name, size }) => Math.min(size - 1, name === 'head' || name === 'neuron' ? (wanted.index ?? 0) : size - 1)) });
  }

  private reset(): void {
    this.selected = undefined;
    for (const resource of [this.sweep, this.control, this.cell]) resource.reset();
  }
}

/** A place as the engine takes it: neurons and features by their own number. */
export function whereOf({ axes, neurons }: SweepScores, { at }: Place): Readonly<Record<string, number>> {
  return Object.fromEntries(axes.map(({ name }, axis) => [name, name === 'neuron' ? (neurons?.[at[axis]!] ?? at[axis]!) : at[axis]!]));
}
