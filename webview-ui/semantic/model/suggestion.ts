/** Labels that are suggested, and judged: who is asked, and what is written when one is taken. */
import type { LabelScore, WritingProgress } from '../../../src/protocol/methods/labelResults.ts';
import type { CallOptions } from '../../../src/protocol/peer.ts';
import type { PanelChannel } from '../../shared/channel.ts';
import type { ProgressParts } from '../../shared/components/progress.ts';
import { t } from '../../shared/strings.ts';
import type { Target } from './place.ts';

export type Suggester = 'statistics' | 'languageModel' | 'endpoint';
/** A label is wanted, or a test of the one there is. */
export type SuggestionTask = 'label' | 'test';

export interface Suggestion {
  readonly label: string;
  /** The language model; undefined for statistics. */
  readonly writer: string | undefined;
  readonly score: LabelScore | undefined;
  /** The label that it was compared with, where it is one. */
  readonly wrong: string | undefined;
  readonly unanswered: number;
  readonly answers?: { readonly label: readonly number[]; readonly wrong: readonly number[] };
}

/** Undefined when the feature fires too rarely for statistics. `label`: the one to judge. Rejects with `PeerError`. */
export async function suggestLabel(channel: PanelChannel, target: Target, feature: number, by: Suggester, label: string | undefined, options: CallOptions): Promise<Suggestion | undefined> {
  if (by === 'statistics') {
    const { labels } = await channel.call('semantic.label.auto', { ...target, features: [feature] }, options);
    const found = labels[0]?.label;
    return found === undefined ? undefined : { label: found.label, writer: undefined, score: found.score, wrong: undefined, unanswered: 0 };
  }
  return channel.ask('panel.label.write', { by, ...target, feature, ...(label === undefined ? {} : { label }) }, options);
}

/** Writes a label with its score, or the score of the label there is. Rejects with `PeerError`. */
export async function keepSuggestion(channel: PanelChannel, { model, dictionary, store, labels }: Target, feature: number, task: SuggestionTask, { label, writer, answers }: Suggestion): Promise<void> {
  if (labels === undefined) return;
  const stored = { model, dictionary, labels, feature, ...(store === undefined ? {} : { store }) };
  if (writer === undefined || answers === undefined) {
    // Made again with its rule, which is what the score is of.
    await channel.call('semantic.label.auto', { model, dictionary, labels, features: [feature], save: true, replace: true, margin: -1, ...(store === undefined ? {} : { store }) });
    return;
  }
  if (task === 'label') await channel.call('semantic.label.set', { model, dictionary, labels, feature, label, author: 'model', writer });
  await channel.call('semantic.label.score', { ...stored, answers: { label: [...answers.label], wrong: [...answers.wrong] } });
}

/** What is being done, and how far it is. */
export function writingLine(progress: unknown, by: Suggester | undefined): ProgressParts {
  if (by === 'statistics' || !isWriting(progress)) return { what: t('Reading the examples…'), share: undefined };
  const { stage, done, of } = progress;
  return { what: stage === 'label' ? t('The language model looks for what the examples have in common…') : t('The language model judges held-out passages: {0} of {1} questions', done, of), share: of === 0 ? undefined : done / of };
}

function isWriting(progress: unknown): progress is WritingProgress {
  const stage = (progress as { readonly stage?: unknown } | undefined)?.stage;
  return stage === 'label' || stage === 'judge';
}
