/** The extension's log as it lies on disk, of the server that was started last. */
import { strict as assert } from 'node:assert';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../pages/until.ts';

export async function extensionLog(installation: string): Promise<string> {
  const users = (await readdir(installation)).filter((name) => /^user-\d+$/.test(name)).toSorted((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  const logs = join(installation, users.at(-1)!, 'logs');
  const files = (await readdir(logs, { recursive: true })).filter((file) => /mechanist\.mechanist.*\.log$/.test(file));
  const dated = await Promise.all(files.map(async (file) => ({ file, time: (await stat(join(logs, file))).mtimeMs })));
  const texts = await Promise.all(dated.toSorted((a, b) => a.time - b.time).map(({ file }) => readFile(join(logs, file), 'utf8')));
  return texts.join('\n');
}

/**
 * Fails with what the pages of a kind have told the log so far: errors, violations of the content policy, messages that
 * break the protocol. axe adds styles of its own, so this comes before it.
 */
export async function assertPagesWell(installation: string, kind: 'inspector' | 'semantic' | 'algorithmic'): Promise<void> {
  const text = await until('log', () => extensionLog(installation), (log) => log.includes('engine:'));
  assert.deepEqual(text.split('\n').filter((line) => line.includes(`${kind} page:`) || line.includes('policy violation')), []);
}
