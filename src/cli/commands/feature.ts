/** `mechanist feature`: the card of one feature. */
import { Directions } from '../../semantic/features/directions.ts';
import { featureCard } from '../../semantic/features/card.ts';
import type { ExampleBand, FeatureCard } from '../../semantic/features/card.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';
import { writeJson } from '../command.ts';
import type { Command, Output } from '../command.ts';
import { dictionaryOptions, wholeNumber } from '../dictionaryOptions.ts';
import { featurePlace, openTable, tableOptions } from '../featurePlaces.ts';
import { sourceAt } from './harvest.ts';

export const featureCommand: Command = {
  name: 'feature',
  summary: 'The card of one feature: examples, histogram, promoted tokens, neighbours, connections, ground truth, each with its control.',
  positionals: ['SUBJECT'],
  options: {
    json: { type: 'boolean', description: 'JSON instead of text.' },
    window: { type: 'string', value: 'N', description: 'Tokens on either side of a peak (default 12, as far as the store has them).' },
    dict: { type: 'string', value: 'DICT', description: 'Folder or file of the dictionary (default: the bundled one of that name).' },
    store: { type: 'string', value: 'DIR', description: 'Folder of the store (default: the bundled one).' },
    ...dictionaryOptions,
    labels: tableOptions.labels,
  },
  notes: 'SUBJECT is mechanist:feature/MODEL/DICTIONARY/INDEX, or the same without its beginning, as in fable-4l/blocks.2.hook_resid_post/137.',
  async run({ positionals, options, signal, output }) {
    const { model, dictionary, layer, store, feature } = await featurePlace(positionals[0]!, options, output, signal);
    const source = await sourceAt(dictionary, options, layer);
    const tokenizer = await tokenizerOf(model);
    const tokenText = (id: number): string => (tokenizer !== undefined && id < tokenizer.vocabSize ? tokenizer.tokenText(id) : `#${id}`);
    const table = await openTable(store, { ...options, text: (name) => (name === 'model' ? model.source : options.text(name)) }, output, signal);
    const card = featureCard({ model, source, table, directions: Directions.of(source), tokenText, window: wholeNumber(options, 'window') ?? 12 }, feature);
    if (options.flag('json')) writeJson(output, { subject: positionals[0]!.replace(/^(mechanist:feature\/)?/, 'mechanist:feature/'), ...card });
    else printCard(output, card);
  },
};

function printCard(output: Output, card: FeatureCard): void {
  const { row, logits, truth } = card;
  output.write(`#${row.feature} ${row.label?.label ?? '(no label)'}\n`);
  output.write(`fires on ${card.fired} of ${card.tokens} tokens, at most ${row.max.toPrecision(3)}\n`);
  for (const { variable, question, auroc, shuffledAuroc } of truth) output.write(`tells ${variable} ${question}: AUROC ${auroc.toFixed(3)} (shuffled ${shuffledAuroc.toFixed(3)})\n`);
  for (const band of card.bands) printBand(output, band);
  if (logits !== undefined) {
    output.write(`promotes ${logits.promoted.map(({ token, value }) => `${token} ${value.toFixed(2)}`).join('  ')}   (a random direction: at most ${logits.random.toFixed(2)}; ${logits.treatment})\n`);
  }
  output.write(`nearest ${card.decoderNeighbours.slice(0, 5).map(({ feature, cosine }) => `#${feature} ${cosine.toFixed(2)}`).join('  ')}   (a random direction: ${card.randomCosine.toFixed(2)})\n`);
}

function printBand(output: Output, { kind, quantile, examples }: ExampleBand): void {
  output.write(`${kind}${quantile === undefined ? '' : ` ${quantile.map((share) => share.toFixed(2)).join('–')}`}\n`);
  for (const { tokens, values } of examples) output.write(`  ${tokens.map((token, i) => (values[i]! > 0 ? `[${token}]` : token)).join('')}\n`);
}
