/**
 * Which graph of a model a selection of hooks needs. Some hook points exist on request only, because they cost memory:
 * each head's own result and the separate inputs of queries, keys and values.
 */
import { MechanistError } from '../engine/errors.ts';
import { matchesGlob, selectHooks } from '../engine/models/hookPattern.ts';
import type { GraphOptions, HookPoint, Model } from '../engine/models/model.ts';

export interface HookSelection {
  readonly names: readonly string[];
  readonly options: GraphOptions;
}

/**
 * The hook points that comma-separated patterns select, and the graph options under which they exist. A pattern selects
 * hooks on request only if it matches no other. `also` are hooks that must exist too (those of interventions);
 * `inputs` are names that can be selected besides hook points.
 * Errors: `argument` when a pattern matches nothing.
 */
export function resolveHooks(model: Model, patterns: string | undefined, also: readonly string[] = [], inputs: readonly string[] = []): HookSelection {
  const standard = [...new Set([...inputs, ...model.hookPoints().map(({ name }) => name)])];
  const chosen = new Set<string>();
  for (const pattern of (patterns ?? '').split(',').map((part) => part.trim())) {
    if (pattern === '') continue;
    const matches = standard.some((name) => matchesGlob(pattern, name))
      ? selectHooks(pattern, standard)
      : selectHooks(pattern, [...standard, ...hooksOnRequest(model).map(({ name }) => name)]);
    for (const name of matches) chosen.add(name);
  }
  const options = optionsFor([...chosen, ...also]);
  const all = [...inputs, ...model.hookPoints(options).map(({ name }) => name)];
  return { names: [...new Set(all)].filter((name) => chosen.has(name)), options };
}

/** Hook points that a model has only when asked; none for an imported file, whose graph is fixed. */
export function hooksOnRequest(model: Model): readonly HookPoint[] {
  const standard = new Set(model.hookPoints().map(({ name }) => name));
  try {
    return model.hookPoints({ attnResult: true, splitQkvInput: true }).filter(({ name }) => !standard.has(name));
  } catch (error) {
    if (MechanistError.is(error, 'unsupported')) return [];
    throw error;
  }
}

function optionsFor(names: readonly string[]): GraphOptions {
  return {
    ...(names.some((name) => name.endsWith('.attn.hook_result')) ? { attnResult: true } : {}),
    ...(names.some((name) => /\.hook_[qkv]_input$/.test(name)) ? { splitQkvInput: true } : {}),
  };
}
