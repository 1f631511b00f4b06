import type { Repository } from './git.ts'

/**
 * How the commit of a send stands to the one that is handled: `within` its history, `newer`, `diverged` from it,
 * `unknown` here, or `unfetched`: perhaps in a part of the history that was not fetched.
 */
export type Standing = 'within' | 'newer' | 'diverged' | 'unknown' | 'unfetched'

export function standingOf(repository: Repository, commit: string, to: string): Standing {
  if (isAncestor(repository, commit, to)) return 'within'
  const isKnown = repository.find('cat-file', '-e', `${commit}^{commit}`) !== undefined
  if (isKnown && isAncestor(repository, to, commit)) return 'newer'
  if (isShallow(repository)) return 'unfetched'
  return isKnown ? 'diverged' : 'unknown'
}

/** Whether a commit is in the history of another, or is that one; a commit that is not known here is in none. */
export function isAncestor({ find }: Repository, commit: string, of: string): boolean {
  return find('merge-base', '--is-ancestor', commit, of) !== undefined
}

export function isShallow(repository: Repository): boolean {
  return repository.find('rev-parse', '--is-shallow-repository')?.trim() === 'true'
}

export const fetchAll =
  'only a part of the history was fetched; fetch all of it: "fetch-depth: 0" for actions/checkout, ' +
  'GIT_DEPTH: 0 for GitLab, or git fetch --unshallow'

/** Where a branch has got to. */
export interface Tip {
  commit: string
  /** `origin/main` */
  branch: string
}

/**
 * Where the branch has got to that a commit was pushed to, if it has gone on since, or has left that commit; undefined
 * where nothing newer is known here. CI names the branch; elsewhere it is the main one of origin.
 */
export function newerTip(
  repository: Repository,
  commit: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Tip | undefined {
  const branch = env['GITHUB_REF_NAME'] || env['CI_COMMIT_BRANCH']
  const main = env['CI_DEFAULT_BRANCH']
  const refs = [
    ...(branch ? [`remotes/origin/${branch}`, `heads/${branch}`] : []),
    'remotes/origin/HEAD',
    ...(main ? [`remotes/origin/${main}`] : []),
  ]
  const found = refs.flatMap((ref) => tipOf(repository, ref) ?? [])
  // The first of them is the branch itself: what others say is not asked.
  const [tip] = found
  if (!tip || isAncestor(repository, tip.commit, commit)) return undefined
  const hasLeft = tip.branch === `origin/${branch}`
  return hasLeft || isAncestor(repository, commit, tip.commit) ? tip : undefined
}

function tipOf({ find }: Repository, ref: string): Tip | undefined {
  const commit = find('rev-parse', '--verify', '--quiet', `refs/${ref}^{commit}`)?.trim()
  return commit === undefined
    ? undefined
    : { commit, branch: ref.replace(/^(?:remotes|heads)\//, '') }
}
