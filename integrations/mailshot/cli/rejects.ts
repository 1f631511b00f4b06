import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { MailshotError } from '../error.ts'
import type { ImportFault, ImportSource } from '../import.ts'
import { jsonRejects } from '../sources/jsonl.ts'

/** Where rows go that could not be imported. */
export interface Rejects {
  readonly path: string
  add(fault: ImportFault): void
  /** Puts the file in its place, if anything is in it; answers how many rows. */
  close(): number
}

const mostKept = 64 * 1024

/**
 * Writes rejected rows as they stand in the source, each with its line and cause, so that the file can be corrected and imported
 * again. It holds people's data, and only its owner may read it; it is there once the import has ended.
 *
 * @param path as it was given, found where the command was called
 * @throws MailshotError where it cannot be written, or is the file that is imported
 */
export function openRejects(path: string, input: string | undefined): Rejects & { of: Of } {
  if (input !== undefined && resolve(input) === path) {
    throw new MailshotError(`--rejects ${path}: this is the file that is imported; name another`)
  }
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}`)
  let file: number | undefined
  let kept = ''
  let rows = 0
  let format = jsonRejects
  const flush = () => {
    file ??= create(beside, path)
    writeSync(file, kept)
    kept = ''
  }
  return {
    path,
    of: (source) => (format = source.rejects ?? jsonRejects),
    add(fault) {
      if (rows === 0) kept = format.heading()
      rows += 1
      kept += format.line(fault)
      if (kept.length > mostKept) flush()
    },
    close() {
      if (rows === 0) return 0
      flush()
      if (file !== undefined) {
        fsyncSync(file)
        closeSync(file)
      }
      renameSync(beside, path)
      return rows
    },
  }
}

/** Told of the source once that is open. */
type Of = (source: ImportSource) => void

function create(beside: string, path: string): number {
  try {
    return openSync(beside, 'w', 0o600)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MailshotError(
      `--rejects ${path}: cannot be written (${why}); check that its folder is there and may be written`,
      { cause },
    )
  }
}
