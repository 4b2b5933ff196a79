/** Grade and state of a finding in few words. Knows nothing of vscode. */
import { gradeNames } from '../../notes/grade/rules.ts';

/** For hovers and trees: `causal · confirmed`. */
export function badgeOf(entry: { readonly grade: keyof typeof gradeNames; readonly state: string | undefined }): string {
  return [gradeNames[entry.grade], entry.state].filter((part) => part !== undefined).join(' · ');
}
