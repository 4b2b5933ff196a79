/** `mechanist run`: a forward pass, with hook points captured and interventions applied. */
import { withDictionaries } from '../../engine/dictionaries/dictionary.ts';
import { spliceDictionary } from '../../engine/dictionaries/splice.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { intervene } from '../../engine/interventions/intervene.ts';
import { prune } from '../../engine/graph/prune.ts';
import type { Command } from '../command.ts';
import { givenDictionary, optionalDictionary } from '../dictionaryOptions.ts';
import { resolveHooks } from '../hookOptions.ts';
import { inputOptions, modelInputs } from '../modelInputs.ts';
import { interventionOptions, interventionsFrom } from '../interventionOptions.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const run: Command = {
  name: 'run',
  summary: 'Run a model and write its logits and the hook points asked for.',
  positionals: ['MODEL'],
  options: {
    ...inputOptions,
    capture: { type: 'string', value: 'PATTERNS', description: "Hook points to write: comma-separated globs, for example 'blocks.*.attn.hook_z'." },
    ...interventionOptions,
    ...optionalDictionary,
    dictionary: { ...optionalDictionary.dictionary, description: "Splice a dictionary in, with its error term: its features can be captured and changed at the hook point '{output hook}.hook_sae_acts_post'." },
    out: { type: 'string', value: 'FILE', description: 'safetensors file to write: a tensor per hook point, and logits.', required: true },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: modelNotes,
  async run({ positionals, options, signal, output }) {
    const model = await openModel(positionals[0]!, options, output, signal);
    const interventions = await interventionsFrom(options);
    const dictionary = await givenDictionary(options);
    const spliced = (graph: Graph): Graph => (dictionary === undefined ? graph : spliceDictionary(graph, dictionary, { errorTerm: true }));
    const added = [...spliced(model.graph()).types.keys()].filter((name) => /\.hook_sae_\w+$/.test(name));
    const hooks = resolveHooks(model, options.text('capture'), interventions.map(({ hook }) => hook), added);
    const base = spliced(model.graph(hooks.options));
    const feeds = model.feeds(await modelInputs(model, options));
    const { graph, feeds: allFeeds } = intervene(base, interventions, feeds);
    const computed = [...new Set([...hooks.names, model.output])].filter((name) => !graph.inputs.has(name));
    const values = await withRuntime(options, (runtime) => runtime.run(prune(graph, computed), allFeeds, dictionary === undefined ? model.parameters : withDictionaries(model.parameters, [dictionary])));
    // Inputs of a foreign graph are hook points too, but a program cannot output what it is fed.
    for (const name of hooks.names) if (graph.inputs.has(name)) values.set(name, allFeeds.get(name)!);
    // Whatever an exporter called the main output, it can be found as `logits`.
    if (!values.has('logits')) values.set('logits', values.get(model.output)!);
    writeSafetensors(options.requiredText('out'), values);
  },
};
