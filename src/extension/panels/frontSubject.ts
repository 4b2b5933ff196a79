/** Which subject the palette means: that of the panel or graph editor in front. Knows no vscode. */
import type { Subject } from '../../protocol/views/panel.ts';

export interface Shown {
  readonly active: boolean;
  readonly subject: Subject | undefined;
}

/** `shown`: panels first, then editors of graph files. Where none is in front, the first that is about something. */
export function frontSubject(shown: Iterable<Shown>): Subject | undefined {
  const all = [...shown];
  const front = all.find(({ active }) => active);
  return front === undefined ? all.find(({ subject }) => subject !== undefined)?.subject : front.subject;
}
