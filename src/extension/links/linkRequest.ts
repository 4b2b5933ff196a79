/**
 * What a `vscode://mechanist.mechanist/…` link asks for. A link comes from anywhere: nothing is done that its parse does
 * not name, and a path in one is only ever opened after the user has said so.
 *
 *     /model?zoo=ID   /model?folder=PATH   /model?onnx=PATH   /model?hub=OWNER/NAME
 *     /subject?uri=mechanist:feature/…     /finding?id=ID
 */
import { hubIdPattern } from '../../protocol/methods.ts';
import type { ModelSource } from '../../protocol/methods.ts';
import { PeerError } from '../../protocol/peer.ts';
import { parseSubject } from '../../notes/subjects.ts';
import type { Subject } from '../../notes/subjects.ts';
import type { Translate } from '../translate.ts';

export type LinkRequest =
  | { readonly kind: 'model'; readonly source: ModelSource }
  | { readonly kind: 'subject'; readonly uri: string; readonly subject: Subject }
  | { readonly kind: 'finding'; readonly id: string };

const longest = 4_000;

/** `query` is decoded by `URLSearchParams`. Throws with reason `parse` and what is wrong, in words of `t`. */
export function parseLinkRequest(path: string, query: string, t: Translate): LinkRequest {
  if (query.length > longest) throw malformed(t('The link is longer than {0} characters.', longest));
  const given = new URLSearchParams(query);
  const [only, ...more] = [...given];
  if (only === undefined || more.length > 0) throw malformed(t('A link has exactly one parameter.'));
  const [name, value] = only;
  switch (`${path}?${name}`) {
    case '/model?zoo': return { kind: 'model', source: { kind: 'zoo', id: matched(value, /^\w[\w.-]{0,99}$/, t('the id of a bundled model'), t) } };
    case '/model?folder': return { kind: 'model', source: { kind: 'folder', path: matched(value, absolute, t('an absolute path'), t) } };
    case '/model?onnx': return { kind: 'model', source: { kind: 'onnx', path: matched(value, absolute, t('an absolute path'), t) } };
    case '/model?hub': return { kind: 'model', source: { kind: 'hub', id: matched(value, hubIdPattern, 'OWNER/NAME', t) } };
    case '/subject?uri': return { kind: 'subject', uri: value, subject: parseSubject(value) };
    case '/finding?id': return { kind: 'finding', id: matched(value, /^[\w.-]{1,200}$/, t('the id of a finding'), t) };
    default: throw malformed(t('There is nothing at {0} with "{1}".', path, name));
  }
}

const absolute = /^(?:\/|[A-Za-z]:[\\/])[^\0\r\n]{0,2000}$/;

function matched(value: string, pattern: RegExp, what: string, t: Translate): string {
  if (!pattern.test(value)) throw malformed(t('Expected {0}.', what));
  return value;
}

const malformed = (message: string): PeerError => new PeerError({ reason: 'parse', message });
