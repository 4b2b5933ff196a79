/** The seam to the extension host: the only file that calls `acquireVsCodeApi`. Tests hand views another `Host`. */
export interface Host {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** A host that keeps a page's place: over hiding, and over a reload of the window. */
export interface StatefulHost extends Host {
  readState(): unknown;
  writeState(state: unknown): void;
}

declare function acquireVsCodeApi(): { postMessage(message: unknown): void; getState(): unknown; setState(state: unknown): void };

export function connectHost(): StatefulHost {
  const api = acquireVsCodeApi();
  return {
    send: (message) => api.postMessage(message),
    onMessage: (listener) => window.addEventListener('message', (event) => listener(event.data)),
    readState: () => api.getState(),
    writeState: (state) => api.setState(state),
  };
}

/**
 * Tells of errors and of violations of the content security policy, for the host's log. `failed` gets the reasons
 * of rejections that nothing in the page draws, and says whether it has told them otherwise.
 */
export function reportProblems(tell: (message: string) => void, failed: (reason: unknown) => boolean = () => false): void {
  const report = (message: string): void => tell(message.slice(0, 2_000));
  document.addEventListener('securitypolicyviolation', (event) => report(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
  window.addEventListener('error', (event) => report(`error: ${event.message}`));
  window.addEventListener('unhandledrejection', ({ reason }) => {
    if (!failed(reason)) report(`unhandled rejection: ${String(reason)}`);
  });
}
