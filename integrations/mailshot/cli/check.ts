import { withAstroLayouts } from '../astro-layouts.ts'
import type { Problem } from '../campaign.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { slugOf } from './arguments.ts'
import { countReaders, type ReaderCounts } from './check-readers.ts'
import { defineCommand, type ExitCode, exitCodes } from './command.ts'
import { loadCompiler, requireCampaigns } from './compiled.ts'
import { count } from './format.ts'
import { letterNamed } from './letter-named.ts'
import { describeProblem } from './problems.ts'
import { readProject } from './project.ts'
import { serverOption } from './send-desk.ts'
import { whom } from './send/describe.ts'
import { paint } from './terminal.ts'

export const check = defineCommand({
  usage: ['check [<slug>|letters/<kind>…]'],
  takes: Infinity,
  about:
    'Finds the mistakes in campaigns before anybody gets them: unknown fields, lists and layouts, missing subjects,\n' +
    'images and unsubscribe links, placeholders left over, mails that are too large. Each is told as file:line, with the\n' +
    'reason and the cure. Without a slug: all campaigns, and the letters of campaigns/letters/. It needs no database.\n\n' +
    'Where there is one, or with --server, it counts the readers of campaigns that have a segment or exclude somebody, and\n' +
    'warns of one that nobody would get; of all campaigns, it also counts those of each segment of the settings.',
  options: serverOption,
  examples: [
    ['mailshot check', 'all campaigns, for instance on each pull request'],
    ['mailshot check --server https://example.org', 'and count their readers there'],
    ['mailshot check campaigns/2026-06-launch.md', 'one of them, by its file or its slug'],
  ],
  exit: { [exitCodes.wrongRequest]: 'there are errors; warnings alone leave it 0' },
  async run({ values, positionals, terminal }) {
    // Reading the project goes to its root.
    const named = positionals.map((name) => ({ name, slug: slugOf(name) }))
    const config = await readProject(values)
    const slugs = [...new Set(named.map(({ name, slug }) => letterSlug(config, name) ?? slug))]
    const campaigns = slugs.filter((slug) => !slug.startsWith('letters/'))
    if (campaigns.length > 0) await requireCampaigns(config, campaigns)
    const { checkCampaigns } = await loadCompiler()
    const results = await withAstroLayouts((renderLayout) =>
      checkCampaigns(config, slugs.length > 0 ? slugs : undefined, { renderLayout }),
    )
    requireFiles(slugs, results)
    const asked = { results, segments: slugs.length === 0 }
    const counts = await countReaders(config, { values, terminal }, asked)
    const problems = results.flatMap((result) => result.problems)
    const errors = problems.filter(({ severity }) => severity === 'error').length
    const warnings = problems.length - errors
    if (terminal.json) terminal.printJson({ errors, warnings, ...withCounts(results, counts) })
    else {
      for (const problem of problems) terminal.print(describeProblem(problem))
      for (const [slug, people] of counts.campaigns) terminal.print(`${slug}: ${whom(people)}`)
      for (const [name, people] of counts.segments) {
        terminal.print(`segment ${name}: ${whom(people)}`)
      }
      terminal.print(summary(results, errors, warnings))
    }
    return exitCodeOf(errors)
  },
})

function requireFiles(slugs: readonly string[], results: readonly { slug: string }[]): void {
  const missing = slugs.find((slug) => !results.some((result) => result.slug === slug))
  if (missing === undefined) return
  throw new MailshotError(
    `${missing}: there is no file of yours, so our words are mailed; mailshot preview ${missing} shows them`,
  )
}

function letterSlug(config: MailshotConfig, name: string): string | undefined {
  const kind = letterNamed(config, name)
  return kind && `letters/${kind}`
}

function withCounts(
  results: readonly { slug: string; problems: Problem[] }[],
  { campaigns, segments }: ReaderCounts,
) {
  return {
    campaigns: results.map((result) => ({ ...result, ...campaigns.get(result.slug) })),
    ...(segments.size > 0 && { segments: Object.fromEntries(segments) }),
  }
}

function summary(results: { slug: string }[], errors: number, warnings: number): string {
  const letters = results.filter(({ slug }) => slug.startsWith('letters/')).length
  const campaigns = count(results.length - letters, 'campaign')
  const checked = `${campaigns}${letters > 0 ? ` and ${count(letters, 'letter')}` : ''} checked: `
  if (errors + warnings === 0) return `${checked}${paint('green', 'all is well')}`
  return `${checked}${count(errors, 'error')}, ${count(warnings, 'warning')}`
}

function exitCodeOf(errors: number): ExitCode {
  return errors > 0 ? exitCodes.wrongRequest : exitCodes.done
}
