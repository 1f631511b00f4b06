import type { APIRoute } from 'astro'
import { handleAudience } from '../../api/audience.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request }) => handleAudience(await siteMailshot(), request)
