import type { APIRoute } from 'astro'
import { handleSend } from '../../api/send.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request, params: { id = '' } }) =>
  handleSend(await siteMailshot(), request, id)
