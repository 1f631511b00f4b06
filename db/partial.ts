import { readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { isRunning } from './running.ts'

const host = hostname().replaceAll(/[^\w.]/g, '_')
const left = new RegExp(
  String.raw`\.partial-${host.replaceAll('.', String.raw`\.`)}-(\d+)(?:-\w+)?$`,
)

/** Where this process makes a file that takes its name in one step, so in its folder. */
export function partialOf(file: string): string {
  return `${file}.partial-${host}-${process.pid}`
}

/** Removes the unfinished file of this process, with what SQLite keeps beside it. */
export async function removePartial(partial: string): Promise<void> {
  for (const rest of ['', '-wal', '-shm', '-journal']) await rm(partial + rest, { force: true })
}

/** Removes what processes of this machine have left in the folder of a file when they were killed. */
export async function sweepPartials(file: string): Promise<void> {
  const folder = dirname(file)
  for (const name of await readdir(folder)) {
    const pid = left.exec(name)?.[1]
    if (pid === undefined || isRunning(Number(pid))) continue
    await rm(join(folder, name), { force: true, recursive: true })
  }
}
