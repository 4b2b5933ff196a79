/**
 * The question of the algorithmic view, asked step by step: which prompt, why which answer, rather than which, and against
 * which other prompt. Each step offers what the model itself predicts.
 */
import { l10n } from 'vscode';
import type { Prediction } from '../../protocol/methods.ts';
import type { CorruptedPrompt } from '../../protocol/methods/algorithmicResults.ts';
import type { AskedQuestion } from '../../protocol/views/algorithmic.ts';
import { plainToken } from '../../protocol/shownToken.ts';
import { percent, visible } from '../inspection/words.ts';
import type { OpenModels } from '../models/openModels.ts';
import { editorSelection } from '../panels/panelContext.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { pickStep } from '../pick.ts';

/** Prompts longer than this are taken from the editor by the view itself. */
const longestPrompt = 2_000;

/** `undefined` when the user thought better of it. `pair`: also asks for the prompt to compare with. */
export async function askQuestion(engine: EnginePort, models: OpenModels, method: string, pair: boolean): Promise<AskedQuestion | undefined> {
  const totalSteps = pair ? 4 : 3;
  const suggest = async (text: string, target?: number) => {
    const { model } = await models.need();
    return engine.call('question.suggest', { model: model.model, text, ...(target === undefined ? {} : { target }) }, { priority: 'interactive' });
  };
  const asked: { clean?: string; answer?: Prediction; distractor?: Prediction } = {};
  for (let step = 1; ; ) {
    const common = { title: method, step, totalSteps };
    const { clean, answer, distractor } = asked;
    if (clean === undefined || step === 1) {
      const picked = await pickStep<string>({ ...common, placeholder: l10n.t('For which prompt?'), items: Promise.resolve(prompts()), typed: (text) => (text.trim() === '' ? undefined : { label: text, description: l10n.t('as typed'), value: text }) });
      if (picked === undefined || picked === 'back') return undefined;
      asked.clean = picked.value;
      step = 2;
    } else if (answer === undefined || step === 2) {
      const picked = await pickStep<Prediction>({ ...common, placeholder: l10n.t('Why does the model predict which token?'), items: suggest(clean).then(({ predictions }) => predictions.map(predictionItem)) });
      if (picked === undefined) return undefined;
      if (picked !== 'back') asked.answer = picked.value;
      step = picked === 'back' ? 1 : 3;
    } else if (distractor === undefined || step === 3) {
      const picked = await pickStep<Prediction>({ ...common, placeholder: l10n.t('Rather than which?'), items: suggest(clean, answer.id).then(({ distractors }) => distractors.map(predictionItem)) });
      if (picked === undefined) return undefined;
      if (picked !== 'back') asked.distractor = picked.value;
      if (picked !== 'back' && !pair) return questionOf(clean, answer, picked.value);
      step = picked === 'back' ? 2 : 4;
    } else {
      const picked = await pickStep<string>({
        ...common, placeholder: l10n.t('Compared with which prompt? It needs as many tokens.'),
        items: suggest(clean, answer.id).then(({ corrupted }) => corrupted.map(editItem)), typed: (text) => (text.trim() === '' ? undefined : { label: text, description: l10n.t('as typed'), value: text }),
      });
      if (picked === undefined) return undefined;
      if (picked !== 'back') return { ...questionOf(clean, answer, distractor), corrupted: picked.value };
      step = 3;
    }
  }
}

/** The selection or the line at the cursor; anything else is typed. */
function prompts(): { label: string; description: string; value: string }[] {
  const selection = editorSelection();
  const text = selection?.text.trim() ?? '';
  return text === '' || text.length > longestPrompt ? [] : [{ label: text, description: l10n.t('in the editor'), value: text }];
}

function predictionItem(prediction: Prediction): { label: string; description: string; value: Prediction } {
  return { label: visible(prediction.token), description: percent(prediction.probability), value: prediction };
}

function editItem({ text, from, to, metric, cleanMetric }: CorruptedPrompt): { label: string; description: string; detail: string; value: string } {
  return {
    label: `${visible(from)} → ${visible(to)}`, description: l10n.t('logit difference {0} → {1}', cleanMetric.toFixed(1), metric.toFixed(1)), detail: text, value: text,
  };
}

const questionOf = (clean: string, answer: Prediction, distractor: Prediction): AskedQuestion => ({ clean, answer: plainToken(answer.token), distractor: plainToken(distractor.token) });
