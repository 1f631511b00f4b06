import type { APIRoute } from 'astro'
import { handlePurge } from '../../api/purge.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request }) => handlePurge(await siteMailshot(), request)
