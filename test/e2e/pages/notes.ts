/** Notes in the editor and on disk. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Names of the notes in the folder of findings. */
export async function noteNames(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'findings')).catch((): string[] => []);
  return names.filter((name) => name.endsWith('.md')).toSorted();
}
