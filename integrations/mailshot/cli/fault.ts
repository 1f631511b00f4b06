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

const operational = /^SQLITE_(?:FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN|PERM|AUTH|BUSY|LOCKED)/

function databaseFault(error: Error): Fault | undefined {
  const { code } = detailsOf(error)
  if (!operational.test(code)) return undefined
  const message = `the database: ${error.message}; check its disk, and which other processes use it`
  return { message, exit: exitCodes.failed }
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
