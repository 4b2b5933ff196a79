/** How to cite a finding: a BibTeX entry that names what it was measured on. */
import type { Finding } from '../format/schema.ts';

export function citation(finding: Finding): string {
  const dates = finding.evidence.map(({ date }) => date).toSorted();
  const year = dates.at(-1)?.slice(0, 4);
  const models = [...new Map(finding.evidence.flatMap(({ models: used }) => used.map(({ id, hash }) => [id, hash] as const)))].map(([id, hash]) => `${id} ${hash.slice(0, 12)}`);
  const fields: [string, string | undefined][] = [
    ['title', finding.title], ['author', finding.authors.length === 0 ? undefined : finding.authors.join(' and ')], ['year', year],
    ['howpublished', 'Mechanist finding'], ['note', [finding.claim, models.length === 0 ? '' : `Models: ${models.join(', ')}.`].filter((part) => part !== '').join(' ')],
  ];
  return [`@misc{${finding.id},`, ...fields.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name} = {${tex(value)}},`])), '}'].join('\n');
}

/** Characters that TeX reads as commands are escaped; braces would end the field. */
function tex(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\{}$&#%_^~]/g, (character) => ({ '\\': '\\textbackslash ', '^': '\\textasciicircum ', '~': '\\textasciitilde ' })[character] ?? `\\${character}`);
}
