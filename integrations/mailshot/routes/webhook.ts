import type { APIRoute } from 'astro'
import { siteMailshot } from '../server.ts'
import { handleWebhook } from '../webhook.ts'

/** By these, providers look whether there is anybody: even before they or we know any key. */
export const GET: APIRoute = () => new Response(null)

export const POST: APIRoute = async ({ request, params: { path = '' } }) =>
  handleWebhook(await siteMailshot(), request, path)
