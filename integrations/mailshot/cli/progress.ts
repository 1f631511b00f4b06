import { type GenericBar, MultiBar } from 'cli-progress'
import type { Mailshot } from '../mailshot.ts'
import type { ShownSend } from '../send/json.ts'
import { formatDuration, wrap } from './format.ts'
import { paintNote, printable, type Terminal } from './terminal.ts'
import type { SendDesk } from './send-desk.ts'
import { waitBriefly } from './signals.ts'
import { localDesk } from './send-desk/local.ts'
import { settled } from './send-view.ts'

/**
 * Shows how far sends are until told to stop: a bar each on a terminal, else a line when a tenth more is done. Why one stands
 * still has a line of its own, also when quiet.
 */
export interface Progress {
  update(sends: readonly ShownSend[], now: number): void
  stop(): void
}

/**
 * Reads the sends again and again, and shows those that were open at some time meanwhile, until the signal aborts. Counters
 * stand on the send, so this costs the same for any size. Answers the sends as they were at the end.
 */
export async function followSends(
  desk: Pick<SendDesk, 'list' | 'now' | 'sleep' | 'lookEveryMs'>,
  terminal: Terminal,
  options: { id?: string; signal: AbortSignal; until?: (sends: readonly ShownSend[]) => boolean },
): Promise<ShownSend[]> {
  const progress = startProgress(terminal)
  const followed = new Set<string>(options.id === undefined ? [] : [options.id])
  try {
    for (;;) {
      const last = options.signal.aborted
      const sends = await desk.list()
      const due = sends.filter((send) => isOpen(send) && send.scheduledAt <= desk.now())
      if (options.id === undefined) for (const { id } of due) followed.add(id)
      const shown = sends.filter(({ id }) => followed.has(id))
      progress.update(shown, desk.now())
      if (last || options.until?.(shown)) return shown
      await desk.sleep(desk.lookEveryMs ?? (terminal.live ? 200 : 1000), options.signal)
    }
  } finally {
    progress.stop()
  }
}

/**
 * Shows the progress of open sends while the work goes on. Both have ended when this does, however they end: what follows
 * may close the database. Only where it hangs, the work's failure is passed on without the last look at the sends.
 */
export async function followDuring<Result>(
  mailshot: Mailshot,
  terminal: Terminal,
  work: () => Promise<Result>,
): Promise<{ result: Result; sends: ShownSend[] }> {
  const ended = new AbortController()
  const followed = followSends(localDesk(mailshot), terminal, { signal: ended.signal })
  // It may fail before the work has ended.
  followed.catch(() => {})
  try {
    const result = await work().finally(() => ended.abort())
    return { result, sends: await followed }
  } catch (error) {
    await waitBriefly(followed)
    throw error
  }
}

/** Whether something may still come of it without anybody's doing. */
export function isOpen(send: ShownSend): boolean {
  return send.status === 'running' || send.status === 'preparing' || send.status === 'scheduled'
}

function startProgress(terminal: Terminal): Progress {
  if (terminal.live) return startBars()
  const told = new Map<string, string>()
  const newReason = openReasons()
  return {
    update(sends) {
      for (const send of sends) {
        const reason = newReason(send)
        if (reason !== undefined) terminal.warn(reason)
        const tenth = Math.floor((settled(send) / Math.max(1, send.total)) * 10)
        const step = `${tenth} ${send.status}`
        if (told.get(send.id) === step || send.status === 'preparing') continue
        told.set(send.id, step)
        terminal.note(`${send.slug}: ${settled(send)} of ${send.total} (${send.status})`)
      }
    },
    stop: () => {},
  }
}

/** Answers why a send stands still, once each time that the reason is another one. */
function openReasons(): (send: ShownSend) => string | undefined {
  const told = new Map<string, string | null>()
  return ({ id, slug, status, reason }) => {
    if (told.get(id) === reason) return undefined
    told.set(id, reason)
    return reason === null ? undefined : `${slug} is ${status}: ${printable(reason)}`
  }
}

