import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MechanistError } from '../../../src/engine/errors.ts';
import { findLinks, linkAt } from '../../../src/notes/links.ts';
import { formatLink, parseLink, parseSubject } from '../../../src/notes/subjects.ts';
import type { LinkTarget } from '../../../src/notes/subjects.ts';

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => text.isWellFormed());
const number = fc.nat();
const targets: fc.Arbitrary<LinkTarget> = fc.oneof(
  fc.record({ kind: fc.constant('feature' as const), model: name, dictionary: name, index: number }),
  fc.record({ kind: fc.constant('component' as const), model: name, hook: name, index: number }),
  fc.record({ kind: fc.constant('component' as const), model: name, hook: name }),
  fc.record({ kind: fc.constant('edge' as const), model: name, sender: name, receiver: name }),
  fc.record({ kind: fc.constant('circuit' as const), model: name, name }),
  fc.record({ kind: fc.constant('direction' as const), model: name, hook: name, name }),
  fc.record({ kind: fc.constant('token' as const), model: name, id: number }),
  fc.record({ kind: fc.constant('finding' as const), id: name, evidence: name }),
);

describe('links', () => {
  it('read what was written, whatever the names, and are found whole in Markdown', () => {
    fc.assert(fc.property(targets, fc.constantFrom('', 'see ', '[x](', '<', '"'), (target, before) => {
      const uri = formatLink(target);
      expect(parseLink(uri)).toEqual(target);
      const after = { '[x](': ')', '<': '>', '"': '"', '': '', 'see ': '' }[before];
      // A full stop at the very end of a bare URI belongs to the sentence.
      if (uri.endsWith('.') || uri.endsWith('~')) return;
      expect(findLinks(`${before}${uri}${after}`).map((link) => link.uri)).toEqual([uri]);
    }));
  });

  it.each([
    ['mechanist:feature/fable-4l/blocks.2.hook_resid_post/137', { kind: 'feature', model: 'fable-4l', dictionary: 'blocks.2.hook_resid_post', index: 137 }],
    ['mechanist:component/EleutherAI%2Fpythia-70m/blocks.0.attn.hook_z/3', { kind: 'component', model: 'EleutherAI/pythia-70m', hook: 'blocks.0.attn.hook_z', index: 3 }],
    ['mechanist:edge/m/a0.h1/a2.h3%3Cq%3E', { kind: 'edge', model: 'm', sender: 'a0.h1', receiver: 'a2.h3<q>' }],
    ['mechanist:finding/ioi-head/e2', { kind: 'finding', id: 'ioi-head', evidence: 'e2' }],
  ])('%s', (uri, target) => expect(parseLink(uri)).toEqual(target));

  it.each([
    ['mechanist:feature/m/h', 'Expected mechanist:feature/MODEL/DICTIONARY/INDEX'], ['mechanist:feature/m/h/-1', 'is not an index'], ['mechanist:feature/m/h/01', 'is not an index'],
    ['mechanist:feature/m//1', 'A part of the link is empty'], ['mechanist:nothing/m', 'is not a kind'], ['mechanist:token/%ff/1', 'percent sign'], [`mechanist:token/${'m'.repeat(2000)}/1`, 'longer than'],
    ['mechanist:constructor/m', 'is not a kind'], ['http://x', 'begins with'],
  ])('%s is refused', (uri, why) => expect(() => parseLink(uri)).toThrow(why));

  it('a finding is no subject', () => expect(() => parseSubject('mechanist:finding/x')).toThrow(MechanistError));

  it('stand anywhere in Markdown, but not in code', () => {
    const uri = 'mechanist:token/m/1';
    const text = [`[a](${uri}) and <${uri}>, ${uri}.`, '```md', uri, '```', `\`${uri}\` but not \`\`${uri}`, '', `[r]: ${uri} "title"`, '~~~', uri, '```', uri, '~~~~', uri, `xmechanist:token/m/1`].join('\r\n');
    const links = findLinks(text);
    expect(links.map(({ start }) => text.slice(0, start).split('\n').length)).toEqual([1, 1, 1, 5, 7, 13]);
    expect(links.every((link) => link.uri === uri)).toBe(true);
    expect(linkAt(links, links[1]!.start + 3)).toBe(links[1]);
    expect(linkAt(links, 0)).toBeUndefined();
  });

  it('that cannot be read say why', () => {
    expect(findLinks('mechanist:feature/m/h/x')).toMatchObject([{ target: undefined, problem: '"x" is not an index.' }]);
  });

  it('of a text that is nothing but openings are looked for without hanging', () => {
    const text = `${'mechanist:a/'.repeat(50_000)}${'`'.repeat(100_000)}${'` '.repeat(100_000)}${'~~~\n'.repeat(20_000)}`;
    expect(findLinks(text).length).toBeLessThanOrEqual(1);
  });
});
