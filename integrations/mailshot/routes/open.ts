import type { APIRoute } from 'astro'
import { peerOf } from '../client-address.ts'
import { siteMailshot } from '../server.ts'
import { openPixel } from '../tracking.ts'

export const GET: APIRoute = async (context) => {
  const { request, params } = context
  return openPixel(await siteMailshot(), {
    request,
    token: params['token'] ?? '',
    peer: peerOf(context),
  })
}
