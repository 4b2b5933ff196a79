/** A loss curve as a self-contained SVG drawing. */
import type { CurvePoint } from '../train.ts';

const width = 640;
const height = 280;
const left = 44;
const bottom = 32;
const top = 12;
const right = 12;
/** Points drawn; each is the mean of the steps it stands for. */
const drawn = 240;

/** Loss (nats per token) against step. Grey ink, which shows on light and dark pages. */
export function curveSvg(title: string, curve: readonly CurvePoint[]): string {
  const steps = curve.length;
  const size = Math.max(1, Math.ceil(steps / drawn));
  const points = Array.from({ length: Math.ceil(steps / size) }, (_, i) => {
    const part = curve.slice(i * size, (i + 1) * size);
    return { step: i * size + (part.length + 1) / 2, loss: meanLoss(part) };
  });
  const highest = Math.ceil(Math.max(...points.map(({ loss }) => loss)));
  const x = (step: number): number => left + (step / steps) * (width - left - right);
  const y = (loss: number): number => height - bottom - (loss / highest) * (height - bottom - top);
  const path = points.map(({ step, loss }, i) => `${i === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`).join('');
  const text = (at: string, content: string | number): string => `<text ${at} fill="#808080" font-family="sans-serif" font-size="11">${content}</text>`;
  const line = (x1: number, y1: number, x2: number, y2: number): string =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#808080" stroke-opacity="0.35"/>`;
  const rows = Array.from({ length: highest + 1 }, (_, loss) => [
    line(left, y(loss), width - right, y(loss)),
    text(`x="${left - 6}" y="${(y(loss) + 4).toFixed(1)}" text-anchor="end"`, loss),
  ]).flat();
  const columns = Array.from({ length: 5 }, (_, i) => {
    const step = Math.round((i * steps) / 4);
    return text(`x="${x(step).toFixed(1)}" y="${height - bottom + 16}" text-anchor="${i === 4 ? 'end' : 'middle'}"`, step);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    ...rows,
    ...columns,
    text(`x="${width - right}" y="${height - 2}" text-anchor="end"`, 'step'),
    text(`x="${left + 6}" y="${top + 12}"`, 'loss, nats per token'),
    `<path d="${path}" fill="none" stroke="#3b82c4" stroke-width="1.5"/>`,
    '</svg>',
    '',
  ].join('\n');
}

/** Mean loss of some steps. */
export function meanLoss(points: readonly CurvePoint[]): number {
  return points.reduce((sum, { loss }) => sum + loss, 0) / points.length;
}
