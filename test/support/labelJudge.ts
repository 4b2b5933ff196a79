/** Stands in for a language model: names the most frequent marked word, and as a judge looks for the word that a description quotes. */
import { passagesIn } from './loopbackChat.ts';

export function answerAsked(prompt: string): string {
  const passages = passagesIn(prompt);
  if (prompt.includes('What do the active tokens have in common?')) {
    const counts = new Map<string, number>();
    for (const [, word] of passages.join('\n').matchAll(/<<([^<>]*)>>/g)) counts.set(word!.trim(), (counts.get(word!.trim()) ?? 0) + 1);
    return `“${[...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 'nothing'}” <b>in</b> a text`;
  }
  const word = /described as: "[^“]*“([^”]*)”/.exec(prompt)?.[1] ?? '';
  return JSON.stringify(passages.map((text) => (word !== '' && text.includes(word) ? 1 : 0)));
}
