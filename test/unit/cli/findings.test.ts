/** `mechanist evidence` and `mechanist verify`, from the command line to the notes they write and the exit code. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { readNote } from '../../../src/notes/note.ts';
import { tinyZoo } from '../../support/tinyZoo.ts';

let zoo: string;
let folder: string;
let model: string;
let note: string;

beforeAll(async () => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  zoo = await tinyZoo();
  model = join(zoo, 'tiny');
  folder = mkdtempSync(join(tmpdir(), 'mechanist-findings-'));
  note = join(folder, 'a.md');
  writeFileSync(join(folder, 'texts.txt'), 'When Mary and John went to the market, John gave a book to Mary.\n');
});
afterAll(() => {
  vi.unstubAllEnvs();
  for (const path of [zoo, folder]) rmSync(path, { recursive: true });
});

const surprise = (): string[] => ['evidence', 'prediction.surprise', '--models', model, '--inputs', '{"text": {"path": "texts.txt"}}', '--note', note, '--threads', '1'];

describe('findings on the command line', () => {
  it('lists the methods with what each takes', async () => {
    const { code, stdout } = await mechanist('evidence');
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { method: string }[]).map(({ method }) => method)).toContain('circuit.faithfulness@1');
  });

  it('makes a note, adds to it, and refuses to make one without a claim', async () => {
    expect(await mechanist(...surprise())).toMatchObject({ code: 1, stderr: expect.stringContaining('--title is missing') as unknown });
    expect(await mechanist(...surprise(), '--title', 'A', '--claim', 'c', '--kind', 'nonsense')).toMatchObject({ code: 1, stderr: expect.stringContaining('--kind takes one of') as unknown });
    expect((await mechanist(...surprise(), '--title', 'A', '--claim', 'c', '--kind', 'behavioral')).code).toBe(0);
    expect((await mechanist(...surprise())).code).toBe(0);
    const { finding } = readNote(readFileSync(note, 'utf8'));
    expect(finding!.evidence.map(({ id, inputs }) => [id, Object.keys(inputs)])).toEqual([['e1', ['text']], ['e2', ['text']]]);
  });

  it('verify succeeds on what holds, and fails on drift, contradiction and broken notes', async () => {
    const held = await mechanist('verify', folder, '--json', '--threads', '1');
    expect(held.code).toBe(0);
    expect(JSON.parse(held.stdout)).toMatchObject({ states: { confirmed: 2, drifted: 0 }, notes: [{ file: 'a.md', id: 'a' }] });
    const sound = readFileSync(note, 'utf8');
    writeFileSync(note, sound.replace(/value: ([\d.]+)/, (_, value: string) => `value: ${Number(value) + 1}`));
    const drifted = await mechanist('verify', folder, '--threads', '1');
    expect(drifted).toMatchObject({ code: 1, stdout: expect.stringContaining('1 confirmed, 1 drifted') as unknown, stderr: expect.stringContaining('do not hold') as unknown });
    writeFileSync(note, sound.replace('kind: behavioral', 'kind: nonsense'));
    expect(await mechanist('verify', folder, '--threads', '1')).toMatchObject({ code: 1, stdout: expect.stringContaining('broken: line') as unknown });
    writeFileSync(note, sound);
  });

  it('what is not runnable fails only when asked to', async () => {
    writeFileSync(join(folder, 'texts.txt'), 'Something else.\n');
    const lax = await mechanist('verify', folder, '--threads', '1');
    expect(lax).toMatchObject({ code: 0, stdout: expect.stringContaining('its content changed') as unknown });
    expect((await mechanist('verify', folder, '--strict', '--threads', '1')).code).toBe(1);
    expect(await mechanist('verify', join(folder, 'nowhere'))).toMatchObject({ code: 1, stderr: expect.stringContaining('no such file or folder') as unknown });
  });
});

async function mechanist(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const code = await runCommandLine(argv, {
    commands, entry: '', signal: new AbortController().signal,
    output: { write: (text) => { stdout += text; }, note: (text) => { stderr += text; }, colour: false },
  });
  return { code, stdout, stderr };
}
