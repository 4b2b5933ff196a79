/** What a person is told of a request that failed. */
import { PeerError } from './peer.ts';

/** The words of a failed request: message, place and what can be done about it. */
export function failureText(error: unknown): string {
  if (!PeerError.is(error)) return error instanceof Error ? error.message : String(error);
  const { message, file, field, hint } = error.details;
  const place = [file, field].filter((part) => part !== undefined && !message.includes(part)).join(' · ');
  return [message, place, hint].filter((part) => part !== undefined && part !== '').join(' — ');
}
