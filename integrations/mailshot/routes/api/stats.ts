import type { APIRoute } from 'astro'
import { handleStats } from '../../api/stats.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request, params }) =>
  handleStats(await siteMailshot(), request, params['id'] ?? '')
