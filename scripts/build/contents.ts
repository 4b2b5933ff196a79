/** What may be in a package. `.vscodeignore` names folders; this names what is expected inside them. */
const allowed: readonly RegExp[] = [
  /^(?:package|package\.nls)\.json$/, /^(?:README|CHANGELOG|SECURITY)\.md$/, /^LICENSE$/, /^l10n\/bundle\.l10n(?:\.[\w-]+)?\.json$/, /^media\/(?:walkthrough\/)?[\w.-]+\.svg$/, /^media\/[\w.-]+\.schema\.json$/,
  /^dist\/(?:extension\.cjs|engine\.mjs|THIRD-PARTY-NOTICES\.txt)$/, /^dist\/webview\/[\w.-]+\.(?:js|css|ttf)$/,
  /^dist\/node_modules\/onnxruntime-(?:node|common)\/.*(?<!\.d\.ts|\.map)$/, /^zoo\/(?:models|dictionaries)\/.*\.(?:json|yaml|safetensors|md|svg)$/,
];

/** Those of the package's files that nothing here expects. Paths from the root with `/`. */
export function unexpectedFiles(files: readonly string[]): string[] {
  return files.filter((file) => !allowed.some((pattern) => pattern.test(file)));
}

/** Bytes that a package may have, by platform: with the zoo, linux-x64 at most 60 MB. The others carry larger runtimes. */
export const sizeLimits: Readonly<Record<string, number>> = {
  'linux-x64': 60e6, 'linux-arm64': 60e6, 'win32-x64': 80e6, 'win32-arm64': 80e6, 'darwin-arm64': 80e6,
};
