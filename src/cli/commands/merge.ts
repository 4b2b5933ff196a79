/** `mechanist merge`: parts of a harvest that were made apart, as one store. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { openCorpus } from '../../semantic/store/corpus.ts';
import { mergeShards } from '../../semantic/store/harvest.ts';
import { storeFiles } from '../../semantic/store/manifest.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';

export const merge: Command = {
  name: 'merge',
  summary: 'Merge the parts that `harvest --shard` made into one store, equal to that of a single run.',
  positionals: ['PART', '[PARTS…]'],
  options: {
    out: { type: 'string', value: 'DIR', description: 'Folder of the merged store.', required: true },
  },
  notes: 'The order of the parts does not matter. The parts are left as they are.',
  async run({ positionals, options, signal, output }) {
    const folder = options.requiredText('out');
    // The corpus lies in the first part; what is no part of a harvest has none.
    const stray = positionals.find((part) => !existsSync(join(part, storeFiles.job)));
    if (stray !== undefined) throw new MechanistError('not-found', 'There is no harvest here.', { file: stray });
    const merging = mergeShards(positionals, openCorpus(join(positionals[0]!, storeFiles.corpus)), folder, signal);
    for (;;) {
      const step = await merging.next();
      if (step.done !== true) continue;
      writeJson(output, { folder, ...step.value });
      return;
    }
  },
};
