/** A start that fails, in an editor that is made up. */
import { expect, it, vi } from 'vitest';
import { activate } from '../../../src/extension/extension.ts';
import { editor } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode());

it('a failed activation is in the log and told, with a way there', () => {
  const context = { subscriptions: [], get extensionUri() { throw new Error('no place'); } };
  expect(() => activate(context as never)).toThrow('no place');
  expect(editor.logged).toMatchObject([{ message: 'no place' }]);
  expect(editor.messages).toEqual(['Mechanist could not start: no place']);
});
