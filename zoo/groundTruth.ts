/**
 * `npm run zoo:ground-truth -- MODEL [DICTIONARY…] [--contexts N]`: for every latent variable of the corpus, how well single features of
 * the model's autoencoders tell it on held-out text, beside neurons, principal directions, a random dictionary and the
 * same kind of autoencoder on the untrained model. Writes ground_truth.json beside each autoencoder and, for the model,
 * ground-truth.json and ground-truth.md. The same files give the same numbers.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openDictionary } from '../src/engine/dictionaries/open.ts';
import { openHuggingFace } from '../src/engine/models/huggingface.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import { contextLength } from './contexts.ts';
import { zooDictionaries } from './dictionaries.ts';
import { dictionaryFolder, modelFolder } from './dictionaryFolder.ts';
import { replaceSection } from './evaluate/markdown.ts';
import { codings } from './groundTruth/coding.ts';
import { controlSteps, trainControl } from './groundTruth/control.ts';
import { measure } from './groundTruth/measure.ts';
import type { Site } from './groundTruth/measure.ts';
import { reportJson, reportMarkdown, summaryMarkdown } from './groundTruth/report.ts';
import { summarize } from './groundTruth/summary.ts';
import { coded, labelledText } from './groundTruth/text.ts';
import { freshModel } from './languageModel.ts';
import { planOf, zooModels } from './plans.ts';
import { loadFableTokenizer } from './tokenizer/encode.ts';

/** Of the texts, the random dictionary, the controls and every draw. */
const seed = 21;

async function score(id: string, chosen: readonly string[], contexts: number): Promise<void> {
  const plans = zooDictionaries.filter((plan) => plan.model === id && plan.kind === 'sae' && existsSync(join(dictionaryFolder(plan), 'cfg.json')) && (chosen.length === 0 || chosen.includes(plan.id)));
  const tokenizer = loadFableTokenizer();
  const model = await openHuggingFace(modelFolder(id));
  const untrained = freshModel(planOf(id)!, tokenizer.size);
  const runtime = new Runtime({ threads: 1 });
  const progress = (what: string): void => { process.stdout.write(`${what}\n`); };
  const sites: Site[] = [];
  for (const plan of plans) {
    progress(`control for ${plan.id}`);
    sites.push({
      id: plan.id,
      neurons: plan.inputs[0]!.replace(/^(blocks\.\d+)\..*$/, '$1.mlp.hook_post'),
      dictionary: await openDictionary(dictionaryFolder(plan)),
      control: await trainControl(plan, untrained, runtime, seed),
    });
  }
  const texts = { selection: labelledText(tokenizer, 'validation', contexts, contextLength, seed), heldOut: labelledText(tokenizer, 'test', contexts, contextLength, seed) };
  const { codings: known, skipped } = codings(texts.selection, texts.heldOut);
  const measured = await measure({
    model, untrained, runtime, sites,
    variables: known.map(({ variable }) => variable),
    selection: coded(texts.selection, known),
    heldOut: coded(texts.heldOut, known),
    resamples: 100, shuffles: 99, seed, onProgress: progress,
  });
  await runtime.dispose();
  const summary = summarize(measured.answers, seed);
  const about = {
    model: id, modelHash: await model.hash(), command: `npm run zoo:ground-truth -- ${[id, ...chosen].join(' ')}`,
    text: { selection: 'validation', heldOut: 'test', contexts, contextLength, seed },
    control: { steps: plans.map(controlSteps) },
  };
  for (const [s, plan] of plans.entries()) {
    writeFileSync(join(dictionaryFolder(plan), 'ground_truth.json'), reportJson({ ...about, dictionary: plan.id, dictionaryHash: sites[s]!.dictionary.hash(), answers: measured.sites[s]!.answers }));
  }
  writeFileSync(join(modelFolder(id), 'ground-truth.json'), reportJson({ ...about, summary, skipped, answers: measured.answers }));
  const markdown = reportMarkdown(id, contexts * contextLength, summary, skipped);
  writeFileSync(join(modelFolder(id), 'ground-truth.md'), markdown);
  if (id === zooModels[0]!.id) {
    const readme = fileURLToPath(new URL('README.md', import.meta.url));
    writeFileSync(readme, replaceSection(readFileSync(readme, 'utf8'), 'ground truth', summaryMarkdown(summary)));
  }
  process.stdout.write(markdown);
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { contexts: { type: 'string', default: '256' } } });
  const [id = '', ...chosen] = positionals;
  if (planOf(id) === undefined || !zooDictionaries.some(({ model, kind }) => model === id && kind === 'sae')) {
    process.stderr.write('error: name a model of the zoo that has autoencoders\n');
    process.exit(2);
  }
  await score(id, chosen, Number(values.contexts));
}
