/** What `npm start` shows when it is given nothing: the first bundled model, or the tests' random GPT-2 while there is none. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledModels } from '../locateModel.ts';

export interface Demonstration {
  readonly model: string;
  /** A text for a model with a tokenizer, else a file with token ids. */
  readonly text?: string;
  readonly inputs?: string;
}

export async function demonstration(): Promise<Demonstration> {
  const model = 'fable-4l';
  const isBundled = await stat(join(bundledModels, model, 'model.safetensors')).then(() => true, () => false);
  if (isBundled) return { model, text: 'When Mary and John went to the store, John gave a book to' };
  const folder = fileURLToPath(new URL('../../../test/fixtures/models/gpt2', import.meta.url));
  return { model: folder, inputs: join(folder, 'reference.safetensors') };
}
