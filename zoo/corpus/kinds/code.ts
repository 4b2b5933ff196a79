/** Small functions in an indented and in a braced language: every name that is used was defined before. */

import { DocumentWriter } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit } from '../split.ts';
import type { Split } from '../split.ts';
import { functionNames, parameterNames } from './docstring.ts';

const identifierNames = parameterNames.slice(0, 24);
const operators = ['+', '-', '*', '/'];
const comparisons = ['>', '<'];

/** One function. Held out by split: its name with its first parameter. */
export function code(random: CorpusRandom, split: Split): LabelledDocument {
  const { name, identifiers } = drawInSplit(
    random, split,
    (r) => ({ name: r.pick(functionNames), identifiers: r.sample(identifierNames, 6) }),
    (drawn) => ['code', drawn.name, drawn.identifiers[0]!],
  );
  return new CodeWriter(random, name, identifiers, random.chance(0.5)).write();
}

class CodeWriter {
  private readonly random: CorpusRandom;
  private readonly name: string;
  /** Names not yet defined, in order of use. */
  private readonly fresh: string[];
  private readonly scope: { readonly name: string; readonly role: 'parameter' | 'variable' }[] = [];
  private readonly braced: boolean;
  private readonly writer = new DocumentWriter();
  private level = 0;

  constructor(random: CorpusRandom, name: string, identifiers: readonly string[], braced: boolean) {
    this.random = random;
    this.name = name;
    this.fresh = [...identifiers];
    this.braced = braced;
  }

  write(): LabelledDocument {
    const parameters = this.random.integer(1, 3);
    this.writer.emit(this.braced ? 'function' : 'def', {}, Math.LN2, Math.LN2);
    const nats = Math.log(functionNames.length);
    this.writer.emit(` ${this.name}`, { identifierRole: 'function', inScope: false }, nats, nats);
    this.writer.emit('(');
    for (let i = 0; i < parameters; i++) {
      if (i > 0) this.writer.emitUnknown(',');
      this.define('parameter', i > 0 ? ' ' : '');
      this.writer.owe(i === parameters - 1 ? (i === 2 ? 0 : Math.log(3 - i)) : Math.log((3 - i) / (2 - i)));
    }
    this.writer.emitUnknown(')');
    this.open();
    const statements = this.random.integer(1, 3);
    this.writer.owe(Math.log(3));
    for (let i = 0; i < statements; i++) this.statement();
    this.line();
    this.writer.emitUnknown(' return');
    this.expression(1);
    this.end();
    this.close();
    return this.writer.finish('code');
  }

  private statement(): void {
    const kind = this.random.integer(0, 3);
    this.writer.owe(Math.log(4));
    this.line();
    if (kind <= 1) {
      const value = this.fresh.at(-1)!;
      if (this.braced) this.writer.emitUnknown(' let');
      this.defineLater(value, kind === 0 ? 'sum' : 'call');
    } else if (kind === 2) {
      this.writer.emitUnknown(' if');
      if (this.braced) this.writer.emit(' (');
      this.use(this.braced ? '' : ' ');
      this.choose(comparisons);
      this.number();
      if (this.braced) this.writer.emitUnknown(')');
      this.open();
      this.line();
      this.writer.emitUnknown(' return');
      this.use(' ');
      this.end();
      this.close();
    } else {
      this.writer.emitUnknown(' print');
      this.writer.emit('(');
      this.use('');
      this.writer.emitUnknown(')');
      this.end();
    }
  }

  /** A new variable and its value; the name is in scope only afterwards. */
  private defineLater(name: string, form: 'sum' | 'call'): void {
    const nats = Math.log(identifierNames.length - this.scope.length);
    this.fresh.pop();
    this.writer.emitUnknown(` ${name}`, { identifierRole: 'variable', inScope: false }, nats);
    this.writer.emit(' =');
    if (form === 'sum') this.expression(2);
    else {
      this.choose(functionNames, { identifierRole: 'function' });
      this.list();
    }
    this.end();
    this.scope.push({ name, role: 'variable' });
  }

  /** Terms joined by operators. */
  private expression(terms: number): void {
    this.use(' ');
    for (let i = 1; i < terms; i++) {
      this.choose(operators);
      this.writer.owe(Math.LN2);
      if (this.random.chance(0.5)) this.use(' ');
      else this.number();
    }
  }

  /** Arguments in parentheses, one of them perhaps a list of names. */
  private list(): void {
    this.writer.emit('(');
    this.use('');
    const nested = this.random.chance(0.5);
    this.writer.owe(Math.LN2);
    if (nested) {
      this.writer.emitUnknown(',');
      this.writer.emitUnknown(' [');
      this.use('');
      this.writer.emitUnknown(',');
      this.use(' ');
      this.writer.emit(']');
    }
    this.writer.emitUnknown(')');
  }

  private define(role: 'parameter', before: string): void {
    const name = this.fresh.shift()!;
    const nats = Math.log(identifierNames.length - this.scope.length);
    this.writer.emit(before + name, { identifierRole: role, inScope: false }, nats, nats);
    this.scope.push({ name, role });
  }

  private use(before: string): void {
    const { name, role } = this.random.pick(this.scope);
    const nats = Math.log(this.scope.length);
    this.writer.emit(before + name, { identifierRole: role, inScope: true }, nats, nats);
  }

  private number(): void {
    this.writer.emit(' ');
    this.writer.emit(String(this.random.integer(10, 99)), {}, Math.log(90), Math.log(90));
  }

  private choose(words: readonly string[], labels = {}): void {
    const nats = Math.log(words.length);
    this.writer.emit(` ${this.random.pick(words)}`, labels, nats, nats);
  }

  private open(): void {
    this.writer.emit(this.braced ? ' {' : ':');
    this.level++;
  }

  private close(): void {
    this.level--;
    if (!this.braced) return;
    if (this.level === 0) {
      this.writer.set('indent', 0);
      this.writer.emit('\n');
      this.writer.emit('}');
    } else {
      this.line();
      this.writer.emit(' }');
    }
  }

  private line(): void {
    this.writer.set('indent', this.level);
    this.writer.emitUnknown(`\n${' '.repeat(4 * this.level - 1)}`);
  }

  private end(): void {
    if (this.braced) this.writer.emit(';');
  }
}
