/** The committed models: they open anywhere, and do what their READMEs say. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AutoConfig, AutoTokenizer, env } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHuggingFace } from '../../src/engine/models/huggingface.ts';
import type { Model } from '../../src/engine/models/model.ts';
import { loadTokenizer } from '../../src/engine/models/tokenizer.ts';
import { Runtime } from '../../src/engine/runtime/runtime.ts';
import { behaviorTasks, scoreBehavior, scoreStories } from '../../zoo/evaluate/behaviors.ts';
import { scoreHeads } from '../../zoo/evaluate/evaluation.ts';
import type { Evaluation } from '../../zoo/evaluate/evaluation.ts';
import { behaviorTitles, bestHead, missedTargets } from '../../zoo/evaluate/modelReadme.ts';
import { modelPredictor } from '../../zoo/evaluate/predictor.ts';
import { remarks } from '../../zoo/evaluate/remarks.ts';
import { behaviorTargets, headScoreTarget, modelSizeTarget, storyRatioTarget } from '../../zoo/evaluate/targets.ts';
import { freshModel } from '../../zoo/languageModel.ts';
import { zooModels } from '../../zoo/plans.ts';
import { loadFableTokenizer } from '../../zoo/tokenizer/encode.ts';

const tokenizer = loadFableTokenizer();
/** The model the targets were set for. */
const [main] = zooModels;
const runtime = new Runtime({ threads: 1 });
/** Share of the documents that is evaluated again here. */
const part = 0.2;
afterAll(() => runtime.dispose());

describe.each(zooModels)('$id', (plan) => {
  const folder = fileURLToPath(new URL(`../../zoo/models/${plan.id}/`, import.meta.url));
  const recorded = JSON.parse(readFileSync(`${folder}evaluation.json`, 'utf8')) as Evaluation;
  const readme = readFileSync(`${folder}README.md`, 'utf8');
  let model: Model;
  beforeAll(async () => {
    model = await openHuggingFace(folder);
  });

  it('is the model that was evaluated', async () => {
    expect(await model.hash()).toBe(recorded.hash);
  });

  it('has the sizes of its plan and stays below 6 MB', () => {
    const { num_hidden_layers, hidden_size, num_attention_heads } = plan.config;
    expect(model.config).toMatchObject({ nLayers: num_hidden_layers, dModel: hidden_size, nHeads: num_attention_heads, dOut: tokenizer.size });
    const weights = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
    expect(weights.reduce((sum, name) => sum + statSync(folder + name).size, 0)).toBeLessThan(modelSizeTarget);
  });

  it('configuration and tokenizer are read by transformers.js, with our ids', async () => {
    env.allowRemoteModels = false;
    const config = await AutoConfig.from_pretrained(folder);
    expect(config).toMatchObject({ model_type: 'llama', vocab_size: tokenizer.size });
    const text = 'When Mary and John went to the store, John gave a book to';
    const expected = [tokenizer.bos, ...tokenizer.encode(text)];
    expect(Array.from((await AutoTokenizer.from_pretrained(folder)).encode(text))).toEqual(expected);
    expect((await loadTokenizer(folder)).encode(text).ids).toEqual(expected);
  });

  it.each(behaviorTasks)('$name: a part of the evaluation done again agrees with the record, which reaches the target or is explained', async (task) => {
    const { score } = recorded.trained.behaviors.find(({ name }) => name === task.name)!;
    const again = await scoreBehavior(task, modelPredictor(model, runtime, tokenizer.pad), tokenizer, part * task.documents);
    expect(again.low).toBeLessThanOrEqual(score);
    expect(again.high).toBeGreaterThanOrEqual(score);
    if (score >= behaviorTargets[task.name]!) expect(again.high).toBeGreaterThanOrEqual(behaviorTargets[task.name]!);
    else expectExplained(behaviorTitles[task.name]!, remarks[plan.id]?.[task.name]);
  });

  it('stories: likewise', async () => {
    const { ratio } = recorded.trained.story;
    const again = await scoreStories(modelPredictor(model, runtime, tokenizer.pad), tokenizer, part * recorded.trained.story.stories);
    expect(again.low).toBeLessThanOrEqual(ratio);
    expect(again.high).toBeGreaterThanOrEqual(ratio);
    if (ratio <= storyRatioTarget) expect(again.low).toBeLessThanOrEqual(storyRatioTarget);
    else expectExplained('stories', remarks[plan.id]?.['story']);
  });

  it.each(['untrained', 'ngram'] as const)('is above the control "%s" wherever it reaches the target', (control) => {
    const missed = missedTargets(recorded.trained);
    for (const { name, low } of recorded.trained.behaviors) {
      if (missed.includes(name)) continue;
      expect(low, name).toBeGreaterThan(recorded[control].behaviors.find((score) => score.name === name)!.high);
    }
    expect(recorded.trained.story.high).toBeLessThan(recorded[control].story.low);
  });

  it('has a previous-token head and an induction head, which training made', async () => {
    const trained = await scoreHeads(model, runtime, tokenizer);
    const untrained = await scoreHeads(freshModel(plan, tokenizer.size), runtime, tokenizer);
    for (const kind of ['previousToken', 'induction'] as const) {
      expect(bestHead(trained, kind)[kind], kind).toBeGreaterThanOrEqual(headScoreTarget);
      expect(bestHead(untrained, kind)[kind], kind).toBeLessThan(headScoreTarget / 2);
    }
  });

  /** A target that is missed is named in the README, with what limits the model where that was looked into. */
  function expectExplained(title: string, remark: string | undefined): void {
    expect(readme).toContain(`- **${title}**${remark === undefined ? '' : `: ${remark}`}`);
    if (plan === main) expect(remark, title).toBeDefined();
  }
});
