/** `semantic.label.set` and `.auto`: labels by hand, and from statistics for one feature or a whole dictionary. */
import { dirname } from 'node:path';
import { MechanistError } from '../../../engine/errors.ts';
import { makeFolder } from '../../../engine/formats/atomicFile.ts';
import type { FeatureTable } from '../../../semantic/features/table.ts';
import { autoLabels, beatsBaseline, summarizeLabels } from '../../../semantic/labels/auto.ts';
import type { AutoLabel, ScoredLabel } from '../../../semantic/labels/auto.ts';
import { labelPath, readLabels, writeLabels } from '../../../semantic/labels/labelFile.ts';
import type { Labels } from '../../../semantic/labels/labelFile.ts';
import { forgetLabelling, labellingPath, readLabelling, writeLabelling } from '../../../semantic/labels/labellingFile.ts';
import type { Labelling } from '../../../semantic/labels/labellingFile.ts';
import type { FeatureStore } from '../../../semantic/store/store.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { AutoLabels, FeatureLabel as ShownLabel } from '../../../protocol/methods/labelResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { contextOf, tableOf, tokenNames } from './context.ts';
import type { FeatureContext } from './context.ts';
import { evidenceOf } from './evidence.ts';

export async function* labelSet(session: Session, params: ParsedParams<'semantic.label.set'>): Job<ShownLabel | null> {
  const context = contextOf(session, params);
  requireFeature(context, params.feature);
  const file = labelPath(params.labels, context.about);
  const labels = new Map(await readLabels(file, context.about));
  yield undefined;
  const text = params.label?.trim() ?? '';
  if (text === '') labels.delete(params.feature);
  else labels.set(params.feature, { label: text, author: params.author, ...(params.writer === undefined ? {} : { model: params.writer }) });
  saveLabels(file, context, labels);
  return labels.get(params.feature) ?? null;
}

export async function* labelAuto(session: Session, params: ParsedParams<'semantic.label.auto'>, signal: AbortSignal): Job<AutoLabels> {
  const context = contextOf(session, params);
  const table = await tableOf(context, params.store, params.labels);
  const { store } = table;
  const keeper = params.save ? new Keeper(context, params, store) : undefined;
  const before = await keeper?.begin(params.resume);
  const fit = yield* evidenceOf(context, store, 'fit', signal);
  const heldOut = yield* evidenceOf(context, store, 'heldOut', signal);
  const pool = Array.from(store.aliveFeatures());
  const features = (params.features ?? pool).filter((feature) => store.isAlive(feature));
  const steps = autoLabels(fit, heldOut, features.slice(before?.done ?? 0), tokenNames(context.open), 0, signal, pool);
  const from = before?.done ?? 0;
  let labels: readonly AutoLabel[] = [];
  try {
    for (;;) {
      context.open.requireOpen();
      const step = steps.next();
      if (step.done === true) {
        labels = step.value;
        keeper?.note(labels, features.length);
        break;
      }
      keeper?.note(step.value.labels, from + step.value.done);
      if (step.value.done > 0 && step.value.done % keptEvery === 0) await keeper?.keep(features.length);
      yield { stage: 'labels', done: from + step.value.done, of: features.length, saved: keeper?.saved ?? 0 };
    }
  } finally {
    // A labelling that is cancelled keeps what it has.
    await keeper?.keep(features.length);
  }
  const scored: readonly ScoredLabel[] = [...(before?.scored ?? []).map(([feature, detection, wrongLabel]) => ({ feature, label: { score: { detection, wrongLabel } } })), ...labels];
  return {
    // Those of a whole dictionary are in the file.
    labels: params.resume ? [] : labels.map(({ feature, label }) => withTruth(table, feature, label)),
    skipped: features.length - scored.length,
    saved: keeper?.saved ?? 0,
    summary: summarizeLabels(store, heldOut, features, scored, params.margin),
  };
}

function withTruth(table: FeatureTable, feature: number, label: AutoLabel['label']): AutoLabels['labels'][number] {
  const [truth] = table.truths(feature);
  return { feature, label, ...(truth === undefined ? {} : { truth }) };
}

/** Features between two savings; a multiple of the steps of `autoLabels`. */
const keptEvery = 512;

/** Writes labels that beat their baseline as they are made, and with `resume` how far the labelling has come. */
class Keeper {
  saved = 0;
  private readonly context: FeatureContext;
  private readonly params: ParsedParams<'semantic.label.auto'>;
  private readonly file: string;
  private readonly of: string;
  private before: Labelling | undefined;
  private labels: readonly AutoLabel[] = [];
  /** Of these labels, those that are in the file already, or are not to be. */
  private kept = 0;
  private done = 0;

  constructor(context: FeatureContext, params: ParsedParams<'semantic.label.auto'>, { manifest: { corpus, tokens } }: FeatureStore) {
    const { labels, resume, features, margin } = params;
    if (labels === undefined) throw new MechanistError('argument', 'Name the folder that labels are saved in.', { field: 'labels' });
    if (resume && features !== undefined) throw new MechanistError('argument', 'A labelling that goes on is of all features.', { field: 'features' });
    this.context = context;
    this.params = params;
    this.file = labelPath(labels, context.about);
    this.of = [context.about.hash, context.about.layer ?? '', corpus.hash, tokens, margin].join(' ');
  }

  /** What a labelling that was cancelled has done already. */
  async begin(resume: boolean): Promise<Labelling | undefined> {
    this.before = resume ? await readLabelling(labellingPath(this.file), this.of) : undefined;
    this.done = this.before?.done ?? 0;
    this.saved = (this.before?.scored ?? []).filter(([, detection, wrong]) => detection - wrong >= this.params.margin).length;
    return this.before;
  }

  note(labels: readonly AutoLabel[], done: number): void {
    this.labels = labels;
    this.done = done;
  }

  /** Labels of people and of language models stay, unless they are to be replaced. */
  async keep(of: number): Promise<void> {
    const known = new Map(await readLabels(this.file, this.context.about));
    for (const one of this.labels.slice(this.kept)) {
      if (!beatsBaseline(one, this.params.margin)) continue;
      if (!this.params.replace && (known.get(one.feature)?.author ?? 'statistics') !== 'statistics') continue;
      known.set(one.feature, one.label);
      this.saved++;
    }
    this.kept = this.labels.length;
    saveLabels(this.file, this.context, known);
    const course = labellingPath(this.file);
    if (!this.params.resume) return;
    if (this.done >= of) forgetLabelling(course);
    else writeLabelling(course, { of: this.of, done: this.done, scored: [...(this.before?.scored ?? []), ...this.labels.map(({ feature, label: { score } }): [number, number, number] => [feature, score!.detection, score!.wrongLabel])] });
  }
}

export function saveLabels(file: string, { about }: FeatureContext, labels: Labels): void {
  makeFolder(dirname(file));
  writeLabels(file, about, labels);
}

export function requireFeature({ source }: FeatureContext, feature: number): void {
  if (feature >= source.latents) throw new MechanistError('argument', `The dictionary has features 0 to ${source.latents - 1}.`, { field: `feature ${feature}` });
}
