/**
 * The figure that a pin stands on, as a page hands it over: data of a bounded size, from which the host draws. A page sends
 * no markup. `null` is a number that there is not.
 */
import * as v from 'valibot';

const words = v.pipe(v.string(), v.maxLength(300));
const name = v.pipe(v.string(), v.maxLength(200));
const index = v.pipe(v.number(), v.integer(), v.minValue(0));
/** What is larger cannot be drawn. */
export const largestNumber = 1e30;
const number = v.pipe(v.number(), v.minValue(-largestNumber), v.maxValue(largestNumber));
const numberOrNone = v.nullable(number);

const mostPoints = 5_000;
/** A page leaves a figure out that has more cells than this. */
export const mostCells = 60_000;
const mostNodes = 400;
/** The strongest edges of a larger diagram are drawn. */
export const mostEdges = 4_000;

const series = v.object({
  name: words, role: v.picklist(['main', 'effect', 'category', 'control']),
  x: v.pipe(v.array(v.union([number, name])), v.maxLength(mostPoints)), y: v.pipe(v.array(numberOrNone), v.maxLength(mostPoints)),
  low: v.optional(v.pipe(v.array(numberOrNone), v.maxLength(mostPoints))), high: v.optional(v.pipe(v.array(numberOrNone), v.maxLength(mostPoints))),
  joined: v.optional(v.boolean()),
});

const axis = v.object({ title: words, names: v.pipe(v.array(name), v.maxLength(mostPoints)) });

const drawing = v.variant('kind', [
  v.object({
    kind: v.picklist(['bars', 'lines', 'points']), title: words, x: v.object({ title: words }), y: v.object({ title: words, log: v.optional(v.boolean()) }),
    series: v.pipe(v.array(series), v.maxLength(20)),
  }),
  v.pipe(
    v.object({
      kind: v.literal('heatmap'), title: words, x: axis, y: axis, values: v.pipe(v.array(numberOrNone), v.maxLength(mostCells)), valueTitle: words, signed: v.boolean(),
      texts: v.optional(v.pipe(v.array(name), v.maxLength(mostCells))), selected: v.optional(v.object({ row: index, column: index })),
    }),
    v.check(({ x, y, values }) => values.length === x.names.length * y.names.length, 'Expected one value for each cell.'),
  ),
  v.object({
    kind: v.literal('diagram'), title: words, width: v.pipe(number, v.minValue(1), v.maxValue(20_000)), height: v.pipe(number, v.minValue(1), v.maxValue(20_000)),
    nodes: v.pipe(v.array(v.object({ id: name, label: name, x: number, y: number })), v.maxLength(mostNodes)),
    edges: v.pipe(v.array(v.object({ from: name, to: name, weight: number })), v.maxLength(mostEdges)),
  }),
]);

export const figureSchema = v.object({
  drawing,
  table: v.object({
    columns: v.pipe(v.array(words), v.maxLength(50)),
    rows: v.pipe(v.array(v.pipe(v.array(v.union([words, number, v.null()])), v.maxLength(50))), v.maxLength(mostCells)),
  }),
});
export type PinnedFigure = v.InferOutput<typeof figureSchema>;
