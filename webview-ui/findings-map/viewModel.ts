/** From the map to what is drawn, and where keys lead. Pure. */
import type { MapFinding, MapOfFindings, MapSubject } from '../../src/protocol/views/findingsMap.ts';
import { t } from '../shared/strings.ts';

export type Side = 'semantic' | 'algorithmic';

export interface MapPlace {
  readonly side: Side;
  readonly index: number;
}

/** Height of a row, as in the style sheet. */
const rowHeight = 30;
/** Width of the space between the sides, in units of the drawing. */
export const lineSpace = 100;

export interface DrawnLine {
  readonly path: string;
  readonly unified: boolean;
  readonly findings: readonly MapFinding[];
  readonly title: string;
  /** Whether it leads to the chosen place; all do while none is chosen. */
  readonly lit: boolean;
}

export function mapHeight({ semantic, algorithmic }: MapOfFindings): number {
  return Math.max(1, semantic.length, algorithmic.length) * rowHeight;
}

export function drawnLines(map: MapOfFindings, chosen: MapPlace | undefined): DrawnLine[] {
  const y = (index: number): number => (index + 0.5) * rowHeight;
  return map.lines.map(({ semantic, algorithmic, findings, grade, unified }) => ({
    path: `M0 ${y(semantic)}C${lineSpace / 2} ${y(semantic)} ${lineSpace / 2} ${y(algorithmic)} ${lineSpace} ${y(algorithmic)}`, unified, findings,
    title: `${map.semantic[semantic]!.name} – ${map.algorithmic[algorithmic]!.name}: ${unified ? t('unified') : t('not unified')}, ${grade}`,
    lit: chosen === undefined || (chosen.side === 'semantic' ? semantic : algorithmic) === chosen.index,
  }));
}

/** Up and down on a side; across to what a line leads to, or to the same height. Undefined for other keys. */
export function movedPlace(map: MapOfFindings, { side, index }: MapPlace, key: string): MapPlace | undefined {
  const count = map[side].length;
  switch (key) {
    case 'ArrowDown': return { side, index: Math.min(count - 1, index + 1) };
    case 'ArrowUp': return { side, index: Math.max(0, index - 1) };
    case 'Home': return { side, index: 0 };
    case 'End': return { side, index: count - 1 };
    case 'ArrowRight': case 'ArrowLeft': {
      const other: Side = key === 'ArrowRight' ? 'algorithmic' : 'semantic';
      if (other === side || map[other].length === 0) return { side, index };
      const line = map.lines.find((one) => one[side] === index);
      return { side: other, index: line?.[other] ?? Math.min(index, map[other].length - 1) };
    }
    default: return undefined;
  }
}

export interface MapRow {
  readonly subject: MapSubject;
  readonly side: Side;
  /** Names of what it is joined with, and whether unified. */
  readonly joined: readonly string[];
}

/** The same as a table; of the chosen subject only, if there is one. */
export function mapRows(map: MapOfFindings, chosen: MapPlace | undefined): MapRow[] {
  return (['semantic', 'algorithmic'] as const).flatMap((side) => map[side].flatMap((subject, index) => {
    if (chosen !== undefined && (chosen.side !== side || chosen.index !== index)) return [];
    const other: Side = side === 'semantic' ? 'algorithmic' : 'semantic';
    return [{ subject, side, joined: map.lines.filter((line) => line[side] === index).map((line) => `${map[other][line[other]]!.name} (${line.unified ? t('unified') : t('not unified')})`) }];
  }));
}
