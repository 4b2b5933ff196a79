/** Remembers which model and dictionary were used in this workspace, so that a reloaded window goes on with them. */
import * as v from 'valibot';
import { modelSourceSchema } from '../../protocol/methods.ts';
import type { ModelSource } from '../../protocol/methods.ts';
import type { Disposable } from '../disposables.ts';
import type { OpenModels } from './openModels.ts';

/** What is needed of VS Code's `Memento`. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const key = 'lastModel';
const schema = v.object({ source: modelSourceSchema, dictionary: v.optional(v.pipe(v.string(), v.maxLength(500))) });

/** What was used last, if it can be used again: models from disk or hub only in trusted workspaces. */
export function lastModel(memory: Memory, trusted: boolean): v.InferOutput<typeof schema> | undefined {
  const parsed = v.safeParse(schema, memory.get(key));
  if (!parsed.success) return undefined;
  const { source } = parsed.output;
  // Opening a repository of the hub may use the network, which only happens when asked for.
  if (source.kind === 'hub' || (source.kind !== 'zoo' && !trusted)) return undefined;
  return parsed.output;
}

export function rememberModel(models: OpenModels, memory: Memory): Disposable {
  return models.onChange(() => {
    const { active } = models;
    if (active === undefined) return;
    const { model: { source }, dictionary } = active;
    void memory.update(key, { source: source satisfies ModelSource, ...(dictionary === undefined ? {} : { dictionary: dictionary.id }) });
  });
}
