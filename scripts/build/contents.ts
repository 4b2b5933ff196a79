/** What may be in a package. `.vscodeignore` names folders; this names what is expected inside them. */
const allowed: readonly RegExp[] = [
  /^(?:package|package\.nls)\.json$/, /^(?:README|CHANGELOG|SECURITY)\.md$/, /^LICENSE$/, /^l10n\/bundle\.l10n(?:\.[\w-]+)?\.json$/, /^media\/(?:walkthrough\/)?[\w.-]+\.svg$/, /^media\/[\w.-]+\.schema\.json$/,
  /^dist\/(?:extension\.cjs|engine\.mjs)$/, /^dist\/webview\/[\w.-]+\.(?:js|css|ttf)$/,
  /^dist\/node_modules\/onnxruntime-(?:node|common)\/.*(?<!\.d\.ts|\.map)$/, /^zoo\/(?:models|dictionaries)\/.*\.(?:json|yaml|safetensors|md|svg)$/,
];

/** Those of the package's files that nothing here expects. Paths from the root with `/`. */
export function unexpectedFiles(files: readonly string[]): string[] {
  return files.filter((file) => !allowed.some((pattern) => pattern.test(file)));
}
