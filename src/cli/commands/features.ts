/** `mechanist features`: the table of a feature store. */
import type { SortKey } from '../../semantic/features/table.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { wholeNumber } from '../dictionaryOptions.ts';
import { openTable, tableOptions } from '../featurePlaces.ts';
import { positiveInteger } from '../sharedOptions.ts';

const sortKeys: readonly SortKey[] = ['feature', 'label', 'density', 'max', 'mean', 'share', 'detection', 'truth'];

export const features: Command = {
  name: 'features',
  summary: 'The features of a store as a table: density, maximum, top tokens, label, ground truth.',
  positionals: ['STORE'],
  options: {
    sort: { type: 'string', value: 'KEY', description: `Order: ${sortKeys.join(', ')} (default density); -KEY for ascending.` },
    search: { type: 'string', value: 'WORDS', description: 'Only features whose label, top tokens or variable hold these words.' },
    dead: { type: 'boolean', description: 'Only features that never fired.' },
    limit: { type: 'string', value: 'N', description: 'Rows (default 50).' },
    offset: { type: 'string', value: 'N', description: 'Rows to skip.' },
    json: { type: 'boolean', description: 'JSON instead of tab-separated columns.' },
    ...tableOptions,
  },
  notes: 'STORE is a folder that mechanist harvest wrote, or one of the bundled stores (zoo/models/MODEL/features/DICTIONARY).',
  async run({ positionals, options, signal, output }) {
    const table = await openTable(positionals[0]!, options, output, signal);
    const asked = options.text('sort') ?? 'density';
    const by = sortKeys.find((key) => key === asked.replace(/^-/, ''));
    if (by === undefined) throw new UsageError(`"${asked}" is not an order; there are ${sortKeys.join(', ')}.`);
    const ascending = asked.startsWith('-') || (options.text('sort') !== undefined && (by === 'feature' || by === 'label'));
    const found = table.query({
      sort: { by, descending: !ascending }, filter: options.flag('dead') ? { dead: true } : {}, search: options.text('search') ?? '', grades: [],
      offset: wholeNumber(options, 'offset') ?? 0, limit: positiveInteger(options, 'limit') ?? 50,
    });
    if (options.flag('json')) {
      writeJson(output, found);
      return;
    }
    output.write('feature\tdensity\tmax\tmean\ttop tokens\tlabel\tdetection\twrong label\ttruth\tAUROC\tshuffled\n');
    for (const { feature, density, max, mean, topTokens, label, truth } of found.rows) {
      const score = label?.score;
      output.write(`${[
        feature, density.toPrecision(3), max.toPrecision(3), mean.toPrecision(3), topTokens.join(' '), label?.label ?? '', score?.detection.toFixed(2) ?? '', score?.wrongLabel.toFixed(2) ?? '',
        truth === undefined ? '' : `${truth.variable} ${truth.question}`, truth?.auroc.toFixed(3) ?? '', truth?.shuffledAuroc.toFixed(3) ?? '',
      ].join('\t')}\n`);
    }
    output.note(`${found.total} of ${found.unfiltered} features\n`);
  },
};
