/** The models of the engine process as evidence is measured on them. Bundled ones are opened when they are asked for. */
import { MechanistError } from '../../../engine/errors.ts';
import type { ModelProvider } from '../../../evidence/measure.ts';
import { modelOpen } from '../modelOpen.ts';
import { setNamed } from '../graph/sets.ts';
import type { Job } from '../../scheduler.ts';
import type { OpenModel, Session } from '../../session.ts';

/** Opens what is missing and bundled; what is neither open nor bundled is "not found" when it is used. */
export async function* sessionModels(session: Session, ids: readonly string[]): Job<ModelProvider> {
  for (const id of new Set(ids)) {
    if (openOf(session, id) !== undefined) continue;
    try {
      yield* modelOpen(session, { source: { kind: 'zoo', id } });
    } catch (error) {
      // Whoever uses the model says that it is not there.
      if (!MechanistError.is(error, 'not-found')) throw error;
    }
  }
  return {
    open: (id) => {
      const open = openOf(session, id);
      if (open === undefined) return Promise.reject(new MechanistError('not-found', `The model "${id}" is not open and not bundled.`, { field: 'models', hint: 'Open it first.' }));
      const { model, runtime } = open;
      const { hash, hasTokenizer, dictionaries } = open.summary();
      return Promise.resolve({
        id, hash, model, runtime, tokenizer: hasTokenizer ? open.tokenizer : undefined,
        dictionary: (name: string) => {
          const known = dictionaries.find((dictionary) => dictionary.id === name);
          const weights = known && open.dictionary(known.dictionary).weights;
          return Promise.resolve(weights?.kind === 'clt' ? undefined : weights);
        },
        transcoders: (name: string) => Promise.resolve(setNamed(open, name)),
      });
    },
  };
}

function openOf(session: Session, id: string): OpenModel | undefined {
  return session.list().find(({ model }) => model.id === id);
}
