/** All sentences that the extension says, collected from its sources: what a translation has to hold. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { methods } from '../../src/extension/methods/catalogue.ts';
import { methodGroups } from '../../src/extension/methods/groups.ts';
import { lacks } from '../../src/notes/diagnose.ts';
import { claimWords } from '../../src/notes/grade/claims.ts';
import { cautions, gradeNames, requirements } from '../../src/notes/grade/rules.ts';

const sources = fileURLToPath(new URL('../../src/extension', import.meta.url));
const notes = fileURLToPath(new URL('../../src/notes', import.meta.url));
const pages = fileURLToPath(new URL('../../webview-ui', import.meta.url));
const pageFolders = ['shared', 'inspector', 'semantic', 'algorithmic', 'findings-map'];

/** The file that translations are copied from: each sentence under itself. */
export function bundleText(): string {
  return `${JSON.stringify(Object.fromEntries(collectSentences().map((sentence) => [sentence, sentence])), null, 2)}\n`;
}

/** The file of what the pages say, by folder: the host translates these for them. */
export function pageSentencesText(): string {
  return `${JSON.stringify(Object.fromEntries(pageFolders.map((folder) => [folder, saidIn(join(pages, folder))])), null, 2)}\n`;
}

/** Sentences that the sources below a folder pass to `t`, sorted, each once. */
function saidIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const said = files.flatMap((file) => Array.from(readFileSync(join(folder, file), 'utf8').matchAll(/\bt\('((?:[^'\\]|\\.)*)'/g), ([, sentence]) => sentence!));
  return [...new Set(said)].toSorted();
}

/** Sorted, each once. */
function collectSentences(): string[] {
  const said = new Set<string>(pageFolders.flatMap((folder) => saidIn(join(pages, folder))));
  for (const { name, question } of methodGroups) [name, question].forEach((sentence) => said.add(sentence));
  for (const { name, question, assumptions, strengths, weaknesses, check } of methods) {
    [name, question, assumptions, strengths, weaknesses, check].forEach((sentence) => said.add(sentence));
  }
  for (const sentence of [...saidIn(sources), ...saidByNotes()]) said.add(sentence);
  return [...said].toSorted();
}

/** What notes say of themselves: sentences that are data of the rules, and those that stand in the code. */
function saidByNotes(): string[] {
  const files = readdirSync(notes, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const written = files.flatMap((file) => Array.from(readFileSync(join(notes, file), 'utf8').matchAll(/\bsay\('((?:[^'\\]|\\.)*)'/g), ([, sentence]) => sentence!));
  return [...written, ...Object.values(gradeNames), ...requirements.flatMap(({ met, missing }) => [met, missing]), ...cautions.map(({ text }) => text), ...claimWords.map(({ why }) => why), ...Object.values(lacks)];
}
