/** Where the zoo's models and dictionaries lie. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const models = fileURLToPath(new URL('./models', import.meta.url));

/** The Hugging Face folder of a model. */
export function modelFolder(model: string): string {
  return join(models, model);
}

/** The folder of a dictionary; without `id`, that of all dictionaries of the model. */
export function dictionaryFolder({ model, id = '' }: { readonly model: string; readonly id?: string }): string {
  return join(models, model, 'dictionaries', id);
}
