/** Geometry of the map: picking, lasso, movement from point to point. Coordinates of points are in −1…1. No DOM. */

/** What part of the map is in sight: `scale` 1 shows all of it. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export const wholeMap: Camera = { x: 0, y: 0, scale: 1 };

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels per unit at scale 1: the square fits, with a margin. */
const unit = ({ width, height }: Size): number => (Math.min(width, height) / 2) * 0.94;

export function toScreen([x, y]: readonly [number, number], camera: Camera, size: Size): [number, number] {
  const per = unit(size) * camera.scale;
  return [size.width / 2 + (x - camera.x) * per, size.height / 2 - (y - camera.y) * per];
}

export function toMap([x, y]: readonly [number, number], camera: Camera, size: Size): [number, number] {
  const per = unit(size) * camera.scale;
  return [camera.x + (x - size.width / 2) / per, camera.y - (y - size.height / 2) / per];
}

/** Closer or further, the point under the pointer staying where it is. */
export function zoomed(camera: Camera, by: number, at: readonly [number, number], size: Size): Camera {
  const scale = Math.max(1, Math.min(200, camera.scale * by));
  const [x, y] = toMap(at, camera, size);
  const per = unit(size) * scale;
  const next = { x: x - (at[0] - size.width / 2) / per, y: y + (at[1] - size.height / 2) / per, scale };
  return scale === 1 ? wholeMap : next;
}

export function panned(camera: Camera, [dx, dy]: readonly [number, number], size: Size): Camera {
  const per = unit(size) * camera.scale;
  return { ...camera, x: camera.x - dx / per, y: camera.y + dy / per };
}

/** Buckets over the points, so that a pick looks at few of 65,536. */
export class PointGrid {
  private readonly points: Float32Array;
  private readonly cells: Uint32Array;
  private readonly order: Uint32Array;
  private readonly side: number;

  /** `points`: x, y of each [2·n]. */
  constructor(points: Float32Array) {
    this.points = points;
    const count = points.length / 2;
    this.side = Math.max(1, Math.ceil(Math.sqrt(count / 4)));
    this.cells = new Uint32Array(this.side * this.side + 1);
    for (let index = 0; index < count; index++) this.cells[this.cellOf(points[2 * index]!, points[2 * index + 1]!) + 1]!++;
    for (let cell = 0; cell < this.side * this.side; cell++) this.cells[cell + 1]! += this.cells[cell]!;
    const next = this.cells.slice();
    this.order = new Uint32Array(count);
    for (let index = 0; index < count; index++) this.order[next[this.cellOf(points[2 * index]!, points[2 * index + 1]!)]!++] = index;
  }

  /** Index of the nearest point within `radius`; undefined if there is none. */
  nearest([x, y]: readonly [number, number], radius: number): number | undefined {
    let best: number | undefined;
    let nearest = radius;
    const [x0, x1, y0, y1] = [this.lane(x - radius), this.lane(x + radius), this.lane(y - radius), this.lane(y + radius)];
    for (let row = y0; row <= y1; row++) {
      for (let column = x0; column <= x1; column++) {
        const cell = row * this.side + column;
        for (let place = this.cells[cell]!; place < this.cells[cell + 1]!; place++) {
          const index = this.order[place]!;
          const distance = Math.hypot(this.points[2 * index]! - x, this.points[2 * index + 1]! - y);
          if (distance <= nearest) [best, nearest] = [index, distance];
        }
      }
    }
    return best;
  }

  private cellOf(x: number, y: number): number {
    return this.lane(y) * this.side + this.lane(x);
  }

  private lane(coordinate: number): number {
    return Math.max(0, Math.min(this.side - 1, Math.floor(((coordinate + 1) / 2) * this.side)));
  }
}

/** Indices of the points inside a closed outline (even–odd rule). */
export function inside(points: Float32Array, outline: readonly (readonly [number, number])[]): number[] {
  if (outline.length < 3) return [];
  const found: number[] = [];
  for (let index = 0; index < points.length / 2; index++) {
    const [x, y] = [points[2 * index]!, points[2 * index + 1]!];
    let within = false;
    for (let a = 0, b = outline.length - 1; a < outline.length; b = a++) {
      const [ax, ay] = outline[a]!;
      const [bx, by] = outline[b]!;
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
    }
    if (within) found.push(index);
  }
  return found;
}

/** The nearest point in the direction of an arrow key, within a quarter turn of it. */
export function neighbourByKey(points: Float32Array, from: number, key: string): number | undefined {
  const direction = ({ ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] } as Readonly<Record<string, readonly [number, number]>>)[key];
  if (direction === undefined) return undefined;
  let best: number | undefined;
  let least = Infinity;
  for (let index = 0; index < points.length / 2; index++) {
    const [dx, dy] = [points[2 * index]! - points[2 * from]!, points[2 * index + 1]! - points[2 * from + 1]!];
    const along = dx * direction[0] + dy * direction[1];
    const across = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
    if (along <= 0 || across > along) continue;
    const cost = along + 2 * across;
    if (cost < least) [best, least] = [index, cost];
  }
  return best;
}

/** Whether nearness in the map says anything: clearly more neighbours are kept than in the map of a random dictionary. */
export function mapTells({ preserved, randomPreserved }: { readonly preserved: number; readonly randomPreserved: number }): boolean {
  return preserved >= 0.05 && preserved >= 1.5 * randomPreserved;
}
