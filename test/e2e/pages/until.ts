/** Waits until a value satisfies a condition; fails with what it still was. */
import { setTimeout as sleep } from 'node:timers/promises';

export async function until<T>(what: string, read: () => T | Promise<T>, holds: (value: T) => boolean, timeout = 30_000): Promise<T> {
  let value = await read();
  for (const end = Date.now() + timeout; !holds(value); value = await read()) {
    if (Date.now() > end) throw new Error(`${what}: still ${JSON.stringify(value)}`);
    await sleep(150);
  }
  return value;
}
