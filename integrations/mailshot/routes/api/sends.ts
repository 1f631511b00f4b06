import type { APIRoute } from 'astro'
import { handleSends } from '../../api/sends.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request }) => handleSends(await siteMailshot(), request)
