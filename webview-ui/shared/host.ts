/** The seam to the extension host: the only file that calls `acquireVsCodeApi`. Tests hand views another `Host`. */
export interface Host {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

export function connectHost(): Host {
  const api = acquireVsCodeApi();
  return {
    send: (message) => api.postMessage(message),
    onMessage: (listener) => window.addEventListener('message', (event) => listener(event.data)),
  };
}

/** Sends errors and violations of the content security policy to the host's log. */
export function reportProblems(host: Host): void {
  const report = (message: string): void => host.send({ type: 'problem', message: message.slice(0, 2_000) });
  document.addEventListener('securitypolicyviolation', (event) => report(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
  window.addEventListener('error', (event) => report(`error: ${event.message}`));
  window.addEventListener('unhandledrejection', (event) => report(`unhandled rejection: ${String(event.reason)}`));
}
