import { describe, expect, it } from 'vitest';
import { OpenModels } from '../../../src/extension/models/openModels.ts';
import { addDictionary } from '../../../src/extension/panels/addDictionary.ts';
import { frontSubject } from '../../../src/extension/panels/frontSubject.ts';
import { FakeEngine, model } from './fakes.ts';

describe('a dictionary that a job has written', () => {
  const models = (): OpenModels => {
    const engine = new FakeEngine();
    engine.models.set('m', model('m'));
    return new OpenModels(engine, { defaultSource: () => ({ source: { kind: 'zoo', id: 'm' } }), memoryLimit: () => undefined });
  };

  it('is opened for the model in use', async () => {
    const open = models();
    await open.need();
    await addDictionary(open, true, '/w/sae');
    expect(open.active?.dictionary?.dictionary).toBe('/w/sae');
  });

  it('is refused where nothing is trusted, and told of where no model is open', async () => {
    const open = models();
    await expect(addDictionary(open, true, '/w/sae')).rejects.toMatchObject({ details: { reason: 'not-found' } });
    await open.need();
    await expect(addDictionary(open, false, '/w/sae')).rejects.toMatchObject({ details: { reason: 'permission' } });
    expect(open.active?.dictionary).toBeUndefined();
  });
});

describe('what the palette means by the subject', () => {
  const about = (subject: string, active: boolean) => ({ active, subject: { kind: 'head' as const, subject } });

  it('is that of the panel or graph editor in front', () => {
    expect(frontSubject([about('mechanist:a', false), about('mechanist:b', false), about('mechanist:c', true)])?.subject).toBe('mechanist:c');
    expect(frontSubject([about('mechanist:a', false), { active: true, subject: undefined }])).toBeUndefined();
  });

  it('is the first there is where none is in front', () => {
    expect(frontSubject([{ active: false, subject: undefined }, about('mechanist:b', false)])?.subject).toBe('mechanist:b');
    expect(frontSubject([])).toBeUndefined();
  });
});
