import type { Problem } from '../campaign.ts'
import { paint, type Terminal } from './terminal.ts'

/** Shows what is wrong with one campaign on stderr; answers whether it may be mailed. */
export function reportProblems(terminal: Terminal, problems: readonly Problem[]): boolean {
  for (const problem of problems) terminal.warn(describeProblem(problem))
  return !problems.some(({ severity }) => severity === 'error')
}

/** A problem in two lines: what and why at its place, as editors and CI logs link it, and how to mend it. */
export function describeProblem({ file, line, severity, what, why, cure }: Problem): string {
  const mark = severity === 'error' ? paint('red', 'error') : paint('yellow', 'warning')
  return `${paint('bold', `${file}:${line}:`)} ${mark}: ${what}: ${why}\n    ${paint('green', '→')} ${cure}`
}
