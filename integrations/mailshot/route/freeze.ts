import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { hasRoutes, routeOf } from '../route.ts'
import type { Send } from '../send/read.ts'

/** A scalar SQL expression: the transport that a recipient is to go by, by the first of its `lists`; null where there is no choice. */
export async function frozenRoute({ config, db }: Mailshot, send: Send): Promise<SQL> {
  if (!hasRoutes(config)) return sql`NULL`
  const campaign = await db.get<{ transport: string | null; address: string | null }>(
    sql`SELECT compiled ->> 'transport' AS transport, compiled ->> '$.from.address' AS address
        FROM snapshots WHERE hash = ${send.snapshot}`,
  )
  const address = campaign?.address ?? null
  const said = {
    transport: campaign?.transport,
    from: address === null ? null : { name: '', address },
  }
  const routes = Object.fromEntries(send.lists.map((list) => [list, routeOf(config, said, list)]))
  const ofNoList = routeOf(config, said, '')
  return sql`coalesce(${JSON.stringify(routes)} ->> ('$."' || (lists ->> 0) || '"'), ${ofNoList})`
}
