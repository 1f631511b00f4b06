import type { APIRoute } from 'astro'
import { serveMedia } from '../media.ts'
import { siteMailshot } from '../server.ts'

export const GET: APIRoute = async ({ request }) => serveMedia(await siteMailshot(), request)
