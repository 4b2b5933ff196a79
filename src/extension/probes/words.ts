/** What is said of a probe: what it asks, and its scores beside what they are compared with. Knows nothing of vscode. */
import type { ProbeSummary } from '../../protocol/methods/probes.ts';
import type { Translate } from '../translate.ts';

/** "gender = feminine", "field.food"; a label of the user's stands for itself. */
export function propertyName({ variable, question }: Pick<ProbeSummary, 'variable' | 'question'>): string {
  if (variable === 'label') return question;
  return question === 'yes' ? variable : `${variable} ${question}`;
}

/** "AUROC 0.974 · selectivity +0.23" */
export function scoreText({ scores }: Pick<ProbeSummary, 'scores'>, t: Translate): string {
  return `${t('AUROC {0}', scores.auroc.toFixed(3))} · ${t('selectivity {0}', signed(scores.selectivity))}`;
}

/** Everything that the score is to be read with, a sentence each. */
export function scoreSentences({ scores }: Pick<ProbeSummary, 'scores'>, t: Translate): string[] {
  const { interval: [low, high], control, shuffled, coordinate } = scores;
  return [
    t('AUROC {0} ({1} to {2}) and accuracy {3} on {4} held-out tokens; always giving the commoner answer is right for {5}.', scores.auroc.toFixed(3), low.toFixed(3), high.toFixed(3), share(scores.accuracy), scores.positive + scores.negative, share(scores.majority)),
    t('Control task, random answers that each word keeps: AUROC {0}, accuracy {1}. Selectivity is the difference of the accuracies: {2}.', control.auroc.toFixed(3), share(control.accuracy), signed(scores.selectivity)),
    t('Fitted on exchanged answers: AUROC {0} on average, at most {1}.', shuffled.auroc.toFixed(3), shuffled.highest.toFixed(3)),
    t('Best single coordinate ({0}): AUROC {1}.', coordinate.index, coordinate.auroc.toFixed(3)),
  ];
}

/** A name that a file can have, from what is asked and where: "insideQuote 1.resid_post". */
export function suggestedName(property: string, hook: string): string {
  return `${property} ${hook.replace(/^blocks\./, '').replace('hook_', '')}`.replace(/[^\p{L}\p{N} ._-]+/gu, ' ').replace(/\s+/g, ' ').replace(/^[^\p{L}\p{N}]+/u, '').slice(0, 80).replace(/[ .]+$/, '');
}

export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}
