import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { LibsqlError } from '@libsql/client'
import { describe, expect, test } from 'vitest'
import { explainFault } from '../../integrations/mailshot/cli/fault.ts'
import { MailshotError } from '../../integrations/mailshot/error.ts'

describe('explainFault', () => {
  test('takes the text of a mistake of the person as it is', () => {
    expect(explainFault(new MailshotError('x: wrong; do y'))).toEqual({
      message: 'x: wrong; do y',
      exit: 1,
    })
  })

  test('names the file that cannot be used, the reason and the cure', () => {
    const below = `${fileURLToPath(import.meta.url)}/folder`

    expect(explainFault(thrownBy(() => mkdirSync(below)))).toEqual({
      message: `${below}: not a directory; a file stands where a folder is needed; name another place`,
      exit: 1,
    })
  })

  test('says where nothing answers', async () => {
    const port = await closedPort()

    const error = await fetch(`http://127.0.0.1:${port}/`).catch((cause: unknown) => cause)

    expect(explainFault(error)).toEqual({
      message: expect.stringContaining(`ECONNREFUSED 127.0.0.1:${port}`),
      exit: 2,
    })
  })

  test('keeps what a server has said in its line', () => {
    const cause = new Error('DNS:a\n::error::b')

    expect(explainFault(new TypeError('fetch failed', { cause }))?.message).toContain(
      '(DNS:a ::error::b)',
    )
  })

  test('tells a full disk from a wrong statement, which is a mistake in the code', () => {
    const full = new LibsqlError('SQLITE_FULL: database or disk is full', 'SQLITE_FULL')
    expect(explainFault(full)).toEqual({
      message:
        'the database: database or disk is full; ' +
        'make room on its disk; nothing is lost, and what was begun goes on from there',
      exit: 2,
    })
    expect(explainFault(new LibsqlError('no such column', 'SQLITE_ERROR'))).toBeUndefined()
    expect(explainFault(new TypeError('x is not a function'))).toBeUndefined()
  })
})

function thrownBy(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
