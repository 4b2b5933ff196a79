/** All sentences that the extension says, collected from its sources: what a translation has to hold. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { methods } from '../../src/extension/methods/catalogue.ts';
import { methodGroups } from '../../src/extension/methods/groups.ts';
import { inspectorSentences } from '../../src/extension/views/inspectorSentences.ts';

const sources = fileURLToPath(new URL('../../src/extension', import.meta.url));

/** The file that translations are copied from: each sentence under itself. */
export function bundleText(): string {
  return `${JSON.stringify(Object.fromEntries(collectSentences().map((sentence) => [sentence, sentence])), null, 2)}\n`;
}

/** Sorted, each once. */
function collectSentences(): string[] {
  const said = new Set<string>(inspectorSentences);
  for (const { name, question } of methodGroups) [name, question].forEach((sentence) => said.add(sentence));
  for (const { name, question, assumptions, strengths, weaknesses, check } of methods) {
    [name, question, assumptions, strengths, weaknesses, check].forEach((sentence) => said.add(sentence));
  }
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    for (const [, sentence] of readFileSync(join(sources, file), 'utf8').matchAll(/\bt\('((?:[^'\\]|\\.)*)'/g)) said.add(sentence!);
  }
  return [...said].toSorted();
}
