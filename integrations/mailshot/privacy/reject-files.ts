import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import { partialOf, removePartial } from '../../../db/partial.ts'
import { auditStatement } from '../audit.ts'
import { escapeRegExp } from '../escape-reg-exp.ts'
import type { Mailshot } from '../mailshot.ts'
import { day } from '../pace-limit.ts'

/** A file of rows that an import could not take, on this machine. */
interface RejectFile {
  path: string
  /** SHA-256 of what was written, in base64url: a file that somebody has changed since is theirs. */
  digest: string
}

/** Notes where an import has put the rows that it could not take, so that the file goes in time, and people with their erasure. */
export async function noteRejects(
  mailshot: Mailshot,
  path: string,
  { rows, actor }: { rows: number; actor: string },
): Promise<void> {
  const digest = await digestOf(path)
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor,
      action: 'write-rejects',
      subject: `file:${basename(path)}`,
      detail: { rows },
    }),
    sql`INSERT INTO reject_files (machine, path, digest, at) VALUES (${hostname()}, ${path}, ${digest}, ${mailshot.now()})
        ON CONFLICT (machine, path) DO UPDATE SET digest = excluded.digest, at = excluded.at`,
  )
}

/** Deletes those of this machine that are older than the settings keep them, unless somebody has worked on them since. */
export async function forgetRejects(mailshot: Mailshot, by: string): Promise<void> {
  const { keepRejectsDays: days } = mailshot.config.privacy
  if (days === false) return
  const before = mailshot.now() - days * day
  for (const { path, digest } of await readFiles(mailshot, before)) {
    const found = await digestOf(path).catch(() => undefined)
    if (found === digest) await rm(path, { force: true })
    await mailshot.db.write(
      auditStatement(mailshot, {
        actor: by,
        action: found === digest ? 'delete-rejects' : 'leave-rejects',
        subject: `file:${basename(path)}`,
        detail: {},
      }),
      sql`DELETE FROM reject_files WHERE machine = ${hostname()} AND path = ${path}`,
    )
  }
}

/**
 * Takes the rows with any of the addresses out of the files of this machine, whoever has worked on them. What cannot be read or
 * written is told in the log.
 */
export async function eraseFromRejects(
  mailshot: Mailshot,
  emails: readonly string[],
): Promise<void> {
  for (const file of await readFiles(mailshot, Infinity)) {
    try {
      await eraseFrom(mailshot, file, emails)
    } catch (error) {
      mailshot.log.warn(
        { err: error },
        'a file of rejected rows could not be looked through for somebody who is erased',
      )
    }
  }
}

async function readFiles({ db }: Mailshot, before: number): Promise<RejectFile[]> {
  const last = Number.isFinite(before) ? before : Number.MAX_SAFE_INTEGER
  return db.all<RejectFile>(
    sql`SELECT path, digest FROM reject_files WHERE machine = ${hostname()} AND at < ${last} ORDER BY path`,
  )
}

async function eraseFrom(
  mailshot: Mailshot,
  { path, digest }: RejectFile,
  emails: readonly string[],
): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return
  const partial = partialOf(path)
  const [before, after] = [createHash('sha256'), createHash('sha256')]
  const wanted = emails.map(wholeAddress)
  let isFound = false
  const target = await open(partial, 'wx', 0o600)
  try {
    for await (const row of rowsOf(path)) {
      before.update(row, 'latin1')
      if (wanted.some((address) => address.test(row))) isFound = true
      else {
        after.update(row, 'latin1')
        await target.appendFile(row, 'latin1')
      }
    }
    await target.sync()
  } finally {
    await target.close()
    if (!isFound) await removePartial(partial)
  }
  if (!isFound) return
  await rename(partial, path)
  if (before.digest('base64url') !== digest) return
  await mailshot.db.write(
    sql`UPDATE reject_files SET digest = ${after.digest('base64url')} WHERE machine = ${hostname()} AND path = ${path}`,
  )
}

/** An address that is no part of a longer one: ann@example.org does not stand in joann@example.org, but does behind `\n` or `%3C`. */
function wholeAddress(email: string): RegExp {
  return new RegExp(`(?:${behindEscape}|(?<![\\w.+-]))${escapeRegExp(email)}(?![\\w-]|\\.\\w)`, 'i')
}

/** As JSON and addresses of pages write characters. */
const behindEscape = String.raw`(?<=\\[bfnrt]|\\u[\da-f]{4}|%[\da-f]{2})`

/** A row of CSV has its line in the source before it, and may go on over several; one of JSON Lines is one. */
const beginsRow = /^(?:\d+[,;\t|]|\{|mailshot_line)/

async function* rowsOf(path: string): AsyncGenerator<string> {
  let row = ''
  for await (const line of linesOf(path)) {
    if (row !== '' && beginsRow.test(line)) {
      yield row
      row = ''
    }
    row += line
  }
  if (row !== '') yield row
}

/** With their ends, as octets: an address is ASCII. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, { encoding: 'latin1' })) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield `${line}\n`
  }
  if (rest !== '') yield rest
}

async function digestOf(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(path)) digest.update(chunk)
  return digest.digest('base64url')
}
