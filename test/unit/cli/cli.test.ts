import { describe, expect, it } from 'vitest';
import { runCommandLine, type RegisteredCommand } from '../../../src/cli/cli.ts';
import type { Command, Context } from '../../../src/cli/command.ts';
import { MechanistError } from '../../../src/engine/errors.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly context: Context | undefined;
}

async function run(argv: readonly string[], failure?: Error): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  let context: Context | undefined;
  const show: Command = {
    name: 'show',
    summary: 'Shows a model.',
    positionals: ['MODEL'],
    options: {
      out: { type: 'string', value: 'FILE', description: 'Where to write.', required: true },
      verbose: { type: 'boolean', description: 'Say more.' },
    },
    async run(given) {
      context = given;
      if (failure !== undefined) throw failure;
      given.output.write('shown\n');
    },
  };
  const commands = new Map<string, RegisteredCommand>([['show', { isolated: false, load: async () => show }]]);
  const output = { write: (text: string) => { stdout += text; }, note: (text: string) => { stderr += text; }, colour: false };
  const code = await runCommandLine(argv, { commands, entry: '', output, signal: new AbortController().signal });
  return { code, stdout, stderr, context };
}

describe('runCommandLine', () => {
  it('gives the command its positionals and options', async () => {
    const { code, stdout, stderr, context } = await run(['show', 'gpt2', '--out', 'x', '--verbose']);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'shown\n', stderr: '' });
    expect(context!.positionals).toEqual(['gpt2']);
    expect([context!.options.text('out'), context!.options.flag('verbose'), context!.options.text('absent')]).toEqual(['x', true, undefined]);
  });

  it.each([[[]], [['--help']], [['help']]])('lists the commands for %j', async (argv) => {
    const { code, stdout } = await run(argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/show +Shows a model\./);
  });

  it('describes a command even when its arguments are incomplete', async () => {
    const { code, stdout, context } = await run(['show', '--help']);
    expect(code).toBe(0);
    expect(context).toBeUndefined();
    expect(stdout).toContain('Usage: mechanist show MODEL --out FILE [--verbose]');
    expect(stdout).toMatch(/--out FILE +Where to write\./);
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['sho'], /There is no command "sho"/],
    ['a missing positional', ['show', '--out', 'x'], /MODEL is missing/],
    ['a surplus positional', ['show', 'a', 'b', '--out', 'x'], /Unexpected argument "b"/],
    ['a missing option', ['show', 'a'], /--out is missing/],
    ['an option without its value', ['show', 'a', '--out'], /--out/],
    ['an unknown option', ['show', 'a', '--out', 'x', '--nope'], /--nope/],
  ])('exits with 1 on %s', async (_, argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toMatch(message);
  });

  it('prints a typed error with file, field and hint, and exits with 1', async () => {
    const { code, stdout, stderr } = await run(['show', 'a', '--out', 'x'], new MechanistError('parse', 'Bad.', { file: 'f', field: 'g', hint: 'Fix it.' }));
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: 'error: f › g: Bad. Fix it.\n' });
  });

  it('marks an error that is none of ours as unexpected', async () => {
    const { code, stderr } = await run(['show', 'a', '--out', 'x'], new TypeError('x is not a function'));
    expect(code).toBe(1);
    expect(stderr).toContain('error: unexpected failure: TypeError: x is not a function');
  });

  it('exits with 130 when stopped', async () => {
    const { code } = await run(['show', 'a', '--out', 'x'], new MechanistError('cancelled', 'Stopped on request.'));
    expect(code).toBe(130);
  });
});
