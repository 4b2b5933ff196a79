/** `zoo.list`: the bundled models. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '../../engine/formats/checkpoint.ts';
import { elementCount } from '../../engine/tensor.ts';
import type { ZooEntry } from '../../protocol/methods.ts';
import type { Job } from '../scheduler.ts';
import type { Session } from '../session.ts';

/** Errors: those of `openCheckpoint` for a bundled model that is damaged. */
export async function* zooList(session: Session): Job<readonly ZooEntry[]> {
  const { zoo } = session.options;
  if (zoo === undefined || !existsSync(zoo)) return [];
  const entries: ZooEntry[] = [];
  for (const id of (await readdir(zoo)).toSorted()) {
    const path = join(zoo, id);
    if (!existsSync(join(path, 'config.json'))) continue;
    const weights = openCheckpoint(path);
    const parameters = [...weights.names()].reduce((sum, name) => sum + elementCount(weights.info(name).dims), 0);
    weights.close();
    entries.push({ id, path, parameters });
    yield { done: entries.length };
  }
  return entries;
}
