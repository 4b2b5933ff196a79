/** Engine processes as the operating system sees them (Linux: `/proc`). */
import { readFileSync, readdirSync } from 'node:fs';

/** Process ids of engines that run from below a folder. */
export function engineProcesses(folder: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    const args = read(`/proc/${pid}/cmdline`).split('\0');
    return args.some((arg) => arg.startsWith(folder) && arg.endsWith('dist/engine.mjs'));
  });
}

/** Resident memory of a process, bytes, now or at most so far; undefined when it is gone. */
export function residentMemory(pid: number, when: 'now' | 'peak' = 'now'): number | undefined {
  const kilobytes = (when === 'now' ? /^VmRSS:\s+(\d+) kB/m : /^VmHWM:\s+(\d+) kB/m).exec(read(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Empty for a process that ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}
