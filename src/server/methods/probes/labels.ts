/** `probe.labels`, and the labels that a request names. */
import { probedHooks } from '../../../semantic/probes/hook.ts';
import type { LabelledTokens } from '../../../semantic/probes/labelledTokens.ts';
import { bundledLabels, labelsAt, labelsOfClasses, labelsOfSamples, textReader } from '../../../semantic/probes/openLabels.ts';
import type { TextReader } from '../../../semantic/probes/openLabels.ts';
import { readLabelledTexts } from '../../../semantic/probes/readTexts.ts';
import { classCounts, questionCounts } from '../../../semantic/groundTruth/variables.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { LabelQuestions, LabelSource, ProbeProgress } from '../../../protocol/methods/probes.ts';
import { checkedPath } from '../../paths.ts';
import type { Job } from '../../scheduler.ts';
import type { OpenModel, Session } from '../../session.ts';

/** Questions that no token answers with yes, or none with no, are left out. Errors: those of the label files. */
export async function* labels(session: Session, params: ParsedParams<'probe.labels'>): Job<LabelQuestions> {
  const open = session.model(params.model);
  const { name, variables, train, heldOut } = yield* labelsOf(open, params.labels);
  return {
    name, hooks: probedHooks(open.model),
    variables: variables.map((variable) => {
      const sides = [train, heldOut].map((side) => classCounts(side.codes.get(variable.name)!, variable.classes.length));
      const counted = variable.questions.map((question) => {
        const [fit, score] = sides.map((counts) => questionCounts(question, counts)) as [ReturnType<typeof questionCounts>, ReturnType<typeof questionCounts>];
        const usable = Math.min(fit.positive, fit.negative, score.positive, score.negative) > 0;
        return { usable, question: { name: question.name, positive: fit.positive + score.positive, negative: fit.negative + score.negative } };
      });
      return { name: variable.name, questions: counted.filter(({ usable }) => usable).map(({ question }) => question) };
    }).filter(({ questions }) => questions.length > 0),
  };
}

/** Errors: as `checkedPath` for paths; those of the label files. */
export async function* labelsOf(open: OpenModel, source: LabelSource): Job<LabelledTokens> {
  if (source.kind === 'bundled') return bundledLabels(open.path);
  const steps = await textsOf(open, source);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield { stage: 'reading', done: 0, of: 1 } satisfies ProbeProgress;
  }
}

async function textsOf(open: OpenModel, source: Exclude<LabelSource, { kind: 'bundled' }>): Promise<Generator<void, LabelledTokens>> {
  const reader = (): TextReader => textReader(open.model, open.hasTokenizer ? open.tokenizer : undefined);
  switch (source.kind) {
    case 'file': return labelsAt(await checkedPath(source.path, 'file'), reader);
    case 'classes': return labelsOfClasses(await checkedPath(source.yes, 'file'), await checkedPath(source.no, 'file'), reader);
    case 'texts': return labelsOfSamples(readLabelledTexts(source.texts.map((text) => JSON.stringify(text)).join('\n')), source.name, reader());
  }
}
