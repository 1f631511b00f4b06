import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { splitMbox } from '../../bounce/mbox.ts'
import { MailshotError } from '../../error.ts'

/** Reads the mails in a file, or in the standard input where it is `-`. */
export async function readMails(file: string): Promise<Buffer[]> {
  return splitMbox(file === '-' ? await buffer(process.stdin) : await readOrExplain(file))
}

async function readOrExplain(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT') throw new MailshotError(`${file}: there is no such file`, { cause })
    if (code !== 'EISDIR') throw cause
    throw new MailshotError(`${file}: that is a folder; name the files in it: ${file}/*`, { cause })
  }
}
