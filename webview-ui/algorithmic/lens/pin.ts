/** Evidence of the lens tab, for findings. */
import type { LensGrid } from '../../../src/protocol/methods/algorithmicResults.ts';
import { figureOfChart } from '../../shared/charts/pinned.ts';
import { t } from '../../shared/strings.ts';
import { componentSubject, featureSubject } from '../../shared/subject.ts';
import type { Subject } from '../../../src/protocol/views/panel.ts';
import type { Inquiry } from '../inquiry.ts';
import { answerName, usedDictionary } from '../question/evidence.ts';
import type { Attribution } from './lensWork.ts';
import { attributionChart, cellTexts, lensChart } from './viewModel.ts';

type Contribution = Attribution['clean']['contributions'][number];

/** Pins the three leading parts, each beside the same part on the other prompt. */
export function pinAttribution(inquiry: Inquiry, { clean, corrupted }: Attribution): void {
  const { question, session } = inquiry;
  const top = clean.contributions.filter(repeatable).slice(0, 3);
  const other = new Map(corrupted?.contributions.map(({ name, contribution }) => [name, contribution]));
  const model = session.model!.id;
  const { target, distractor, metric } = question;
  const answers = { target: target!.id, ...(metric === 'logit_diff' && distractor !== undefined ? { distractor: distractor.id } : {}) };
  const figure = figureOfChart(attributionChart({ clean, corrupted }, 24));
  inquiry.pin({
    ...(figure === undefined ? {} : { figure }),
    claim: t('“{0}” after “{1}” is written directly by {2}.', answerName(question), question.text, top.map(({ name }) => name).join(', ')),
    subjects: top.map((part) => subjectOf(inquiry, part)),
    evidence: top.map((part) => {
      const { name, hook, layer, index, contribution } = part;
      const control = other.get(name);
      const fine = isFine(part);
      return {
        method: 'attribution.direct@2', metric: `direct contribution of ${name}`, unit: 'logits', value: contribution, inputs: { text: question.text },
        parameters: { component: index !== undefined && !fine ? `${layer}.${index}` : hook, ...(fine ? { neuron: index } : {}), ...answers }, measures: { metric: clean.metric },
        dictionaries: subjectOf(inquiry, part).kind === 'feature' ? usedDictionary(inquiry) : [],
        ...(control === undefined ? {} : { control: { name: 'the same part on the corrupted prompt', value: control } }),
      };
    }),
  });

  function subjectOf({ place }: Inquiry, part: Contribution): Subject {
    const { hook, index } = part;
    if (index === undefined) return componentSubject(model, hook);
    if (!isFine(part)) return componentSubject(model, hook, { head: index });
    const { dictionary } = session;
    return place.lens.by === 'feature' && dictionary !== undefined ? featureSubject(model, dictionary.id, index, dictionary.dictionary) : componentSubject(model, hook, { neuron: index });
  }
}

/** A neuron or a feature: a head has its index too. */
function isFine({ hook, index }: Contribution): boolean {
  return index !== undefined && !hook.endsWith('.hook_result');
}

/** Errors and biases of a dictionary or an MLP are no part that can be asked for alone. */
function repeatable({ name, hook }: Contribution): boolean {
  return name !== 'error' && name !== 'bias' && !hook.endsWith('.mlp.b_out');
}

/** Pins one layer and position: how likely the target is there, beside the other positions. Of a tuned lens, what the logit lens reads there is the evidence; the tuned value goes along. */
export function pinLens(inquiry: Inquiry, logit: LensGrid, tuned: LensGrid | undefined, hook: string, position: number): void {
  const { question, session, place } = inquiry;
  const at = (grid: LensGrid, p: number): number => grid.hooks.indexOf(hook) * grid.tokens.length + p;
  const own = at(logit, position);
  const value = logit.targetProbability[own]!;
  const others = logit.tokens.flatMap((_, p) => (p === position ? [] : [logit.targetProbability[at(logit, p)]!]));
  const read = tuned?.targetProbability[at(tuned, position)];
  const figure = figureOfChart({ ...lensChart(logit, place.lens.measure), selected: { row: logit.hooks.indexOf(hook), column: position } }, cellTexts(logit));
  inquiry.pin({
    ...(figure === undefined ? {} : { figure }),
    claim: read === undefined ? t('“{0}” after “{1}” has probability {2} at {3}.', answerName(question), question.text, value.toPrecision(2), hook)
      : t('“{0}” after “{1}” has probability {2} at {3} by the logit lens, {4} by the tuned lens.', answerName(question), question.text, value.toPrecision(2), hook, read.toPrecision(2)),
    subjects: [componentSubject(session.model!.id, hook)],
    evidence: [{
      method: 'lens.target@1', metric: 'probability of the target', value,
      ...(others.length === 0 ? {} : { control: { name: 'other positions of the prompt', value: others.reduce((sum, one) => sum + one, 0) / others.length, interval: [Math.min(...others), Math.max(...others)] as [number, number] } }),
      inputs: { text: question.text }, parameters: { hook, position, target: logit.targets[position]! }, dictionaries: [],
      measures: { rank: logit.targetRank[own]!, entropy: logit.entropy[own]!, kl_to_output: logit.klToOutput[own]!, ...(read === undefined ? {} : { tuned_probability: read }) },
    }],
  });
}
