/** `label --endpoint`: a label by a language model of this machine, judged by it on held-out passages. */
import { chat, chatEndpoint, chatModel } from '../chat/endpoint.ts';
import { MechanistError } from '../engine/errors.ts';
import { makeFolder } from '../engine/formats/atomicFile.ts';
import { labelTests } from '../semantic/features/labelTests.ts';
import type { FeatureTable } from '../semantic/features/table.ts';
import type { Evidence } from '../semantic/labels/evidence.ts';
import { judgements } from '../semantic/labels/judge.ts';
import { labelPath, readLabels, writeLabels } from '../semantic/labels/labelFile.ts';
import type { LabelScore } from '../semantic/labels/labelFile.ts';
import { scoreLabel } from '../semantic/labels/score.ts';
import { writingStep } from '../semantic/labels/written.ts';
import { UsageError } from './command.ts';
import type { OptionValues } from './command.ts';
import { labelledDictionary } from './featurePlaces.ts';

interface EndpointLabel {
  readonly feature: number;
  readonly label: string;
  readonly writer: string;
  readonly score: LabelScore;
  readonly wrong: string;
  readonly unanswered: number;
  readonly saved: boolean;
}

/** `text`: of single tokens. Errors: those of the endpoint, of the answers, and `argument` for a feature that fires too rarely. */
export async function labelByEndpoint(table: FeatureTable, heldOut: Evidence, feature: number, text: (id: number) => string, options: OptionValues, signal: AbortSignal): Promise<EndpointLabel> {
  const endpoint = chatEndpoint(options.requiredText('endpoint'), options.text('endpoint-model'));
  const known = table.labels.get(feature);
  const given = options.flag('judge') ? known?.label : undefined;
  if (options.flag('judge') && given === undefined) throw new UsageError('There is no label to judge: name the folder that has it with --labels.');
  const { items, wrong, ...tests } = labelTests(table, heldOut, { feature, seed: 0 }, text);
  if (wrong === undefined) throw new MechanistError('argument', 'There is no other feature whose label this one could be compared with.');
  const writer = await chatModel(endpoint, { signal });
  const replies: string[] = [];
  for (;;) {
    const step = writingStep({ ...tests, wrong: wrong.label }, given, replies);
    if (step.kind === 'ask') {
      for (const prompt of step.prompts) replies.push(await chat(endpoint, writer, prompt, { signal }));
      continue;
    }
    const { label, answers, unanswered } = step;
    const score = scoreLabel(items, judgements(answers.label, items.length), [judgements(answers.wrong, items.length)], 0);
    if (options.flag('save')) {
      const folder = options.text('labels');
      if (folder === undefined) throw new UsageError('Name the folder of label files with --labels.');
      makeFolder(folder);
      const about = labelledDictionary(table.store);
      const file = labelPath(folder, about);
      const labels = new Map(await readLabels(file, about));
      labels.set(feature, given !== undefined && known !== undefined ? { ...known, score } : { label, author: 'model', model: writer, score });
      writeLabels(file, about, labels);
    }
    return { feature, label, writer, score, wrong: wrong.label, unanswered, saved: options.flag('save') };
  }
}
