/** Invokes the language model tools as an assistant would, with right and wrong inputs. Runs in the extension host. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';

export type ToolAnswers = Readonly<Record<string, string>>;

const calls: Readonly<Record<string, readonly [tool: string, input: object]>> = {
  features: ['get_top_features', { text: 'Mary gave a book to John', count: 2 }],
  trace: ['trace_prompt', { text: 'Mary gave a book to' }],
  patching: ['run_patching', {
    clean: 'When Mary and John went to the market, John gave a book to', corrupted: 'When Mary and John went to the market, Mary gave a book to', answer: ' Mary', distractor: ' John', hook: 'blocks.1.attn.hook_z', head: 1,
  }],
  open: ['open_finding', { id: 'alpha' }],
  verify: ['verify_finding', { id: 'alpha' }],
  unknown: ['open_finding', { id: 'nobody' }],
  tooMany: ['get_top_features', { text: 'x', count: 1000 }],
  path: ['verify_finding', { id: '../../etc/passwd' }],
  extra: ['trace_prompt', { text: 'x', run: 'rm' }],
  long: ['get_top_features', { text: 'the cat sat on the mat. '.repeat(160), count: 20 }],
};

export async function run(): Promise<void> {
  await vscode.extensions.getExtension('mechanist.mechanist')!.activate();
  const answers: Record<string, string> = {};
  for (const [name, [tool, input]] of Object.entries(calls)) {
    const { content } = await vscode.lm.invokeTool(tool, { input, toolInvocationToken: undefined });
    answers[name] = content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('');
  }
  await writeFile(join(__dirname, 'result.json'), JSON.stringify(answers));
}