function startBars(): Progress {
  let multi: MultiBar | undefined
  const bars = new Map<string, GenericBar>()
  const rates = new Map<string, RateMeter>()
  const newReason = openReasons()
  return {
    update(sends, now) {
      for (const send of sends) {
        const meter = rates.get(send.id) ?? rateMeter()
        rates.set(send.id, meter)
        const rate = send.status === 'running' ? meter.add(now, settled(send)) : 0
        const line = describe(send, rate)
        const shown = bars.get(send.id)
        multi ??= openScreen()
        if (shown) shown.update(settled(send), { line })
        else bars.set(send.id, multi.create(Math.max(1, send.total), settled(send), { line }))
        for (const part of wrap(newReason(send) ?? '', screenWidth() - 1)) above(multi, part)
      }
      multi?.update()
    },
    stop: () => multi?.stop(),
  }
}

/** A line above the bars, where it stays; the bar that stood there is drawn again below. */
function above(multi: MultiBar, text: string): void {
  const clearRight = '\u001b[K'
  if (text !== '') multi.log(`${paintNote('yellow', text)}${clearRight}\n`)
}

function screenWidth(): number {
  const { columns } = process.stderr
  // Some terminals do not know their size, and say 0.
  return columns > 0 ? columns : 80
}

function openScreen(): MultiBar {
  return new MultiBar({
    stream: process.stderr,
    format: lineOf,
    hideCursor: true,
    linewrap: false,
    fps: 10,
    // A line that was put above has moved the bars.
    forceRedraw: true,
    // Ctrl-C is the command's to handle: what is in hand is finished first.
    gracefulExit: false,
  })
}

function lineOf(_options: unknown, _params: unknown, { line }: { line?: string }): string {
  return line ?? ''
}

/** `2026-06-launch ━━━━━━───── 63%  189 of 300  20/s  6 s left  2 failed`. */
function describe(send: ShownSend, perSecond: number): string {
  const done = settled(send)
  const share = send.total === 0 ? 0 : done / send.total
  const left = perSecond > 0 ? `${formatDuration((send.remaining / perSecond) * 1000)} left` : ''
  const parts = [
    `${bar(share)} ${`${Math.floor(share * 100)}`.padStart(3)}%`,
    `${done} of ${send.total}`,
    send.status === 'running' ? `${formatRate(perSecond)}${left && `  ${left}`}` : state(send),
    send.failed > 0 ? paintNote('red', `${send.failed} failed`) : '',
    send.uncertain > 0 ? paintNote('yellow', `${send.uncertain} uncertain`) : '',
    send.skipped > 0 ? `${send.skipped} skipped` : '',
  ]
  return `${paintNote('bold', send.slug)} ${parts.filter(Boolean).join('  ')}`
}

function bar(share: number): string {
  const width = Math.max(10, Math.min(32, screenWidth() - 60))
  const full = Math.round(share * width)
  return paintNote('green', '━'.repeat(full)) + paintNote('dim', '─'.repeat(width - full))
}

function state(send: ShownSend): string {
  return paintNote(send.status === 'done' ? 'green' : 'yellow', send.status)
}

function formatRate(perSecond: number): string {
  if (perSecond >= 10) return `${Math.round(perSecond)}/s`
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`
  return `${Math.round(perSecond * 60)}/min`
}

interface RateMeter {
  /** Takes a reading, and answers the rate a second over the last ten seconds. */
  add(now: number, done: number): number
}

function rateMeter(): RateMeter {
  const readings: { now: number; done: number }[] = []
  return {
    add(now, done) {
      readings.push({ now, done })
      while (readings.length > 2 && now - (readings[1]?.now ?? now) >= 10_000) readings.shift()
      const [first] = readings
      if (!first || now <= first.now) return 0
      return ((done - first.done) * 1000) / (now - first.now)
    },
  }
}
