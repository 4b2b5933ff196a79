/** `mechanist heads`: what kind of head each one is, on repeated random tokens. */
import { headProfiles } from '../../algorithmic/attention/scores.ts';
import { headScores } from '../../algorithmic/headScores.ts';
import type { HeadScores } from '../../algorithmic/headScores.ts';
import { MechanistError } from '../../engine/errors.ts';
import { descriptionFolder } from '../../engine/models/openPath.ts';
import { loadTokenizer } from '../../engine/models/tokenizer.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const heads: Command = {
  name: 'heads',
  summary: 'Score every head as previous-token, duplicate-token and induction head.',
  positionals: ['MODEL'],
  options: {
    span: { type: 'string', value: 'N', description: 'Length of the random span that is repeated once (default 50, or as much as the model reads).' },
    rows: { type: 'string', value: 'N', description: 'Number of sequences (default 10).' },
    text: { type: 'string', value: 'TEXT', description: 'Also score the heads on this text; with how much goes to the first token, and the entropy in nats.' },
    seed: { type: 'string', value: 'N', description: 'Seed of the random tokens (default 1).' },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `Sequences are a random span and its repetition, behind the token that begins a text where the tokenizer has one. Scores lie between 0
and 1 and are means of attention: to the previous token, to earlier copies of the token, to what followed them; withoutBos is the same with
nothing in front.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const [rows, seed] = [positiveInteger(options, 'rows') ?? 10, positiveInteger(options, 'seed') ?? 1];
    const model = await openModel(positionals[0]!, options, output, signal);
    if (!model.requiredInputs.includes('input_ids')) throw new MechanistError('unsupported', 'Heads are scored on random tokens; this model reads something else.', { file: model.source });
    const vocabulary = model.config?.dOut;
    if (vocabulary === undefined) throw new MechanistError('unsupported', 'The size of this model\'s vocabulary is not known.', { file: model.source });
    const tokenizer = await loadTokenizer(await descriptionFolder(model)).catch((error: unknown) => {
      // Random tokens need no tokenizer; without one nothing is put in front of them.
      if (MechanistError.is(error, 'not-found')) return undefined;
      throw error;
    });
    const longest = Math.floor(((model.config?.nCtx ?? Infinity) - (tokenizer?.bosId === undefined ? 0 : 1)) / 2);
    const span = positiveInteger(options, 'span') ?? Math.min(50, longest);
    if (span > longest) throw new UsageError(`--span takes at most ${longest} here: the model reads ${model.config!.nCtx} tokens.`);
    const special = new Set([tokenizer?.bosId, tokenizer?.eosId, tokenizer?.padId]);
    const tokenIds = Array.from({ length: vocabulary }, (_, id) => id).filter((id) => !special.has(id));
    const text = options.text('text');
    if (text !== undefined && tokenizer === undefined) throw new MechanistError('unsupported', 'The model has no tokenizer, so it cannot read a text.', { file: model.source });
    await withRuntime(options, async (runtime) => {
      const asked = { tokenIds, span, rows, seed, signal };
      const bare = await headScores(model, runtime, asked);
      const scores = tokenizer?.bosId === undefined ? bare : (await headScores(model, runtime, { ...asked, bosId: tokenizer.bosId })).map((score, i) => ({ ...score, withoutBos: kinds(bare[i]!) }));
      const natural = text === undefined ? undefined : await headProfiles(model, runtime, [tokenizer!.encode(text).ids], { signal });
      writeJson(output, { span, rows, seed, heads: scores, ...(natural === undefined ? {} : { text: natural }) });
    });
  },
};

function kinds({ previousToken, duplicateToken, induction }: HeadScores): Omit<HeadScores, 'layer' | 'head'> {
  return { previousToken, duplicateToken, induction };
}
