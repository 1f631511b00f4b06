import type { APIRoute } from 'astro'
import { handleRecipients } from '../../api/recipients.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request, params: { id = '' } }) =>
  handleRecipients(await siteMailshot(), request, id)
