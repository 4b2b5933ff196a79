/** `mechanist train-lens`: a tuned lens for a model, trained on a text. */
import { tokenWindows } from '../../algorithmic/tunedLens/tokenWindows.ts';
import { trainTunedLens } from '../../algorithmic/tunedLens/train.ts';
import { saveTunedLens } from '../../algorithmic/tunedLens/tunedLens.ts';
import { checkFolderPlace } from '../../engine/formats/atomicFile.ts';
import { readTextFile } from '../../engine/formats/textFile.ts';
import { descriptionFolder } from '../../engine/models/openPath.ts';
import { loadTokenizer } from '../../engine/models/tokenizer.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { positiveNumber, wholeNumber } from '../dictionaryOptions.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

/** All of it is tokenised at once. */
const mostBytes = 256 * 2 ** 20;

export const trainLens: Command = {
  name: 'train-lens',
  summary: 'Train a tuned lens: an affine translator for every layer, so that reading it comes as near to the output as it can.',
  positionals: ['MODEL'],
  options: {
    corpus: { type: 'string', value: 'FILE', description: 'Text to train on; its last tenth is held out.', required: true },
    steps: { type: 'string', value: 'N', description: 'Steps of 8 windows of up to 64 tokens (default 250).' },
    'learning-rate': { type: 'string', value: 'X', description: 'Peak of the linear decay (default 0.001).' },
    seed: { type: 'string', value: 'N', description: 'Seed of the windows (default 0).' },
    out: { type: 'string', value: 'DIR', description: 'Folder to write.', required: true },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `The mean KL divergence of the output from each layer on the held-out text goes to stdout as JSON: of the logit lens (before) and of the
tuned lens (after), in nats. mechanist lens --tuned DIR applies it.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const steps = positiveInteger(options, 'steps') ?? 250;
    const rate = positiveNumber(options, 'learning-rate');
    const threads = positiveInteger(options, 'threads');
    const model = await openModel(positionals[0]!, options, output, signal);
    const tokenizer = await loadTokenizer(await descriptionFolder(model));
    const file = options.requiredText('corpus');
    const text = readTextFile(file, mostBytes);
    const before = tokenizer.bosId === undefined ? [] : [tokenizer.bosId];
    const windows = tokenWindows(tokenizer.encode(text, { addSpecialTokens: false }).ids, before, model.config?.nCtx ?? 64, wholeNumber(options, 'seed') ?? 0);
    const folder = options.requiredText('out');
    checkFolderPlace(folder);
    const { lens, layers } = await withRuntime(options, (runtime) => trainTunedLens(model, runtime, {
      ...windows, steps, signal, ...(rate === undefined ? {} : { learningRate: rate }), ...(threads === undefined ? {} : { threads }),
      onProgress(done, total, loss) {
        if (done % 50 === 0) output.note(`step ${done} of ${total}: ${loss.toFixed(4)} nats\n`);
      },
    }));
    await saveTunedLens(folder, lens, model);
    writeJson(output, { model: model.id, steps, trainTokens: steps * windows.batchTokens, heldOutTokens: windows.heldOutTokens, layers });
  },
};
