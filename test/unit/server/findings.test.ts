/** Requests of findings: what is measured through the engine process can be verified through it. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseParams } from '../../../src/protocol/methods.ts';
import type { MeasuredEvidence } from '../../../src/protocol/methods/findings.ts';
import { findingsJobs } from '../../../src/server/methods/findings/jobs.ts';
import { Session } from '../../../src/server/session.ts';
import { drain } from '../../support/engineHost.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';

const never = new AbortController().signal;
const hook = 'blocks.2.hook_resid_post';
const text = 'When Mary and John went to the market, John gave a book to Mary.';

let zoo: string;
let session: Session;

beforeAll(async () => {
  zoo = await tinyZoo();
  mkdirSync(join(zoo, 'notes'));
  session = new Session({ zoo, threads: 1 });
});
afterAll(async () => {
  for (const { key } of session.list()) await session.close(key);
  rmSync(zoo, { recursive: true });
});

const run = (params: object): Promise<MeasuredEvidence> => drain(findingsJobs['findings.run'](session, parseParams('findings.run', params as never), never));
const verify = (record: object, folder?: string): Promise<{ state: string; reason: string }> =>
  drain(findingsJobs['findings.verify'](session, parseParams('findings.verify', { record: { id: 'e1', ...record }, ...(folder === undefined ? {} : { folder }) }), never));

describe('findings', () => {
  it('are measured on bundled models, which are opened for it, and verified', async () => {
    const record = await run({ method: 'feature.statistics', models: [tinyModel.id], dictionaries: [hook], inputs: { text }, parameters: { feature: 3 } });
    expect(record).toMatchObject({ method: 'feature.statistics@1', models: [{ id: tinyModel.id }], dictionaries: [{ id: hook }] });
    expect(await verify(record)).toMatchObject({ state: 'confirmed' });
    expect(await verify({ ...record, dictionaries: [{ ...record.dictionaries[0]!, hash: 'f'.repeat(64) }] })).toMatchObject({ state: 'not-runnable' });
  });

  it('of a model that is neither open nor bundled are not runnable', async () => {
    const record = await run({ method: 'prediction.surprise', models: [tinyModel.id], inputs: { text } });
    const result = await verify({ ...record, models: [{ id: 'nobody', hash: '0'.repeat(64) }] });
    expect(result).toMatchObject({ state: 'not-runnable' });
    expect(result.reason).toContain('not open and not bundled');
  });

  it('read files only below the folder of the note', async () => {
    await expect(run({ method: 'prediction.surprise', models: [tinyModel.id], inputs: { text: { path: 'x.txt', hash: '0' } } })).rejects.toThrow('only for a note on disk');
    await expect(run({ method: 'prediction.surprise', models: [tinyModel.id], inputs: { text: { path: '../tiny/config.json', hash: '0' } }, folder: join(zoo, 'notes') })).rejects.toThrow('Only files below');
    await expect(run({ method: 'prediction.surprise', models: [tinyModel.id], inputs: { text }, folder: 'relative' })).rejects.toThrow('absolute');
  });

  it('a record that is none is refused with its field', async () => {
    await expect(verify({ method: 'nonsense' })).rejects.toThrow('does not follow the format');
  });

  it('say what they would be measured on now, and what there is to measure', async () => {
    const [identity] = await drain(findingsJobs['findings.identities'](session, { models: [tinyModel.id, 'nobody'] }, never));
    expect(identity).toMatchObject({ id: tinyModel.id });
    expect(identity!.dictionaries.map(({ id }) => id)).toContain(hook);
    const methods = await drain(findingsJobs['findings.methods'](session, {}, never));
    expect(methods.find(({ method }) => method === 'ablation.head@1')!.parameters.map(({ name }) => name)).toEqual(['heads', 'replacement', 'over', 'nulls']);
  });
});
