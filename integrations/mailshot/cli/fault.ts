import { MailshotError } from '../error.ts'
import { type ExitCode, exitCodes } from './command.ts'
import { said } from './server/said.ts'
import { SiteFault } from './server/site-fault.ts'

/** What to tell somebody of an error, and how the process ends. */
export interface Fault {
  message: string
  exit: ExitCode
}

/**
 * Explains an error that the world around has caused: the request, a file, the disk, the network, the database.
 * `undefined` for any other: it is a mistake in the code, and its stack is wanted.
 */
export function explainFault(error: unknown): Fault | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof MailshotError) {
    return { message: error.message, exit: exitCodes.wrongRequest }
  }
  if (error instanceof SiteFault) return { message: error.message, exit: exitCodes.failed }
  return fileFault(error) ?? databaseFault(error) ?? networkFault(error)
}

const cures: Record<string, string> = {
  EACCES: 'name a place that this user may use, or change its rights',
  EPERM: 'name a place that this user may use, or change its rights',
  EROFS: 'name a place that can be written',
  ENOENT: 'check the name',
  ENOTDIR: 'a file stands where a folder is needed; name another place',
  EEXIST: 'a file stands where a folder is needed; name another place',
  EISDIR: 'that is a folder; name a file',
}

function fileFault(error: Error): Fault | undefined {
  const { code, path } = detailsOf(error)
  const cure = cures[code]
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return { message: `${error.message}; make room on the disk`, exit: exitCodes.failed }
  }
  if (cure === undefined || path === '') return undefined
  return { message: `${path}: ${reasonOf(error)}; ${cure}`, exit: exitCodes.wrongRequest }
}

/** `EACCES: permission denied, mkdir '/srv/x'` → `permission denied`. */
function reasonOf({ message }: Error): string {
  return message.replace(/^E[A-Z]+: /, '').replace(/, \w+(?: '.*)?$/s, '')
}

/** By SQLite's result code, whose name stands in front of the extended ones. */
const databaseCures: Record<string, string> = {
  FULL: 'make room on its disk; nothing is lost, and what was begun goes on from there',
  READONLY:
    'this user may not write its file or its folder: change their rights, or run this as their owner',
  PERM: 'this user may not use its file: change its rights, or run this as its owner',
  CANTOPEN: 'check that its file and its folder are there, and that this user may write both',
  BUSY: 'another process has kept it locked for a minute; find that one (fuser shows who has the file open)',
  LOCKED:
    'another process has kept it locked for a minute; find that one (fuser shows who has the file open)',
  IOERR: 'its disk does not do what it is told; look at the log of the machine',
  CORRUPT: 'its file is damaged; keep it, and bring back the last backup',
  NOTADB: 'its file is something else; check MAILSHOT_DATABASE_URL',
  AUTH: 'check MAILSHOT_DATABASE_TOKEN',
}

function databaseFault(error: Error): Fault | undefined {
  const code = /^SQLITE_([A-Z]+)/.exec(detailsOf(error).code)?.[1]
  const cure = code && databaseCures[code]
  if (!cure) return undefined
  // The client puts the code in front, once or twice.
  const what = error.message.replace(/^(?:SQLITE_\w+: )+/, '')
  return { message: `the database: ${what}; ${cure}`, exit: exitCodes.failed }
}

/** `fetch` itself only says that it failed: the cause is inside. */
function networkFault(error: Error): Fault | undefined {
  const inner = error.cause instanceof Error ? error.cause : undefined
  const isFetch = error instanceof TypeError && error.message === 'fetch failed'
  const isSocket = /^(?:ECONN|EHOST|ENET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_|UND_ERR_)/.test(
    detailsOf(error).code,
  )
  if (!isFetch && !isSocket) return undefined
  const what = isFetch && inner ? inner.message : error.message
  const message = `the connection failed (${said(what)}); check the address, and that something answers there`
  return { message, exit: exitCodes.failed }
}

function detailsOf(error: Error): { code: string; path: string } {
  return {
    code: 'code' in error && typeof error.code === 'string' ? error.code : '',
    path: 'path' in error && typeof error.path === 'string' ? error.path : '',
  }
}
