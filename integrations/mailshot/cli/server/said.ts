import { printable } from '../terminal.ts'

/**
 * Makes what a server has said safe for the log of a job: it stays in its line, and is no command to the program that
 * keeps the log.
 */
export function said(text: string): string {
  // GitHub and others obey `##[…` and `##vso[…` in the middle of a line too.
  return printable(text).replace(/#(?=#)/g, '# ')
}
