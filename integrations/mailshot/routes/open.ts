import type { APIRoute } from 'astro'
import { siteMailshot } from '../server.ts'
import { openPixel } from '../tracking.ts'
import { peerOf } from '../tracking/peer.ts'

export const GET: APIRoute = async (context) => {
  const { request, params } = context
  return openPixel(await siteMailshot(), {
    request,
    token: params['token'] ?? '',
    peer: peerOf(context),
  })
}
