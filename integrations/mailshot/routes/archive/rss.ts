import type { APIRoute } from 'astro'
import { serveFeed } from '../../archive/feed.ts'
import { siteMailshot } from '../../server.ts'

export const GET: APIRoute = async ({ request }) => serveFeed(await siteMailshot(), request)
