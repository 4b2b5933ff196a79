import { describe, expect, it } from 'vitest';
import { listFiles, readBytes, sizeOf } from './sources.ts';

/** Absolute paths below the folders where somebody's files live; a relative `work/` or a URL's path is none. */
const machinePath = /(?<![\w.~:/-])\/(?:tmp|root|work|home|Users)\/[\w.]/;

const lockFiles = ['package-lock.json', 'scripts/toolchain-node/package-lock.json', 'scripts/toolchain-workbench/package-lock.json'];

describe('the text of the repository', () => {
  it('names no path of somebody’s machine', () => {
    expect(textFiles().flatMap(({ path, text }) => machinePaths(text).map((line) => `${path}: ${line}`))).toEqual([]);
  });

  it.each(lockFiles)('%s pins packages by their hash, not by a host', (path) => {
    const { packages } = JSON.parse(readBytes(path).toString('utf8')) as { packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }> };
    const installed = Object.entries(packages).filter(([name]) => name !== '');
    expect(installed.length).toBeGreaterThan(0);
    expect(installed.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name)).toEqual([]);
    expect(installed.filter(([, { integrity }]) => integrity === undefined).map(([name]) => name)).toEqual([]);
  });
});

describe('a path of a machine', () => {
  it.each([['tmp', 'x.bin'], ['root', 'model'], ['work', 'main'], ['home', 'someone'], ['Users', 'someone']])('below %s is found', (folder, name) => {
    expect(machinePaths(`first line\nread "/${folder}/${name}"`)).toEqual([`read "/${folder}/${name}"`]);
  });

  it.each(['src/work/file.ts', 'https://host/home/page', '~/work/model', './tmp/cache'])('is not seen in %s', (text) => {
    expect(machinePaths(text)).toEqual([]);
  });
});

function machinePaths(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => machinePath.test(line))
    .map((line) => line.trim().slice(0, 120));
}

/** Every file without a NUL byte at its start. A file of several megabytes is data. */
function textFiles(): { path: string; text: string }[] {
  return listFiles()
    .filter((path) => sizeOf(path) < 4_000_000)
    .map((path) => ({ path, bytes: readBytes(path) }))
    .filter(({ bytes }) => !bytes.subarray(0, 8192).includes(0))
    .map(({ path, bytes }) => ({ path, text: bytes.toString('utf8') }));
}
