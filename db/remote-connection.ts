import { randomUUID } from 'node:crypto'
import type { Client, InStatement } from '@libsql/client'
import { type Connection, goneCode } from './connection.ts'
import { isSelect, type Statement } from './statement.ts'

/** A request that is not answered for so long is given up, and made again. */
const answerMs = 15_000
/** How long it is remembered that a write was applied: its first request may still be on its way. */
const rememberedMs = 3_600_000

/**
 * A database over the network. Where the answer to a write is lost, nobody knows whether it was applied. So each carries an id
 * that is stored with it, and made again it fails if it had been applied. Then its SELECTs alone are run once more.
 */
export async function openRemoteConnection(
  url: string,
  authToken: string | undefined,
): Promise<Connection> {
  const { createClient } = await import('@libsql/client')
  const client = createClient({ url, fetch: fetchWhole, ...(authToken && { authToken }) })
  const marks = openMarks(client)
  return {
    read: async (statement) => (await client.execute(given(statement))).rows,
    writer: (statements) => {
      const id = randomUUID()
      let isRepeated = false
      return async () => {
        const isFirst = !isRepeated
        isRepeated = true
        await marks.prepare()
        try {
          return await marks.write(id, statements, isFirst)
        } catch (error) {
          if (isFirst || !wasApplied(error)) throw error
          return answersOf(client, statements)
        }
      }
    },
    close: async () => client.close(),
  }
}

/** The ids of writes, in a table that only remote databases have. */
function openMarks(client: Client) {
  let isReady = false
  let answered: string[] = []
  const makeTable =
    'CREATE TABLE IF NOT EXISTS applied (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID'
  return {
    prepare: async () => {
      if (!isReady) await client.batch([makeTable], 'write')
      isReady = true
    },
    write: async (id: string, statements: readonly Statement[], isFirst: boolean) => {
      const forgotten = answered
      const results = await client.batch(
        [
          { sql: 'INSERT INTO applied (id, at) VALUES (?, unixepoch() * 1000)', args: [id] },
          {
            // There are no more than those of the last hour that were made again, so all may be looked at.
            sql: `DELETE FROM applied WHERE id IN (SELECT value FROM json_each(?))
              OR at < unixepoch() * 1000 - ${rememberedMs}`,
            args: [JSON.stringify(forgotten)],
          },
          ...statements.map(given),
        ],
        'write',
      )
      answered = answered.filter((one) => !forgotten.includes(one))
      // One that was made twice may still be under way for the first time.
      if (isFirst) answered.push(id)
      return results.slice(2).map(({ rows }) => rows)
    },
  }
}

function wasApplied(error: unknown): boolean {
  return error instanceof Error && /UNIQUE constraint failed: applied\.id/.test(error.message)
}

async function answersOf(client: Client, statements: readonly Statement[]): Promise<unknown[][]> {
  if (statements.some(({ text }) => text.includes('RETURNING'))) {
    throw new Error(
      'the database has done it, but its answer was lost on the way; look, and try again',
    )
  }
  const selects = statements.filter(isSelect)
  const results = selects.length === 0 ? [] : await client.batch(selects.map(given), 'read')
  const rowsOf = new Map(selects.map((select, index) => [select, results[index]?.rows ?? []]))
  return statements.map((statement) => rowsOf.get(statement) ?? [])
}

function given({ text, values }: Statement): InStatement {
  return { sql: text, args: [...values] }
}

/** The whole answer, or an error that says that the database is gone. */
async function fetchWhole(request: Request): Promise<Response> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(answerMs) })
    const body = await response.arrayBuffer()
    // What a server or a proxy before it answers while it starts, or has too much to do.
    if (response.status === 429 || response.status >= 500) {
      throw new Error(`HTTP status ${response.status}`)
    }
    return new Response(body, { status: response.status, headers: response.headers })
  } catch (cause) {
    const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
    const reason = why instanceof Error ? why.message : String(why)
    const error = new Error(`the database does not answer (${reason})`, { cause: why })
    throw Object.assign(error, { code: goneCode })
  }
}
