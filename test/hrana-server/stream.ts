import Database from 'libsql'

/** One request of a pipeline, as far as this project's client makes them. */
export interface StreamRequest {
  type: string
  stmt?: Statement
  batch?: { steps: Step[] }
  sql?: string
  sql_id?: number
}

interface Statement {
  sql?: string
  sql_id?: number
  args?: HranaValue[]
}

interface Step {
  stmt: Statement
  condition?: Condition | null
}

type Condition =
  | { type: 'ok' | 'error'; step: number }
  | { type: 'not'; cond: Condition }
  | { type: 'and' | 'or'; conds: Condition[] }

type HranaValue =
  | { type: 'null' }
  | { type: 'integer' | 'text'; value: string }
  | { type: 'float'; value: number }
  | { type: 'blob'; base64: string }

export interface HranaStream {
  answer(request: StreamRequest): object
  /** Makes it ready for somebody else; `false` when it is in the middle of a transaction, and closed. */
  rest(): boolean
  close(): void
}

/** A connection of its own to the file, as a libSQL server gives each stream. */
export function openHranaStream(file: string): HranaStream {
  const database = new Database(file, { timeout: 5_000 })
  const stored = new Map<number, string>()

  const textOf = ({ sql, sql_id: id }: Pick<Statement, 'sql' | 'sql_id'>) =>
    sql ?? stored.get(id ?? -1) ?? ''
  const execute = (statement: Statement) => {
    const prepared = database.prepare(textOf(statement))
    const values = (statement.args ?? []).map(fromHrana)
    if (!prepared.reader) {
      const { changes, lastInsertRowid } = prepared.run(values)
      return {
        cols: [],
        rows: [],
        affected_row_count: changes,
        last_insert_rowid: String(lastInsertRowid),
      }
    }
    const cols = prepared.columns().map(({ name, type }) => ({ name, decltype: type }))
    const rows = prepared.raw(true).all(values)
    return { cols, rows: rows.map(toHranaRow), affected_row_count: 0, last_insert_rowid: null }
  }
  const batch = (steps: Step[]) => {
    const results: (object | null)[] = []
    const errors: (object | null)[] = []
    for (const { stmt, condition } of steps) {
      const done = { result: null as object | null, error: null as object | null }
      try {
        if (holds(condition ?? undefined, results, errors)) done.result = execute(stmt)
      } catch (error) {
        done.error = faultOf(error)
      }
      results.push(done.result)
      errors.push(done.error)
    }
    return { step_results: results, step_errors: errors }
  }
  const handle = (request: StreamRequest): object => {
    const { type } = request
    switch (type) {
      case 'execute':
        return { type, result: execute(request.stmt ?? {}) }
      case 'batch':
        return { type, result: batch(request.batch?.steps ?? []) }
      case 'store_sql':
        stored.set(request.sql_id ?? -1, request.sql ?? '')
        return { type }
      case 'close_sql':
        stored.delete(request.sql_id ?? -1)
        return { type }
      case 'close':
        return { type }
      default:
        throw new Error(`this server does not know ${type}`)
    }
  }
  return {
    answer: (request) => {
      try {
        return { type: 'ok', response: handle(request) }
      } catch (error) {
        return { type: 'error', error: faultOf(error) }
      }
    },
    rest: () => {
      stored.clear()
      if (!database.inTransaction) return true
      database.close()
      return false
    },
    close: () => database.close(),
  }
}

function holds(condition: Condition | undefined, results: unknown[], errors: unknown[]): boolean {
  switch (condition?.type) {
    case undefined:
      return true
    case 'ok':
      return results[condition.step] !== null
    case 'error':
      return errors[condition.step] !== null
    case 'not':
      return !holds(condition.cond, results, errors)
    case 'and':
      return condition.conds.every((one) => holds(one, results, errors))
    case 'or':
      return condition.conds.some((one) => holds(one, results, errors))
  }
}

function faultOf(error: unknown): object {
  if (!(error instanceof Error)) throw error
  return { message: error.message, code: 'code' in error ? error.code : 'UNKNOWN' }
}

function fromHrana(value: HranaValue): unknown {
  switch (value.type) {
    case 'null':
      return null
    case 'integer':
      return Number(value.value)
    case 'blob':
      return Buffer.from(value.base64, 'base64')
    case 'text':
    case 'float':
      return value.value
  }
}

function toHranaRow(row: unknown): HranaValue[] {
  return Array.isArray(row) ? row.map(toHrana) : []
}

function toHrana(value: unknown): HranaValue {
  if (value === null || value === undefined) return { type: 'null' }
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? { type: 'integer', value: String(value) }
      : { type: 'float', value }
  }
  if (value instanceof Uint8Array) {
    return { type: 'blob', base64: Buffer.from(value).toString('base64') }
  }
  if (typeof value === 'string') return { type: 'text', value }
  throw new Error(`no value of SQLite: ${typeof value}`)
}
