/** Features of a dictionary as sites of a sweep: the model with the dictionary and its error spliced in is unchanged until a feature is. */
import { withDictionaries } from '../engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../engine/dictionaries/dictionary.ts';
import { spliceDictionary } from '../engine/dictionaries/splice.ts';
import type { Graph } from '../engine/graph/ir.ts';
import { prune } from '../engine/graph/prune.ts';
import type { Model } from '../engine/models/model.ts';
import type { ParameterSource } from '../engine/runtime/program.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import type { PromptGroup } from './circuits/promptSets.ts';

export interface SplicedFeatures {
  readonly graph: Graph;
  readonly parameters: ParameterSource;
  /** Feature activations, [b,p,latents]. */
  readonly hook: string;
}

/** `graph`: the spliced graph, where it is known already. Errors: those of `spliceDictionary`. */
export function splicedFeatures(model: Model, dictionary: Dictionary, graph = spliceDictionary(model.graph(), dictionary, { errorTerm: true })): SplicedFeatures {
  return { graph, parameters: withDictionaries(model.parameters, [dictionary]), hook: `${dictionary.hooks.output!}.hook_sae_acts_post` };
}

/** Features that are active somewhere in the prompts, ascending: patching others changes nothing. */
export async function activeFeatures(model: Model, runtime: Runtime, { graph, parameters, hook }: SplicedFeatures, groups: readonly PromptGroup[]): Promise<number[]> {
  const active = new Set<number>();
  const program = prune(graph, [hook]);
  for (const group of groups) {
    for (const inputs of [group.clean, group.corrupted]) {
      const { dims, data } = (await runtime.run(program, model.feeds(inputs), parameters)).get(hook)!;
      const width = dims.at(-1)!;
      (data as Float32Array).forEach((value, i) => {
        if (value !== 0) active.add(i % width);
      });
    }
  }
  return [...active].toSorted((a, b) => a - b);
}
