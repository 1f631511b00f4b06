import { SingleBar } from 'cli-progress'
import { paintNote, type Terminal } from './terminal.ts'

/** A bar of how many rows of a file or a table are done; nothing where it cannot be drawn. */
export interface RowBar {
  /** Where no total is known, the rows that are done are counted alone. */
  update(done: number, total: number | undefined): void
  stop(): void
}

export function openRowBar(terminal: Terminal): RowBar {
  if (!terminal.live) return { update: () => {}, stop: () => {} }
  let bar: SingleBar | undefined
  return {
    update(done, total) {
      if (bar) bar.update(done)
      else {
        bar = newBar(total !== undefined)
        bar.start(total ?? done, done)
      }
    },
    stop: () => bar?.stop(),
  }
}

function newBar(hasTotal: boolean): SingleBar {
  const whole = `${paintNote('green', '{bar}')} {percentage}%  {value} of {total} rows  {eta_formatted} left`
  return new SingleBar({
    stream: process.stderr,
    format: hasTotal ? whole : '{value} rows',
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 32,
    hideCursor: true,
    gracefulExit: false,
  })
}
