/** A harvest whose disk is full: a file system that is, where the machine lets one be mounted; a limit on the engine's files otherwise as well. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelSummary } from '../../../../src/protocol/methods.ts';
import { Peer } from '../../../../src/protocol/peer.ts';
import type { StoreSummary } from '../../../../src/protocol/methods/semanticResults.ts';
import { forkEngine } from '../../../support/engineHost.ts';
import { tinyModel, tinyZoo } from '../../../support/tinyZoo.ts';

const cli = fileURLToPath(new URL('../../../../src/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mechanist-full-'));
const corpus = join(folder, 'text.txt');
const mount = join(folder, 'mount');
const files = ['store.json', 'features.safetensors', 'corpus.safetensors'];
let zoo: string;
let harvest: string[];

/** Runs commands in a namespace of their own, in which file systems may be mounted. */
const inNamespace = (script: string, ...args: string[]) => spawnSync('unshare', ['-Urm', 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8' });
const mayMount = process.platform === 'linux' && inNamespace('mount -t tmpfs -o size=64k tmpfs "$1"', tmpdir()).status === 0;
const mayLimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;

beforeAll(async () => {
  zoo = await tinyZoo();
  mkdirSync(mount);
  writeFileSync(corpus, Array.from({ length: 4000 }, (_, i) => `Mary went to the market ${i} times and gave ${i * 3} books to John.\n`).join(''));
  const model = join(zoo, tinyModel.id);
  harvest = [cli, 'harvest', model, join(model, 'dictionaries', 'blocks.2.hook_resid_post'), '--corpus', corpus, '--context', '32', '--threads', '1', '--out'];
  execFileSync(process.execPath, [...harvest, join(folder, 'whole')], { stdio: 'ignore' });
});
afterAll(() => [zoo, folder].forEach((path) => rmSync(path, { recursive: true })));

test.skipIf(!mayMount)('a full disk is told of; with room again the harvest goes on and ends with the same store', () => {
  // Filled by degrees: each time another file is the first that does not fit.
  const { stdout, stderr, status } = inNamespace(`
    at=$1; out=$2; shift 2
    mount -t tmpfs -o size=16k tmpfs "$at"
    for size in 16k 600k 900k; do
      mount -o remount,size=$size "$at"
      "$@" "$at/store" >/dev/null && echo "fits in $size"
      echo "at $size: $(find "$at" -name '*.tmp' | wc -l) temporary, manifest $(ls "$at/store/store.json" 2>/dev/null | wc -l)"
    done
    mount -o remount,size=64m "$at"
    "$@" "$at/store" >/dev/null && cp -r "$at/store" "$out"`, mount, join(folder, 'resumed'), process.execPath, ...harvest);
  expect(status, stderr).toBe(0);
  expect(stdout).toBe(['16k', '600k', '900k'].map((size) => `at ${size}: 0 temporary, manifest 0\n`).join(''));
  expect(stderr.match(/There is no room for it: the disk or its quota is full \(ENOSPC\)\. Make room and go on/g)).toHaveLength(3);
  for (const name of files) expect(readFileSync(join(folder, 'resumed', name)).equals(readFileSync(join(folder, 'whole', name))), name).toBe(true);
});

test.skipIf(!mayLimit)('the engine process tells the same, keeps running, and goes on when there is room', async () => {
  const { child, process: engine } = forkEngine(zoo);
  const limit = (bytes: string): void => void execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`]);
  try {
    const peer = new Peer(engine.transport, { handle: () => Promise.reject(new Error('no methods here')), describeError: () => ({ reason: 'internal', message: '' }) });
    const model = await peer.call('model.open', { source: { kind: 'zoo', id: tinyModel.id } }) as ModelSummary;
    const stores = join(folder, 'stores');
    mkdirSync(stores);
    const ask = (): Promise<StoreSummary> => peer.call('semantic.harvest', { model: model.model, dictionary: model.dictionaries.find(({ id }) => id === 'blocks.2.hook_resid_post')!.dictionary, corpus: { kind: 'files', paths: [corpus] }, folder: stores, contextLength: 32 }) as Promise<StoreSummary>;
    for (const bytes of ['100', '200000', '500000']) {
      limit(bytes);
      await expect(ask(), bytes).rejects.toMatchObject({ details: { reason: 'memory', message: expect.stringContaining('the disk or its quota is full (EFBIG)') as string } });
    }
    limit('unlimited');
    const { store, complete } = await ask();
    expect(complete).toBe(true);
    for (const name of files) expect(readFileSync(join(store, name)).equals(readFileSync(join(folder, 'whole', name))), name).toBe(true);
    expect(readdirSync(store).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  } finally {
    engine.kill();
    await engine.ended;
  }
});
