/** Evidence of a patched place, beside all other places of its kind. */
import { t } from '../../shared/strings.ts';
import { componentSubject } from '../../shared/subject.ts';
import type { Inquiry } from '../inquiry.ts';
import { answerName, pairInputs } from '../question/evidence.ts';
import { whereOf } from './patchingWork.ts';
import type { Place, Sweep } from './patchingWork.ts';
import { amongOthers, placeName } from './viewModel.ts';

export function pinCell(inquiry: Inquiry, { scores, params }: Sweep, place: Place): void {
  const { question, session } = inquiry;
  const { value, high, interval } = amongOthers(scores, params, place);
  const hook = scores.hooks[place.hook]!;
  const where = whereOf(scores, place);
  const name = placeName(scores, place);
  const { direction = 'denoising', replacement = 'patch' } = params;
  const restores = replacement === 'patch' && direction === 'denoising' && question.metric === 'logit_diff';
  inquiry.pin({
    claim: t('“{0}” after “{1}” passes through {2}.', answerName(question), question.text, name),
    subjects: [componentSubject(session.model!.id, hook, where.head === undefined ? undefined : { head: where.head })],
    evidence: [{
      // The first can be run again from a note; the others are recorded as they are.
      method: restores ? 'patching.activation@1' : `sweep.${replacement === 'patch' ? direction : replacement}@1`, metric: restores ? 'share of the logit difference restored' : replacement === 'patch' ? 'share of the metric lost' : 'change of the metric', value, ...(interval === undefined ? {} : { interval: [interval[0], interval[1]] }),
      inputs: pairInputs(question, inquiry.pairLines), parameters: { hook, ...where }, seed: params.seed ?? 0,
      ...(Number.isFinite(high) ? { control: { name: 'other places, 99th percentile', value: high } } : {}), measures: { clean: scores.cleanMetric, corrupted: scores.corruptedMetric },
    }],
  });
}
