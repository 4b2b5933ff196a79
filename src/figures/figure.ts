/**
 * Figures as data: what is drawn, never how. A figure of a note is made from this alone, so nothing that a page or a file says
 * can reach the drawing but numbers and escaped words. `null` is a number that there is not.
 */

/** `control` is a null or baseline: always grey and hollow or dashed. */
export type FigureRole = 'main' | 'effect' | 'category' | 'control';

export interface FigureSeries {
  readonly name: string;
  readonly role: FigureRole;
  /** Numbers, or names of categories. */
  readonly x: readonly (string | number)[];
  readonly y: readonly (number | null)[];
  /** Interval around y. */
  readonly low?: readonly (number | null)[] | undefined;
  readonly high?: readonly (number | null)[] | undefined;
  /** Points joined by a line, without marks: a line to compare points with. */
  readonly joined?: boolean | undefined;
}

export interface SeriesFigure {
  readonly kind: 'bars' | 'lines' | 'points';
  readonly title: string;
  readonly x: { readonly title: string };
  readonly y: { readonly title: string; readonly log?: boolean | undefined };
  readonly series: readonly FigureSeries[];
}

export interface HeatmapFigure {
  readonly kind: 'heatmap';
  readonly title: string;
  readonly x: { readonly title: string; readonly names: readonly string[] };
  /** First name at the bottom. */
  readonly y: { readonly title: string; readonly names: readonly string[] };
  /** [y, x] row-major. */
  readonly values: readonly (number | null)[];
  readonly valueTitle: string;
  /** Diverging around zero; otherwise one hue from zero. */
  readonly signed: boolean;
  /** Words in the cells, in the order of the values. */
  readonly texts?: readonly string[] | undefined;
  readonly selected?: { readonly row: number; readonly column: number } | undefined;
}

/** Boxes joined by lines, placed by whoever made it: a circuit, a part of a graph. */
export interface DiagramFigure {
  readonly kind: 'diagram';
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** x and y of the middle. */
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly x: number; readonly y: number }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly weight: number }[];
}

export type FigureDrawing = SeriesFigure | HeatmapFigure | DiagramFigure;

/** The numbers behind a drawing, unrounded. */
export interface FigureTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

export interface Figure {
  readonly drawing: FigureDrawing;
  readonly table: FigureTable;
}
