/** A mistake in a campaign: where it stands, what it is, why it matters, how to mend it. */
export type Problem = {
  /** As the config names the folder: `campaigns/june.md`. */
  file: string
  /** Of the source file, front matter included; 1 for the file as a whole. */
  line: number
  severity: 'error' | 'warning'
  what: string
  why: string
  cure: string
}

/** Where something stands in a source file. */
export interface Place {
  file: string
  line: number
}

/** An error at a place; a mail with one is never sent. */
export function errorAt(place: Place, what: string, why: string, cure: string): Problem {
  return { file: place.file, line: place.line, severity: 'error', what, why, cure }
}

/** A warning at a place; the mail may go. */
export function warningAt(place: Place, what: string, why: string, cure: string): Problem {
  return { file: place.file, line: place.line, severity: 'warning', what, why, cure }
}

/** `campaigns/june.md:3: what: why; cure`, as editors and CI logs link it. */
export function formatProblem(problem: Problem): string {
  const severity = problem.severity === 'warning' ? 'warning: ' : ''
  return `${problem.file}:${problem.line}: ${severity}${problem.what}: ${problem.why}; ${problem.cure}`
}

/** Each problem once, by file and line. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const distinct = new Map(problems.map((one) => [`${one.file}:${one.line}:${one.what}`, one]))
  return [...distinct.values()].toSorted((a, b) =>
    a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
  )
}

/** The line of an offset, when the text begins at line `first`. */
export function lineAt(text: string, offset: number, first: number): number {
  let line = first
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1
  }
  return line
}
