import { describe, expect, it } from 'vitest';
import { parseLinkRequest } from '../../../src/extension/links/linkRequest.ts';
import { english } from './fakes.ts';

describe('a link from outside', () => {
  it.each([
    ['/model', 'zoo=fable-4l', { kind: 'model', source: { kind: 'zoo', id: 'fable-4l' } }],
    ['/model', 'folder=%2Fmodels%2Fgpt%202', { kind: 'model', source: { kind: 'folder', path: '/models/gpt 2' } }],
    ['/model', 'onnx=C%3A%5Cmodels%5Ca.onnx', { kind: 'model', source: { kind: 'onnx', path: 'C:\\models\\a.onnx' } }],
    ['/model', 'hub=openai-community/gpt2', { kind: 'model', source: { kind: 'hub', id: 'openai-community/gpt2' } }],
    ['/finding', 'id=mary-at-the-end', { kind: 'finding', id: 'mary-at-the-end' }],
  ])('%s?%s asks for one thing', (path, query, wanted) => {
    expect(parseLinkRequest(path, query, english)).toEqual(wanted);
  });

  it('names a subject by its URI', () => {
    const uri = 'mechanist:feature/fable-4l/blocks.2.hook_resid_post/137';
    expect(parseLinkRequest('/subject', `uri=${encodeURIComponent(uri)}`, english)).toEqual({
      kind: 'subject', uri, subject: { kind: 'feature', model: 'fable-4l', dictionary: 'blocks.2.hook_resid_post', index: 137 },
    });
  });

  it.each([
    ['/model', ''], ['/model', 'zoo=../../etc'], ['/model', 'folder=relative/path'], ['/model', 'folder=%2Fa%00b'], ['/model', 'hub=a/b/c'], ['/model', 'hub=../x'],
    ['/model', 'zoo=a&folder=%2Fb'], ['/command', 'id=workbench.action.terminal.new'], ['/subject', 'uri=mechanist:feature/x'], ['/subject', 'uri=file:///etc/passwd'],
    ['/finding', 'id=..%2F..%2Fsecret'], ['/finding', `id=${'a'.repeat(5_000)}`], ['', ''],
  ])('%s?%s is refused', (path, query) => {
    expect(() => parseLinkRequest(path, query, english)).toThrow();
  });
});
