/** Evidence of a patched place, beside all other places of its kind. */
import type { SweepScores } from '../../../src/protocol/methods/algorithmicResults.ts';
import { figureOfChart } from '../../shared/charts/pinned.ts';
import { t } from '../../shared/strings.ts';
import { componentSubject, featureSubject } from '../../shared/subject.ts';
import type { Inquiry } from '../inquiry.ts';
import { answerName, measuredMetric, pairInputs, usedDictionary } from '../question/evidence.ts';
import { whereOf } from './patchingWork.ts';
import type { Place, Sweep } from './patchingWork.ts';
import { amongOthers, placeName, sweepChart } from './viewModel.ts';

export function pinCell(inquiry: Inquiry, { scores, params }: Sweep, place: Place, control?: SweepScores): void {
  const { question, session } = inquiry;
  const { value: shown, high, interval: range } = amongOthers(scores, params, place);
  const hook = scores.hooks[place.hook]!;
  const where = whereOf(scores, place);
  const name = placeName(scores, place);
  const { direction = 'denoising', replacement = 'patch' } = params;
  const patched = replacement === 'patch';
  const method = patched ? (direction === 'denoising' ? 'patching.activation@1' : 'patching.noising@1') : 'ablation.activation@2';
  const asked = measuredMetric(question);
  // Of an ablation, what it harms counts up: a lower logit difference, a higher divergence.
  const turned = !patched && asked !== 'kl';
  const value = turned ? -shown : shown;
  const interval = range === undefined ? undefined : turned ? [-range[1], -range[0]] as const : range;
  const metric = patched ? `share of the metric ${direction === 'denoising' ? 'restored' : 'lost'}` : turned ? 'loss of the metric' : 'KL from the clean prediction';
  const { dictionary } = session;
  const feature = params.site === 'features' && dictionary !== undefined ? where.neuron : undefined;
  const model = session.model!.id;
  const figure = figureOfChart(sweepChart(scores, params, control, place));
  inquiry.pin({
    ...(figure === undefined ? {} : { figure }),
    claim: patched ? t('“{0}” after “{1}” passes through {2}.', answerName(question), question.text, name) : t('“{0}” after “{1}” suffers without {2}.', answerName(question), question.text, name),
    subjects: [feature !== undefined ? featureSubject(model, dictionary!.id, feature, dictionary!.dictionary)
      : componentSubject(model, hook, where.head !== undefined ? { head: where.head } : where.neuron !== undefined ? { neuron: where.neuron } : undefined)],
    evidence: [{
      method, metric, value, ...(interval === undefined ? {} : { interval: [interval[0], interval[1]] }),
      inputs: pairInputs(question, inquiry.pairLines), parameters: { hook, ...where, metric: asked, ...(patched ? {} : { replacement }) }, seed: params.seed ?? 0,
      dictionaries: feature === undefined ? [] : usedDictionary(inquiry),
      ...(Number.isFinite(high) ? { control: { name: 'other places, 99th percentile', value: high } } : {}), measures: { clean: scores.cleanMetric, corrupted: scores.corruptedMetric },
    }],
  });
}
