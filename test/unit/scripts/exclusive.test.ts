import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exclusively } from '../../../scripts/bootstrap/exclusive.mjs';

describe('an action that runs exclusively', () => {
  it('never overlaps another one, and leaves no file behind', async () => {
    const lock = newLock();
    let running = 0;
    let most = 0;
    const action = async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
    };
    await Promise.all(Array.from({ length: 6 }, () => exclusively(lock, action, { pollMs: 1 })));
    expect(most).toBe(1);
    expect(readdirSync(dirname(lock))).toEqual([]);
  });

  it('waits for a live owner and says for whom', async () => {
    const lock = newLock();
    const order: string[] = [];
    const first = exclusively(lock, async () => {
      await sleep(30);
      order.push('first');
    });
    const second = exclusively(lock, () => order.push('second'), { pollMs: 1, onWait: (owner) => order.push(`wait for ${owner}`) });
    await Promise.all([first, second]);
    expect(order).toEqual([`wait for ${process.pid}`, 'first', 'second']);
  });

  it('takes over from an owner that died', async () => {
    const lock = newLock();
    const dead = spawnSync(process.execPath, ['--eval', '']).pid;
    writeFileSync(lock, String(dead));
    expect(await exclusively(lock, () => 'done', { pollMs: 1 })).toBe('done');
    expect(existsSync(lock)).toBe(false);
  });

  it('releases the lock when the action fails', async () => {
    const lock = newLock();
    await expect(exclusively(lock, () => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
    expect(existsSync(lock)).toBe(false);
  });
});

/** Path for a lock file in a folder that goes when the test ends. */
function newLock(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'install.lock');
}
