/** A process that adds records to a note: `writerEntry.ts FILE LABEL COUNT [kill-before-rename | read-only]`. */
import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs';

const [file, label, count, mode] = process.argv.slice(2) as [string, string, string, string | undefined];
if (mode === 'kill-before-rename') {
  fs.renameSync = () => process.kill(process.pid, 'SIGKILL');
  syncBuiltinESMExports();
}
if (mode === 'read-only') {
  const { openSync } = fs;
  fs.openSync = (path, flags, ...rest) => {
    if (flags === 'wx') throw Object.assign(new Error('read-only'), { code: 'EROFS' });
    return openSync(path, flags, ...rest);
  };
  syncBuiltinESMExports();
}
const { updateNoteFile } = await import('../../../src/notes/noteFile.ts');
const { addEvidence } = await import('../../../src/notes/edits.ts');
for (let i = 0; i < Number(count); i++) {
  await updateNoteFile(file, (note) => addEvidence(note, {
    method: 'feature.statistics@1', date: '2026-01-01', models: [{ id: 'm', hash: '0123456789abcdef' }], dictionaries: [], inputs: {}, parameters: {}, seed: 0, metric: `${label} ${i}`, value: i, measures: {},
  }).edits);
}
