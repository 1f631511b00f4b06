import { MailshotError } from '../error.ts'
import type { ShownSend } from '../send/json.ts'
import {
  type ChangedCampaign,
  changedCampaigns,
  changedSince,
  sendTimeAt,
} from './changed/files.ts'
import { openRepository, type Repository } from './changed/git.ts'
import { isAncestor, newerTip, standingOf, type Tip } from './changed/history.ts'
import { type Range, readRange } from './changed/range.ts'
import { reportResult, type Result } from './changed/result.ts'
import { foreseenStart, startChanged } from './changed/start.ts'
import { type OtherStep, type Situation, stepFor } from './changed/step.ts'
import { deletedStep, manualStep } from './changed/withdrawal.ts'
import { type ExitCode, exitCodes } from './command.ts'
import { compileChecked } from './compiled.ts'
import { type SendDesk, warnIfHeld } from './send-desk.ts'
import type { Terminal } from './terminal.ts'

/**
 * Does what a range of commits asks for: starts or plans its campaigns, replaces or cancels planned sends. One that fails
 * does not keep the others back. Repeating it changes nothing.
 */
export async function sendChanged(
  desk: SendDesk,
  terminal: Terminal,
  { range: text, dryRun }: { range: string; dryRun: boolean },
): Promise<ExitCode> {
  const { config } = desk
  const repository = openRepository(config.campaigns)
  const range = readRange(repository, text)
  const changed = await changedCampaigns(config, repository, range)
  // A campaign under a new name may start once its planned send under the old one is cancelled.
  const newer = await newerVersions(desk, repository, range)
  const inOrder = changed.toSorted((a, b) => Number(a.isThere) - Number(b.isThere))
  let hasFailed = false
  for (const campaign of inOrder) {
    const { slug } = campaign
    const run = { desk, terminal, repository, range, campaign, newer: newer(slug), dryRun }
    const result = await handle(run)
    reportResult(config, terminal, { ...result, dryRun, held: desk.held() })
    hasFailed ||= result.action === 'failed'
  }
  if (changed.length === 0) terminal.note(`No campaign was changed in ${text}: nothing to do.`)
  warnIfHeld(desk, terminal)
  return hasFailed ? exitCodes.wrongRequest : exitCodes.done
}

interface Run {
  desk: SendDesk
  terminal: Terminal
  repository: Repository
  range: Range
  campaign: ChangedCampaign
  newer: Tip | undefined
  dryRun: boolean
}

/** Where the branch has got to, by the campaigns that have changed on it since. */
async function newerVersions(
  { config }: SendDesk,
  repository: Repository,
  { to }: Range,
): Promise<(slug: string) => Tip | undefined> {
  const tip = newerTip(repository, to)
  if (!tip) return () => undefined
  const slugs = await changedSince(config, repository, { from: to, to: tip.commit })
  return (slug) => (slugs.has(slug) ? tip : undefined)
}

async function handle(run: Run): Promise<Result> {
  const { slug } = run.campaign
  const situation = await situationOf(run)
  const result = await unlessRefused(slug, () => proceed(run, situation))
  const [latest] = situation.sends
  const isKept = result.action === 'failed' && !result.send && latest && isPlanned(latest)
  if (!isKept) return result
  const reason = `${result.reason}; its planned send keeps the content and the date it had`
  return { ...result, reason, send: latest }
}

async function situationOf(run: Run): Promise<Situation> {
  const { desk, repository, range, campaign, newer } = run
  const { slug, sendBefore } = campaign
  return {
    sends: (await desk.list(slug)).filter(({ onlyTo }) => onlyTo === null),
    sendBefore,
    now: desk.now(),
    lateAfterMs: desk.config.lateAfterHours * 3_600_000,
    isEarlier: ({ gitCommit: commit }) =>
      commit === null || isAncestor(repository, commit, range.from),
    standing: ({ gitCommit: commit }) =>
      commit === null ? 'within' : standingOf(repository, commit, range.to),
    sendTimeIn: ({ gitCommit: commit }) =>
      commit === null ? undefined : sendTimeAt(desk.config, repository, { slug, commit }),
    newer,
  }
}

function isPlanned({ status, startedAt }: ShownSend): boolean {
  return status === 'scheduled' || (status === 'paused' && startedAt === null)
}

/** A campaign that is refused does not keep the next one back; a token that is refused does. */
async function unlessRefused(slug: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MailshotError)) throw error
    if (error.code === 'unauthorized' || error.code === 'forbidden') throw error
    return { slug, action: 'failed', reason: error.message }
  }
}

async function proceed(run: Run, situation: Situation): Promise<Result> {
  const { desk, terminal, range, campaign, dryRun } = run
  if (!campaign.isThere) return carryOut(run, deletedStep(situation))
  const { compiled, media } = await compileChecked(desk.config, campaign.slug, terminal)
  if (compiled.send === 'manual') return carryOut(run, manualStep(situation))
  const step = stepFor(compiled, situation)
  if (step.do !== 'start') return carryOut(run, step)
  const { replaces, note } = step
  const { isEarlier } = situation
  const start = { compiled, media, commit: range.to, replaces, note, isEarlier }
  return dryRun ? foreseenStart(desk, start) : startChanged(desk, start)
}

async function carryOut({ desk, campaign, dryRun }: Run, step: OtherStep): Promise<Result> {
  const { slug } = campaign
  const { reason, send } = step
  const about = { slug, reason, ...(send && { send }) }
  switch (step.do) {
    case 'cancel':
      if (dryRun) return { ...about, action: 'cancelled' }
      return { ...about, action: 'cancelled', send: await desk.cancel(step.send.id, reason) }
    case 'nothing':
      return { ...about, action: step.action }
    case 'fail':
      return { ...about, action: 'failed' }
  }
}
