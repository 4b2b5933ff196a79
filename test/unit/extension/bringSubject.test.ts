import { describe, expect, it } from 'vitest';
import { bringSubject } from '../../../src/extension/models/bringSubject.ts';
import { OpenModels } from '../../../src/extension/models/openModels.ts';
import { FakeEngine, dictionary, english, model } from './fakes.ts';

const dictionaries = [{ ...dictionary('key1'), id: 'resid.1' }, { ...dictionary('key2'), id: 'resid.2' }];

async function parts(...open: string[]) {
  const engine = new FakeEngine();
  engine.models.set('a', { ...model('a', dictionaries), hookPoints: ['blocks.1.attn.hook_z'] });
  engine.models.set('b', model('b', [{ ...dictionary('key3'), id: 'resid.2' }]));
  const models = new OpenModels(engine, { defaultSource: () => ({ source: { kind: 'zoo', id: 'b' } }), memoryLimit: () => undefined });
  for (const id of open) await models.open({ kind: 'zoo', id });
  return { engine, models, open: (source: Parameters<OpenModels['open']>[0]) => models.open(source), translate: english };
}

const feature = (uri: string, key?: string) => ({ kind: 'feature' as const, subject: `mechanist:feature/${uri}`, ...(key === undefined ? {} : { dictionary: key }) });
const inUse = ({ models: { active } }: Awaited<ReturnType<typeof parts>>) => [active?.model.id, active?.dictionary?.dictionary];

describe('a link to a feature', () => {
  it('brings its own dictionary into use, whichever was', async () => {
    const all = await parts('a', 'b');
    await expect(bringSubject(feature('a/resid.2/9'), all)).resolves.toMatchObject({ feature: 9, dictionary: 'key2' });
    expect(inUse(all)).toEqual(['a', 'key2']);
    await expect(bringSubject(feature('b/resid.2/9'), all)).resolves.toMatchObject({ dictionary: 'key3' });
    expect(inUse(all)).toEqual(['b', 'key3']);
  });

  it('opens a bundled model that is not open', async () => {
    const all = await parts('b');
    await bringSubject(feature('a/resid.1/0'), all);
    expect(inUse(all)).toEqual(['a', 'key1']);
  });

  it.each([
    ['elsewhere/resid.1/0', /The model elsewhere is not open/], ['a/resid.7/0', /a has no open dictionary resid\.7/], ['a/resid.1/64', /resid\.1 has 64 features; there is no #64/], ['a/resid.1', /not a link to a subject/],
  ])('to %s says what is missing, and changes nothing', async (uri, said) => {
    const all = await parts('a');
    await expect(bringSubject(feature(uri), all)).rejects.toThrow(said);
    expect(inUse(all)).toEqual(['a', 'key1']);
  });
});

it('a link to a component brings its model into use, if that has it', async () => {
  const all = await parts('a', 'b');
  await bringSubject({ kind: 'head', subject: 'mechanist:component/a/blocks.1.attn.hook_z/3' }, all);
  expect(inUse(all)[0]).toBe('a');
  await bringSubject({ kind: 'head', subject: 'mechanist:component/a/blocks.1.attn.hook_result/3' }, all);
  await expect(bringSubject({ kind: 'head', subject: 'mechanist:component/b/blocks.1.attn.hook_z/3' }, all)).rejects.toThrow(/b has no hook point blocks\.1\.attn\.hook_z/);
});
