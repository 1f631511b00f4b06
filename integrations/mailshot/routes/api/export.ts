import type { APIRoute } from 'astro'
import { handleExport } from '../../api/export.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request, params: { kind = '' } }) =>
  handleExport(await siteMailshot(), request, kind)
