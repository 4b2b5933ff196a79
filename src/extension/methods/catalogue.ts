/** All methods, and the text of a method's card. Knows nothing of vscode. */
import type { Translate } from '../translate.ts';
import { algorithmicMethods, unifiedMethods } from './algorithmicMethods.ts';
import { methodGroups } from './groups.ts';
import type { Method, Need } from './method.ts';
import { behavioralMethods, semanticMethods } from './semanticMethods.ts';

export const methods: readonly Method[] = [...behavioralMethods, ...semanticMethods, ...algorithmicMethods, ...unifiedMethods];

export function methodOf(id: string): Method | undefined {
  return methods.find((method) => method.id === id);
}

/** What is at hand for methods to work on. */
export type AtHand = Readonly<Record<Need, boolean>>;

export function missing(method: Method, atHand: AtHand): Need[] {
  return method.needs.filter((need) => !atHand[need]);
}

export function needName(need: Need, t: Translate): string {
  switch (need) {
    case 'model': return t('a model');
    case 'dictionary': return t('a dictionary');
    case 'pair': return t('a prompt pair');
    case 'labels': return t('labels');
    case 'corpus': return t('a corpus');
  }
}

/** The card as Markdown. Everything in it is this project's own text. */
export function methodCard(method: Method, t: Translate): string {
  const path = [methodGroups.find(({ id }) => id === method.group.split('.')[0]), methodGroups.find(({ id, parent }) => id === method.group && parent !== undefined)]
    .flatMap((group) => (group === undefined ? [] : [t(group.name)]));
  const sections: [string, string][] = [
    [t('Question'), t(method.question)],
    [t('Assumptions'), t(method.assumptions)],
    [t('Strengths'), t(method.strengths)],
    [t('Weaknesses'), t(method.weaknesses)],
    [t('The check it demands'), t(method.check)],
    [t('Needs'), method.needs.map((need) => needName(need, t)).join(', ')],
  ];
  const papers = method.papers.length === 0 ? '' : `\n## ${t('Papers')}\n\n${method.papers.map((paper) => `- ${paper}`).join('\n')}\n`;
  return `# ${t(method.name)}\n\n*${path.join(' › ')}*\n${sections.map(([title, body]) => `\n## ${title}\n\n${body}\n`).join('')}${papers}`;
}
