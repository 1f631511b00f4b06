import type { APIRoute } from 'astro'
import { handleEvents } from '../../api/events.ts'
import { siteMailshot } from '../../server.ts'

export const ALL: APIRoute = async ({ request }) => handleEvents(await siteMailshot(), request)
