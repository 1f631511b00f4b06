import { execFileSync } from 'node:child_process'

/** The commit that is checked out, if these files are in it as they are now; `undefined` otherwise and outside Git. */
export function commitOf(files: readonly string[]): string | undefined {
  const changed = git('status', '--porcelain', '--', ...files)
  return changed === '' ? git('rev-parse', 'HEAD') : undefined
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    // No Git, no repository or no commit yet: a send does not need one.
    return undefined
  }
}
