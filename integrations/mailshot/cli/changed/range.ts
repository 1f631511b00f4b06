import { MailshotError } from '../../error.ts'
import { type Repository, splitAtNul } from './git.ts'
import { fetchAll, isShallow } from './history.ts'

/** Two commits, by their full hashes. */
export interface Range {
  from: string
  to: string
}

/**
 * Reads `A..B` (from A to B) or `A...B` (to B from where it left A). B has to be what is checked out, since that is what
 * gets compiled.
 *
 * @throws MailshotError when a commit is not there, or files differ from what is committed
 */
export function readRange(repository: Repository, text: string): Range {
  const [, a = '', dots = '', b = ''] = /^(.*?)(\.{2,3})(.*)$/.exec(text) ?? []
  if (a === '') {
    throw new MailshotError(
      `--changed ${text}: write two commits, A..B; in a workflow: the one before the push, two dots, the one pushed`,
    )
  }
  if (/^0+$/.test(a)) {
    throw new MailshotError(
      `--changed ${text}: the first commit is all zeros, as CI says for a new branch: there is nothing to compare with; ` +
        `name the commit that the branch began at, --changed <commit>..${b || 'HEAD'}, or start campaigns by hand: mailshot send <slug>`,
    )
  }
  const to = commitOf(repository, text, b || 'HEAD')
  requireCheckedOut(repository, to, b)
  const from = commitOf(repository, text, a)
  return { from: dots === '...' ? forkOf(repository, text, { from, to }) : from, to }
}

function commitOf(repository: Repository, text: string, name: string): string {
  const found = repository.find(
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${name}^{commit}`,
  )
  if (found !== undefined) return found.trim()
  throw new MailshotError(
    `--changed ${text}: commit ${name} is not here; ${isShallow(repository) ? fetchAll : rewritten}`,
  )
}

function forkOf(repository: Repository, text: string, { from, to }: Range): string {
  const found = repository.find('merge-base', from, to)
  if (found !== undefined) return found.trim()
  const cure = isShallow(repository) ? fetchAll : 'write two dots to compare the commits themselves'
  throw new MailshotError(`--changed ${text}: the commits have no common ancestor here; ${cure}`)
}

const rewritten =
  'after a forced push the commit before it is gone; name one that is still there, ' +
  'or start campaigns by hand: mailshot send <slug>'

/** What is compiled is what lies in the folder, so that has to be what the commit holds. */
function requireCheckedOut({ find, run, folder }: Repository, to: string, name: string): void {
  if (find('rev-parse', '--verify', '--quiet', 'HEAD')?.trim() !== to) {
    throw new MailshotError(
      `--changed: ${name} is not what is checked out, and only that can be compiled; git checkout ${name} first`,
    )
  }
  const [first] = splitAtNul(run('status', '--porcelain', '-z', '--', pathspec(folder)))
  if (first === undefined) return
  throw new MailshotError(
    `--changed: ${first.slice(3)} differs from what is committed; commit it, or put it away (git stash)`,
  )
}

/** The folder and nothing else, whatever characters its name has. */
export function pathspec(folder: string): string {
  return folder === '' ? ':(top)' : `:(top,literal)${folder}`
}
