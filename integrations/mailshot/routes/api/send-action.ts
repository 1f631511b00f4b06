import type { APIRoute } from 'astro'
import { handleSendAction } from '../../api/send-action.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request, params: { id = '', action = '' } }) =>
  handleSendAction(await siteMailshot(), request, { id, action })
