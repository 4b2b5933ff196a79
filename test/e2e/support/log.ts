/** The extension's log as it lies on disk, of the server that was started last. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export async function extensionLog(installation: string): Promise<string> {
  const users = (await readdir(installation)).filter((name) => /^user-\d+$/.test(name)).toSorted((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  const logs = join(installation, users.at(-1)!, 'logs');
  const files = (await readdir(logs, { recursive: true })).filter((file) => /mechanist\.mechanist.*\.log$/.test(file));
  const dated = await Promise.all(files.map(async (file) => ({ file, time: (await stat(join(logs, file))).mtimeMs })));
  const texts = await Promise.all(dated.toSorted((a, b) => a.time - b.time).map(({ file }) => readFile(join(logs, file), 'utf8')));
  return texts.join('\n');
}
