import type { APIRoute } from 'astro'
import { readHealth } from '../health.ts'
import { senderState, siteMailshot } from '../server.ts'

export const GET: APIRoute = async () => {
  const health = await readHealth(siteMailshot, senderState)
  return Response.json(health, { status: health.status === 'ok' ? 200 : 503 })
}
