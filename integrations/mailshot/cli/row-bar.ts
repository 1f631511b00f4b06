import { SingleBar } from 'cli-progress'
import { paintNote, type Terminal } from './terminal.ts'

/** A bar of how many rows of a file or a table are done; nothing where it cannot be drawn. */
export interface RowBar {
  /** A total that is not known grows with what is done. */
  update(done: number, total: number | undefined): void
  stop(): void
}

export function openRowBar(terminal: Terminal): RowBar {
  if (!terminal.live) return { update: () => {}, stop: () => {} }
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${paintNote('green', '{bar}')} {percentage}%  {value} of {total} rows  {eta_formatted} left`,
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 32,
    hideCursor: true,
    gracefulExit: false,
  })
  return {
    update(done, total) {
      if (bar.isActive) bar.update(done)
      else bar.start(total ?? done, done)
      if (total === undefined) bar.setTotal(done)
    },
    stop: () => bar.stop(),
  }
}
