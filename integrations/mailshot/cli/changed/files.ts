import { posix } from 'node:path'
import { inspectCampaign, type SendTime } from '../../campaign.ts'
import { slugOfSource } from '../../campaign/files.ts'
import { readFrontMatter } from '../../campaign/front-matter.ts'
import { readSettings } from '../../campaign/settings.ts'
import type { MailshotConfig } from '../../config.ts'
import { type Repository, splitAtNul } from './git.ts'
import { pathspec, type Range } from './range.ts'

/** A campaign of which a file of its own was added, changed or deleted: its source, what lies in its folder, its images. */
export interface ChangedCampaign {
  slug: string
  /** Whether there is still a source of it. */
  isThere: boolean
  /** When it was to be sent before, as its file said then; undefined when there was none. */
  sendBefore: SendTime | undefined
}

/** The campaigns that the commits touch, up to the one that is checked out, sorted by slug. Layouts are nobody's own. */
export async function changedCampaigns(
  config: MailshotConfig,
  repository: Repository,
  { from, to }: Range,
): Promise<ChangedCampaign[]> {
  const [before, now] = [sourcesAt(repository, from), sourcesAt(repository, to)]
  const paths = changedPaths(repository, { from, to })
  const slugs = await touchedBy(config, paths, { commits: [before, now], checkedOut: now })
  return [...slugs].toSorted().map((slug) => ({
    slug,
    isThere: now.has(slug),
    sendBefore: sendTimeOf(config, repository, from, before.get(slug)),
  }))
}

/** The slugs of the campaigns that have changed since the commit that is checked out. */
export async function changedSince(
  config: MailshotConfig,
  repository: Repository,
  { from, to }: Range,
): Promise<Set<string>> {
  const [now, later] = [sourcesAt(repository, from), sourcesAt(repository, to)]
  const paths = changedPaths(repository, { from, to })
  return touchedBy(config, paths, { commits: [now, later], checkedOut: now })
}

/** When a campaign was to be sent, as its file said in a commit; undefined when there was none. */
export function sendTimeAt(
  config: MailshotConfig,
  repository: Repository,
  { slug, commit }: { slug: string; commit: string },
): SendTime | undefined {
  return sendTimeOf(config, repository, commit, sourcesAt(repository, commit).get(slug))
}

async function touchedBy(
  config: MailshotConfig,
  paths: readonly string[],
  { commits, checkedOut }: { commits: readonly Sources[]; checkedOut: Sources },
): Promise<Set<string>> {
  const owners = paths.flatMap((path) => ownerOf(path, commits) ?? [])
  return new Set([...owners, ...(await showing(config, paths, checkedOut))])
}

/** Sources by slug, as paths below the folder of campaigns. */
type Sources = Map<string, string[]>

function sourcesAt(repository: Repository, commit: string): Sources {
  const sources: Sources = new Map()
  const { folder } = repository
  const args = ['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit]
  for (const path of splitAtNul(
    repository.run(...args, ...(folder === '' ? [] : [`${folder}/`])),
  )) {
    const own = below(folder, path)
    const slug = slugOfSource(own)
    if (slug !== undefined) sources.set(slug, [...(sources.get(slug) ?? []), own])
  }
  return sources
}

function changedPaths({ run, folder }: Repository, { from, to }: Range): string[] {
  const options = ['--name-only', '-z', '--no-renames', '--no-relative', '--no-ext-diff']
  const output = run('diff', ...options, from, to, '--', pathspec(folder))
  return splitAtNul(output).map((path) => below(folder, path))
}

function below(folder: string, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1)
}

/** The campaign that a file belongs to by its name or its folder, in either commit. */
function ownerOf(path: string, commits: readonly Sources[]): string | undefined {
  const [first = '', ...inside] = path.split('/')
  const slug = inside.length > 0 ? first : (slugOfSource(path) ?? first.replace(/\.txt$/, ''))
  return commits.some((sources) => sources.has(slug)) ? slug : undefined
}

/** The campaigns of one file that show an image which has changed: it may lie anywhere below them. */
async function showing(
  config: MailshotConfig,
  paths: readonly string[],
  now: Sources,
): Promise<string[]> {
  const images = new Set(paths.filter((path) => !/\.(?:md|mjml|txt)$/.test(path)))
  if (images.size === 0) return []
  const single = [...now].filter(([, sources]) => sources.some((path) => !path.includes('/')))
  const found = await Promise.all(
    single.map(async ([slug]) => {
      const { campaign } = await inspectCampaign(config, slug)
      const shown = Object.values(campaign?.variants ?? {}).flatMap((one) =>
        Object.keys(one.images),
      )
      return shown.some((reference) => images.has(pathOf(reference))) ? [slug] : []
    }),
  )
  return found.flat()
}

/** Only references that name a file were read, so each can be decoded. */
function pathOf(reference: string): string {
  return posix.normalize(decodeURIComponent(reference))
}

function sendTimeOf(
  config: MailshotConfig,
  { run, folder }: Repository,
  commit: string,
  sources: readonly string[] | undefined,
): SendTime | undefined {
  if (!sources) return undefined
  const stated = sources.map((path) => {
    const text = run('cat-file', 'blob', `${commit}:${posix.join(folder, path)}`)
    return readSettings(config, readFrontMatter(path, text)).settings.send
  })
  return stated.find((send) => send !== undefined) ?? 'manual'
}
