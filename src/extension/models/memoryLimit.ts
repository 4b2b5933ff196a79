/** How much memory models may take. The engine holds what a file's headers ask for against it before it reads weights. */
import { constrainedMemory } from 'node:process';
import { totalmem } from 'node:os';

const gigabyte = 1e9;
const share = 0.75;

/** Bytes. `setting` in gigabytes; 0 is three quarters of the memory of the machine, or of the container it runs in. */
export function memoryLimit(setting: number, total = totalmem(), constrained = constrainedMemory()): number {
  if (setting > 0) return setting * gigabyte;
  const there = constrained > 0 ? Math.min(total, constrained) : total;
  return Math.floor(there * share);
}
