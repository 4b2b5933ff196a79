/** The layers of `src/` and what each may import. `docs/architecture.md` gives the reasons. */

/** Layer (a folder or a file) → layers it may import besides itself. A file belongs to the longest entry that holds it. */
export const layers: Readonly<Record<string, readonly string[]>> = {
  'src/engine/errors.ts': [],
  'src/engine/tensor.ts': ['src/engine/errors.ts'],
  'src/engine/random.ts': ['src/engine/errors.ts'],
  'src/engine/steps.ts': [],
  'src/engine/statistics.ts': ['src/engine/random.ts'],
  'src/engine/graph': ['src/engine/errors.ts', 'src/engine/tensor.ts'],
  'src/engine/formats': ['src/engine/errors.ts', 'src/engine/tensor.ts'],
  'src/engine/runtime': upTo('src/engine/graph'),
  'src/engine/models': upTo('src/engine/graph', 'src/engine/formats', 'src/engine/runtime'),
  'src/engine/metrics': upTo('src/engine/graph', 'src/engine/runtime', 'src/engine/models'),
  'src/engine/interventions': upTo('src/engine/graph', 'src/engine/runtime', 'src/engine/models'),
  'src/engine/sweeps': upTo('src/engine/graph', 'src/engine/runtime', 'src/engine/models', 'src/engine/metrics', 'src/engine/interventions'),
  'src/engine/pairs': upTo('src/engine/formats', 'src/engine/models', 'src/engine/metrics'),
  'src/engine/training': upTo('src/engine/graph', 'src/engine/formats', 'src/engine/runtime', 'src/engine/models', 'src/engine/metrics'),
  'src/engine/dictionaries': ['src/engine'],
  'src/behavioral': ['src/engine'],
  'src/semantic': ['src/engine'],
  'src/algorithmic': ['src/engine'],
  'src/unified': ['src/engine', 'src/semantic', 'src/algorithmic'],
  // The error type and the writer of files; nothing that knows models.
  'src/notes': ['src/engine/errors.ts', 'src/engine/formats/atomicFile.ts'],
  'src/evidence': ['src/engine', 'src/behavioral', 'src/semantic', 'src/algorithmic', 'src/unified', 'src/notes'],
  // Speaks to a language model on this machine; the extension and the command line carry a feature's questions to it.
  'src/chat': ['src/engine/errors.ts', 'src/engine/formats/json.ts'],
  // Data in, text out: whoever shows or keeps a figure uses it.
  'src/figures': [],
  'src/protocol': [],
  'src/server': ['src/engine', 'src/behavioral', 'src/semantic', 'src/algorithmic', 'src/unified', 'src/notes', 'src/evidence', 'src/protocol'],
  'src/cli': ['src/engine', 'src/behavioral', 'src/semantic', 'src/algorithmic', 'src/unified', 'src/notes', 'src/evidence', 'src/figures', 'src/protocol', 'src/chat'],
  'src/extension': ['src/notes', 'src/figures', 'src/protocol', 'src/chat'],
  'webview-ui': ['src/figures', 'src/protocol'],
};

/** Packages and built-in modules that only some folders may import; an empty list is nobody. */
export const confinedPackages: Readonly<Record<string, readonly string[]>> = {
  vscode: ['src/extension'],
  'onnxruntime-node': ['src/engine/runtime'],
  '@huggingface/transformers': ['src/engine/models'],
  'node:fs': ['src/engine/graph/codec', 'src/engine/formats', 'src/engine/models', 'src/engine/dictionaries', 'src/semantic/store', 'src/semantic/labels', 'src/algorithmic/tunedLens', 'src/notes', 'src/evidence', 'src/server', 'src/cli', 'src/extension'],
  'node:child_process': ['src/server', 'src/cli', 'src/extension'],
  ...Object.fromEntries(['node:net', 'node:tls', 'node:dgram', 'node:http', 'node:https', 'node:http2', 'node:vm'].map((name) => [name, []])),
};

/** The folders that may speak to a network: downloads, and models on the loopback interface. */
export const networkFolders: readonly string[] = ['src/engine/models/hub', 'src/chat'];

/** Most lines that a file below a folder may have; 300 elsewhere. Pages hold markup, tests hold tables of cases. */
export const longestFile: Readonly<Record<string, number>> = { 'webview-ui': 350, test: 450 };
export const longestElsewhere = 300;

function upTo(...folders: string[]): string[] {
  return ['src/engine/errors.ts', 'src/engine/tensor.ts', 'src/engine/random.ts', ...folders];
}
