/**
 * One installer at a time: a lock file that holds the owner's process id.
 * Two commands started together (say `npm test` and `npm start`) must not install into one folder at once.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `action` while holding `file`. Waits for another live owner; takes over from a dead one.
 * @template T
 * @param {string} file
 * @param {() => Promise<T> | T} action
 * @param {{ pollMs?: number, onWait?: (owner: number) => void }} [options]
 * @returns {Promise<T>}
 */
export async function exclusively(file, action, { pollMs = 200, onWait = announce } = {}) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}`;
  let announced = false;
  for (;;) {
    writeFileSync(mine, String(process.pid));
    if (acquire(mine, file)) break;
    const owner = ownerOf(file);
    if (owner !== undefined && !isAlive(owner)) takeAway(file, owner);
    else {
      if (owner !== undefined && !announced) {
        onWait(owner);
        announced = true;
      }
      await sleep(pollMs);
    }
  }
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {number} owner */
function announce(owner) {
  process.stderr.write(`Waiting for process ${owner}, which is installing…\n`);
}

/**
 * A hard link appears with its content or not at all, so no reader sees a lock without an owner.
 * @param {string} mine
 * @param {string} file
 */
function acquire(mine, file) {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** @param {string} file */
function ownerOf(file) {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(owner) && owner > 0 ? owner : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}

/**
 * Renaming decides between two waiters that both saw the owner dead: one of them finds nothing left to rename.
 * @param {string} file
 * @param {number} owner
 */
function takeAway(file, owner) {
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const taken = ownerOf(aside);
  if (taken === owner) rmSync(aside, { force: true });
  else acquire(aside, file);
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function hasCode(error, code) {
  return error instanceof Error && /** @type {NodeJS.ErrnoException} */ (error).code === code;
}
