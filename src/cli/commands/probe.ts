/** `mechanist probe`: what a saved probe says of every token of a text. */
import { MechanistError } from '../../engine/errors.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';
import { specialTokens } from '../../engine/models/tokenizer/specialTokens.ts';
import { i64, numbersOf } from '../../engine/tensor.ts';
import { textReader } from '../../semantic/probes/openLabels.ts';
import { readProbe, requireModel } from '../../semantic/probes/probeFile.ts';
import { probabilityOutput, probeFeeds, probeGraph } from '../../semantic/probes/probeGraph.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const probe: Command = {
  name: 'probe',
  summary: 'Read a saved probe off every token of a text.',
  positionals: ['MODEL', 'PROBE', 'TEXT'],
  options: { ...runtimeOptions, ...modelOptions },
  notes: `PROBE is a file of mechanist train-probe, trained on this very model. The probability of yes, under as many examples for as against, goes to stdout as JSON by token, with its span in UTF-16 units.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const [name, file, text] = positionals as [string, string, string];
    const found = readProbe(file);
    const model = await openModel(name, options, output, signal);
    requireModel(found, { id: model.id, hash: await model.hash() }, file);
    const { tokenizer, context } = textReader(model, await tokenizerOf(model));
    const { ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
    const { before, after } = specialTokens(tokenizer);
    const all = [...before, ...ids, ...after];
    if (all.length > context) throw new MechanistError('argument', `The text has ${all.length} tokens; the model reads ${context} at once.`, { field: 'text' });
    const graph = probeGraph(model, found.hook);
    await withRuntime(options, async (runtime) => {
      const feeds = new Map([...model.feeds(new Map([['input_ids', i64([1, all.length], all)]])), ...probeFeeds(found)]);
      const values = numbersOf((await runtime.run(graph, feeds, model.parameters)).get(probabilityOutput)!);
      writeJson(output, {
        model: model.id, probe: found.name, hook: found.hook, variable: found.variable, question: found.question, auroc: found.scores.auroc, selectivity: found.scores.selectivity,
        tokens: ids.map((id, i) => ({ text: tokenizer.tokenText(id), id, start: offsets[i]![0], end: offsets[i]![1], probability: values[before.length + i] })),
      });
    });
  },
};
