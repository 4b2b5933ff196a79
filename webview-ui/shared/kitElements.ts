/** Names of the kit's elements. */
import { ChartElement } from './charts/chart.ts';
import { SubjectChip } from './components/subjectChip.ts';
import { TokenStrip } from './components/tokenStrip.ts';
import { VirtualTable } from './components/virtualTable.ts';
import { define } from './element.ts';

/** Defines the elements that every panel uses. */
export function defineKit(): void {
  define('mechanist-chip', SubjectChip);
  define('mechanist-token-strip', TokenStrip);
  define('mechanist-table', VirtualTable);
  define('mechanist-chart', ChartElement);
}
