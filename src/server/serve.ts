/** Answers requests over a transport: parameters are checked, work is queued, errors become data. */
import * as v from 'valibot';
import { isMethod, parseParams } from '../protocol/methods.ts';
import type { MethodName, ParsedParams } from '../protocol/methods.ts';
import { Peer } from '../protocol/peer.ts';
import type { IncomingCall, Transport } from '../protocol/peer.ts';
import { describeError, protocolError } from './describeError.ts';
import { jobs } from './methods.ts';
import type { JobName } from './methods.ts';
import { engineStatus } from './methods/engineStatus.ts';
import type { Job } from './scheduler.ts';
import { Scheduler } from './scheduler.ts';
import { Session } from './session.ts';
import type { SessionOptions } from './session.ts';

export interface ServeOptions extends SessionOptions {
  /** Told about faults of this program and breaches of the protocol, for the log. */
  readonly log: (line: string) => void;
}

/** Starts answering. The conversation ends with the transport. */
export function serve(transport: Transport, options: ServeOptions): Peer {
  const session = new Session(options);
  const scheduler = new Scheduler();
  return new Peer(transport, {
    handle: (call) => answer(call, session, scheduler),
    describeError(error) {
      const described = describeError(error);
      if (described.reason === 'internal') options.log(error instanceof Error ? (error.stack ?? error.message) : described.message);
      return described;
    },
    onViolation: (problem) => options.log(`A message does not follow the protocol: ${problem}`),
  });
}

async function answer(call: IncomingCall, session: Session, scheduler: Scheduler): Promise<unknown> {
  const { method, priority, signal } = call;
  if (!isMethod(method)) throw protocolError(`There is no method "${method}".`, 'method');
  const params = checkedParams(method, call.params);
  if (method === 'engine.status') return engineStatus(session, scheduler);
  if (scheduler.size >= longestQueue) throw protocolError(`${scheduler.size} requests are waiting already; no more are taken.`);
  return scheduler.run(jobOf(method, session, params, signal), { priority, signal, onProgress: (value) => call.progress(value) });
}

/** Jobs that may wait. Whoever sends more does not wait for answers. */
const longestQueue = 1000;

function jobOf<M extends JobName>(method: M, session: Session, params: ParsedParams<M>, signal: AbortSignal): Job<unknown> {
  return jobs[method](session, params, signal);
}

function checkedParams<M extends MethodName>(method: M, params: unknown): ParsedParams<M> {
  try {
    return parseParams(method, params);
  } catch (error) {
    if (!(error instanceof v.ValiError)) throw error;
    const field = v.getDotPath(error.issues[0]);
    throw protocolError(`${method}: ${error.message}`, field ?? 'params');
  }
}
