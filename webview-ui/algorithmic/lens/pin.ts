/** Evidence of the lens tab, for findings. */
import type { LensGrid } from '../../../src/protocol/methods/algorithmicResults.ts';
import { t } from '../../shared/strings.ts';
import { componentSubject } from '../../shared/subject.ts';
import type { Inquiry } from '../inquiry.ts';
import { answerName, pairInputs } from '../question/evidence.ts';
import type { Attribution } from './lensWork.ts';

/** Pins the three leading parts, each beside the same part on the other prompt. */
export function pinAttribution(inquiry: Inquiry, { clean, corrupted }: Attribution): void {
  const { question, place, session } = inquiry;
  const top = clean.contributions.slice(0, 3);
  const other = new Map(corrupted?.contributions.map(({ name, contribution }) => [name, contribution]));
  const model = session.model!.id;
  const heads = place.lens.by === 'head';
  inquiry.pin({
    claim: t('“{0}” after “{1}” is written directly by {2}.', answerName(question), question.text, top.map(({ name }) => name).join(', ')),
    subjects: top.map(({ hook, index }) => (heads && index !== undefined ? componentSubject(model, hook, { head: index }) : componentSubject(model, hook))),
    evidence: top.map(({ name, hook, layer, index, contribution }) => {
      const control = other.get(name);
      return {
        method: 'attribution.direct@1', metric: `direct contribution of ${name}`, unit: 'logits', value: contribution, inputs: pairInputs(question, inquiry.pairLines),
        parameters: { component: heads && layer !== undefined && index !== undefined ? `${layer}.${index}` : hook }, measures: { metric: clean.metric },
        ...(control === undefined ? {} : { control: { name: 'the same part on the corrupted prompt', value: control } }),
      };
    }),
  });
}

/** Pins one layer and position: how likely the target is there, beside the first layer. */
export function pinLens(inquiry: Inquiry, grid: LensGrid, hook: number, position: number): void {
  const { question, session } = inquiry;
  const probability = (at: number): number => grid.targetProbability[at * grid.tokens.length + position]!;
  const index = hook * grid.tokens.length + position;
  inquiry.pin({
    claim: t('“{0}” after “{1}” has probability {2} at {3}.', answerName(question), question.text, probability(hook).toPrecision(2), grid.hooks[hook]!),
    subjects: [componentSubject(session.model!.id, grid.hooks[hook]!)],
    evidence: [{
      method: 'lens.target@1', metric: 'probability of the target', value: probability(hook), control: { name: `at ${grid.hooks[0]!}`, value: probability(0) },
      inputs: { text: question.text }, parameters: { hook: grid.hooks[hook]!, position, target: grid.targets[position]!, lens: grid.lens }, measures: { rank: grid.targetRank[index]!, entropy: grid.entropy[index]!, kl_to_output: grid.klToOutput[index]! },
    }],
  });
}
