/** `npm run l10n`: writes what the pages say, and `l10n/bundle.l10n.json`, which translations are copied from. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleText, pageSentencesText } from './l10n/sentences.ts';

writeFileSync(fileURLToPath(new URL('../src/extension/views/sentences.json', import.meta.url)), pageSentencesText());
writeFileSync(fileURLToPath(new URL('../l10n/bundle.l10n.json', import.meta.url)), bundleText());
